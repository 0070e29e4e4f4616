using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using NotificationBus.Contracts;
using NotificationBus.Embedded;
using NotificationBus.Providers;
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
        var told = Note();
        _board.Tell(controls => seen.Add(controls.HealthOf("smtp").PausedUntil));
        await _store.Pause("smtp", TimeSpan.FromHours(1), "too many", cut: null);
        told();

        _copies.Arrive();
        await UntilTheChannelIsPaused();

        seen.ShouldAllBe(pausedUntil => pausedUntil == InAnHour);
    }

    [Fact]
    public async Task Should_know_it_still_while_the_store_is_being_told()
    {
        Note();

        await PauseTheChannel();
        await UntilTheChannelIsPaused();

        _board.Current.HealthOf("smtp").PausedUntil.ShouldBe(InAnHour);
    }

    [Fact]
    public async Task Should_take_the_word_of_the_store_once_it_was_told()
    {
        Note()();

        await PauseTheChannel();
        await UntilTheChannelIsPaused();

        _board.Current.HealthOf("smtp").ShouldBe(ProviderHealth.Unknown);
    }

    [Fact]
    public async Task Should_keep_what_others_have_found_out_of_the_same_account()
    {
        Note();

        await _store.Open("smtp", TimeSpan.FromMinutes(1), "it does not answer", needsAttention: false);
        await With_scripted_providers.Until(() => _board.Current.HealthOf("smtp").CircuitOpen);

        _board.Current.HealthOf("smtp").PausedUntil.ShouldBe(InAnHour);
    }

    /// <summary>
    /// A2: as when somebody has the account to himself for too long. The copies that are made meanwhile know nothing of it.
    /// </summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_keep_to_it_for_as_long_as_it_holds_when_the_store_could_not_be_told(bool isPause)
    {
        if (isPause)
            await new RateLimiter(
                "smtp",
                new AccountOptions(),
                new StoreThatIsAway(),
                _board,
                _clock,
                NullLogger<ProviderAccount>.Instance
            ).Consider(new ProviderResult.Throttled("too many", TimeSpan.FromMinutes(1)));
        else
            await new CircuitBreaker(
                "smtp",
                new CircuitOptions { OpenFor = TimeSpan.FromMinutes(1) },
                new StoreThatIsAway(),
                _board,
                _clock,
                NullLogger<ProviderAccount>.Instance
            ).Probe(() => Task.FromResult<ProviderResult>(new ProviderResult.Unavailable("it does not answer")));

        await PauseTheChannel();
        await UntilTheChannelIsPaused();
        var health = _board.Current.HealthOf("smtp");
        (isPause ? health.RemainingPause(_clock.GetUtcNow()) : health.RemainingBreak(_clock.GetUtcNow())).ShouldBe(TimeSpan.FromMinutes(1));

        _clock.Advance(TimeSpan.FromMinutes(1));
        await _store.ChangeChannel("sms", _ => new ChannelControl { Paused = true }, Ann, CancellationToken.None);
        await With_scripted_providers.Until(() => _board.Current.HealthOf("smtp") == ProviderHealth.Unknown);
    }

    /// <summary>A2: the delivery is at other accounts by then, and its claim is to be settled.</summary>
    [Fact]
    public async Task Should_go_on_when_the_store_could_not_be_told_that_a_probe_was_not_made()
    {
        await using var account = new ProviderAccount(
            new ScriptedProvider("smtp", "email"),
            new AccountOptions(),
            new ConcurrencyOptions(),
            new StoreThatIsAway(),
            _board,
            _clock,
            NullLogger<ProviderAccount>.Instance
        );

        await account.NotMade(new Admission.Granted(account, IsProbe: true, Place: null!));
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

    Action Note() => _board.Note("smtp", known => known with { PausedUntil = InAnHour }, TimeSpan.FromHours(1));

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

        public Task<EventTypeControl> ChangeEventType(
            string category,
            Func<EventTypeControl, EventTypeControl> change,
            ChangedBy by,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task Note(string subject, ChangedBy by, JsonElement what, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<ControlChange>> Changes(ChangeFilter filter, int limit, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }

    sealed class StoreThatIsAway : IProviderHealth
    {
        public Task Change(string account, double? limit, Func<ProviderHealth, DateTimeOffset, ProviderHealth> rule) =>
            throw new OutageException();

        public Task<TimeSpan> Reserve(string account, double perSecond, Lane lane) => throw new OutageException();

        public Task<bool> KeepsSlot(string account) => throw new OutageException();
    }
}
