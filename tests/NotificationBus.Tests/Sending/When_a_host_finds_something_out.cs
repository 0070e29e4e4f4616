using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using NotificationBus.Embedded;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>What it notes meets the copies that it makes of what the store has.</summary>
public sealed class When_a_host_finds_something_out : IAsyncLifetime
{
    static readonly ChangedBy Ann = new("ann", "a wrong template");

    readonly FakeTimeProvider _clock = new(A.Time);
    readonly InMemoryControls _store;
    readonly LateCopies _copies;
    readonly ControlBoard _board;

    public When_a_host_finds_something_out()
    {
        _store = new InMemoryControls(_clock);
        _copies = new LateCopies(_store);
        _board = new ControlBoard(_copies, _clock, NullLogger<ControlBoard>.Instance);
    }

    [Fact]
    public async Task Should_know_it_still_when_a_copy_arrives_that_was_made_before()
    {
        _copies.ComeLate();
        await PauseTheChannel();
        await _copies.Made;

        var seen = new List<DateTimeOffset>();
        using (Note())
        {
            _board.Tell(controls => seen.Add(controls.HealthOf("smtp").PausedUntil));
            await _store.Pause("smtp", TimeSpan.FromHours(1), "too many", cut: null);
        }

        _copies.Arrive();
        await UntilTheChannelIsPaused();

        seen.ShouldAllBe(pausedUntil => pausedUntil == InAnHour);
    }

    [Fact]
    public async Task Should_know_it_still_while_the_store_is_being_told()
    {
        using var untold = Note();

        await PauseTheChannel();
        await UntilTheChannelIsPaused();

        _board.Current.HealthOf("smtp").PausedUntil.ShouldBe(InAnHour);
    }

    [Fact]
    public async Task Should_take_the_word_of_the_store_once_it_was_told()
    {
        Note().Dispose();

        await PauseTheChannel();
        await UntilTheChannelIsPaused();

        _board.Current.HealthOf("smtp").ShouldBe(ProviderHealth.Unknown);
    }

    [Fact]
    public async Task Should_keep_what_others_have_found_out_of_the_same_account()
    {
        using var untold = Note();

        await _store.Open("smtp", TimeSpan.FromMinutes(1), "it does not answer", needsAttention: false);
        await With_scripted_providers.Until(() => _board.Current.HealthOf("smtp").CircuitOpen);

        _board.Current.HealthOf("smtp").PausedUntil.ShouldBe(InAnHour);
    }

    public async ValueTask InitializeAsync()
    {
        await _board.StartAsync(CancellationToken.None);
        // The second copy is made in the background; the next one is the test's.
        await With_scripted_providers.Until(() => _copies.Count == 2);
    }

    public async ValueTask DisposeAsync()
    {
        await _board.StopAsync(CancellationToken.None);
        _board.Dispose();
    }

    DateTimeOffset InAnHour => _clock.GetUtcNow() + TimeSpan.FromHours(1);

    IDisposable Note() => _board.Note("smtp", known => known with { PausedUntil = InAnHour });

    async Task PauseTheChannel() =>
        await _store.ChangeChannel("email", _ => new ChannelControl { Paused = true }, Ann, CancellationToken.None);

    Task UntilTheChannelIsPaused() => With_scripted_providers.Until(() => _board.Current.Channel("email").Paused);

    /// <summary>A store whose next answer is long on the way, when the test says so.</summary>
    sealed class LateCopies(InMemoryControls store) : IControls
    {
        readonly TaskCompletionSource _made = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly TaskCompletionSource _arrives = new(TaskCreationOptions.RunContinuationsAsynchronously);
        volatile bool _late;
        int _count;

        public int Count => Volatile.Read(ref _count);

        public Task Made => _made.Task;

        public void ComeLate() => _late = true;

        public void Arrive() => _arrives.SetResult();

        public async Task<SendingControls> Load(CancellationToken cancellationToken)
        {
            var copy = await store.Load(cancellationToken);
            Interlocked.Increment(ref _count);
            if (_late)
            {
                _made.TrySetResult();
                await _arrives.Task.WaitAsync(cancellationToken);
            }

            return copy;
        }

        public Task WaitForChange(TimeSpan atMost, CancellationToken cancellationToken) => store.WaitForChange(atMost, cancellationToken);

        public Task<ProviderControl> ChangeProvider(
            string account,
            AccountOptions configured,
            Func<ProviderControl, ProviderControl> change,
            ChangedBy by,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task<ChannelControl> ChangeChannel(
            string channel,
            Func<ChannelControl, ChannelControl> change,
            ChangedBy by,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task Note(string subject, ChangedBy by, JsonElement what, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<ControlChange>> Changes(long? before, int limit, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
