using Microsoft.Extensions.Options;
using NotificationBus.Channels.Email;
using NotificationBus.Contracts;
using NotificationBus.Embedded;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>A10: an outage of all vendors is waited out, by the clock of the test, and nobody is asked.</summary>
public sealed class When_all_providers_are_out : With_scripted_providers
{
    static readonly TimeSpan Outage = TimeSpan.FromMinutes(10);

    readonly PriorityQueue<(Delivery Delivery, SendDelivery Command), DateTimeOffset> _waiting = new();
    readonly List<DateTimeOffset> _callsOfTheFirst = [];

    [Theory]
    [InlineData(600, true)]
    [InlineData(45, true)]
    [InlineData(45, false)]
    [InlineData(10, true)]
    [InlineData(2, true)]
    [InlineData(2, false)]
    public async Task Should_send_all_within_two_minutes_after_their_return_and_hold_none(int secondsBetween, bool hadWorked)
    {
        if (hadWorked)
            await Send();
        var back = BackIn(Outage, ScriptedProvider.Failing);
        var count = Arrive(TimeSpan.FromSeconds(secondsBetween));

        var (sent, last) = await Settle();

        sent.ShouldBe(count);
        (last - back).ShouldBeLessThan(TimeSpan.FromMinutes(2));
        // A circuit that is open lets one call through at a time, each half minute.
        _callsOfTheFirst.Count(at => at < back).ShouldBeLessThan(8 + 2 + 20 * 2);
    }

    /// <summary>However long they say that it takes, and however soon the notification is of no use any more.</summary>
    [Theory]
    [InlineData(900, 20)]
    [InlineData(3600, 20)]
    [InlineData(3600, 60)]
    [InlineData(86_400, 20)]
    [InlineData(86_400, 24 * 60)]
    public async Task Should_send_all_soon_after_their_return_also_when_they_asked_for_a_long_pause(int retryAfter, int lifetimeInMinutes)
    {
        foreach (var between in new[] { 300, 30 })
        {
            var back = BackIn(Outage, new ProviderResult.Unavailable("down", TimeSpan.FromSeconds(retryAfter)));
            var count = Arrive(TimeSpan.FromSeconds(between), TimeSpan.FromMinutes(lifetimeInMinutes));

            var (sent, last) = await Settle();

            sent.ShouldBe(count);
            (last - back).ShouldBeLessThan(TimeSpan.FromMinutes(2.5));
        }
    }

    [Fact]
    public async Task Should_repeat_what_is_in_doubt_with_pauses_that_grow_over_hours()
    {
        await Send();
        First.Answers((_, _) => Answer(ScriptedProvider.InDoubt));
        Second.Serving = _ => false;
        var delivery = Another();
        _waiting.Enqueue((delivery, CommandFor(delivery)), Clock.GetUtcNow());

        await Settle(held: 1);

        var pauses = _callsOfTheFirst.Zip(_callsOfTheFirst.Skip(1), (one, next) => (next - one).TotalSeconds).ToList();
        pauses.Count.ShouldBe(Redelivery.MostInDoubt - 1);
        pauses.Take(6).ShouldBe(pauses.Take(6).Order());
        (_callsOfTheFirst[^1] - _callsOfTheFirst[0]).ShouldBeInRange(TimeSpan.FromHours(1.5), TimeSpan.FromHours(5));
    }

    [Fact]
    public async Task Should_hold_none_either_while_they_leave_everything_in_doubt()
    {
        await Send();
        BackIn(Outage, ScriptedProvider.InDoubt);
        var count = Arrive(TimeSpan.FromSeconds(5));

        (await Settle()).Sent.ShouldBe(count);

        First.Calls.Concat(Second.Calls).GroupBy(call => call.Id).Max(calls => calls.Count()).ShouldBeLessThan(Redelivery.MostInDoubt);
    }

    DateTimeOffset BackIn(TimeSpan outage, ProviderResult meanwhile)
    {
        var back = Clock.GetUtcNow() + outage;
        First.Answers((_, _) => Answer(Clock.GetUtcNow() < back ? meanwhile : ScriptedProvider.Accepted));
        Second.Answers(_ => Clock.GetUtcNow() < back ? meanwhile : ScriptedProvider.Accepted);
        return back;
    }

    Task<ProviderResult> Answer(ProviderResult result)
    {
        _callsOfTheFirst.Add(Clock.GetUtcNow());
        return Task.FromResult(result);
    }

    /// <summary>One delivery after the other, as long as the outage lasts.</summary>
    int Arrive(TimeSpan between, TimeSpan? lifetime = null)
    {
        for (var after = TimeSpan.Zero; after < Outage; after += between)
        {
            var delivery = Another();
            var command = CommandFor(delivery);
            _waiting.Enqueue(
                (delivery, lifetime is { } life ? command with { ExpiresAt = Clock.GetUtcNow() + after + life } : command),
                Clock.GetUtcNow() + after
            );
        }

        return _waiting.Count;
    }

    /// <summary>Sends what is due and puts off what is not sent, until nothing waits any more.</summary>
    async Task<(int Sent, DateTimeOffset Last)> Settle(int held = 0)
    {
        var chance = new Random(7);
        var redelivery = new Redelivery(
            new InMemoryOutgoingMessages(Clock),
            new ChannelSet([new EmailChannel()]),
            new Dictionary<string, ChannelOptions>(StringComparer.Ordinal),
            Options.Create(Redelivery),
            Clock,
            chance,
            An.News()
        );
        var sent = new HashSet<Guid>();
        while (_waiting.TryDequeue(out var next, out var due))
        {
            if (due > Clock.GetUtcNow())
                Clock.Advance(due - Clock.GetUtcNow());

            var outcome = await Send(next.Delivery, next.Command);
            await UntilHeard();
            if (outcome is ChainOutcome.Held && held-- > 0)
                continue;
            if (outcome is ChainOutcome.Sent)
                sent.Add(next.Delivery.Id).ShouldBeTrue();
            else
                PutOff(next.Delivery, next.Command, outcome.ShouldBeOfType<ChainOutcome.NotNow>());
        }

        return (sent.Count, Clock.GetUtcNow());

        void PutOff(Delivery delivery, SendDelivery command, ChainOutcome.NotNow notNow) =>
            _waiting.Enqueue((delivery, Again(command, notNow)), redelivery.Next(command, notNow).ShouldNotBeNull());
    }

    /// <summary>This host hears of what was found out before the clock moves on.</summary>
    async Task UntilHeard()
    {
        var known = await Controls.Load(CancellationToken.None);
        await Until(() =>
            Board.Current.HealthOf("first") == known.HealthOf("first") && Board.Current.HealthOf("second") == known.HealthOf("second")
        );
    }
}
