using System.Data.Common;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Sending;

/// <summary>A7: the worker alone knows what the provider answered, and keeps it until the record takes it.</summary>
public sealed class When_an_outcome_cannot_be_recorded : With_scripted_providers
{
    static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    int _asked;
    volatile string? _refuses;

    /// <summary>
    /// A7: whatever the reason: one of an operator, who has added a column or an index, or one that speaks of the values.
    /// </summary>
    [Theory, InlineData("23502"), InlineData("23503"), InlineData("23505"), InlineData("22021"), InlineData("42501"), InlineData("57P01")]
    public async Task Should_keep_it_until_it_can(string state)
    {
        var sending = SendWhileRefused(state);
        await Until(() => Volatile.Read(ref _asked) == 1);
        _refuses = null;

        await ShouldBeSentOnce(sending);
    }

    /// <summary>A4: how long it is kept is measured by no clock that somebody may set.</summary>
    [Fact]
    public async Task Should_keep_it_when_the_clock_is_set_ahead()
    {
        var sending = SendWhileRefused("57P01");
        await Until(() => Volatile.Read(ref _asked) == 1);
        Clock.Set(TimeSpan.FromHours(1));
        await Pass(() => Volatile.Read(ref _asked) > 1 || sending.IsCompleted);
        _refuses = null;

        await ShouldBeSentOnce(sending);
    }

    /// <summary>A7: not for ever: RabbitMQ takes the command away from whoever holds it for half an hour.</summary>
    [Fact]
    public async Task Should_give_up_before_the_broker_does()
    {
        var sending = SendWhileRefused("23505");
        await Until(() => Volatile.Read(ref _asked) == 1);
        Clock.Advance(TimeSpan.FromMinutes(25));

        await Should.ThrowAsync<RefusedException>(async () =>
        {
            await Pass(() => sending.IsCompleted);
            await sending;
        });
    }

    Task<ChainOutcome> SendWhileRefused(string state)
    {
        _refuses = state;
        BeforeRecording = () =>
        {
            Interlocked.Increment(ref _asked);
            if (_refuses is { } refusal)
                throw new RefusedException(refusal);
        };
        return Send();
    }

    async Task ShouldBeSentOnce(Task<ChainOutcome> sending)
    {
        await Pass(() => sending.IsCompleted);
        (await sending).ShouldBeOfType<ChainOutcome.Sent>();
        First.Calls.ShouldHaveSingleItem();
        Attempts.ShouldBe(["1 first Accepted"]);
    }

    Task Pass(Func<bool> condition) =>
        Until(() =>
        {
            if (condition())
                return true;

            Clock.Advance(Step);
            return false;
        });

    sealed class RefusedException(string state) : DbException("refused")
    {
        public override string SqlState => state;
    }
}
