using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_a_command_comes_again : With_scripted_providers
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(25);

    [Fact]
    public async Task Should_not_send_what_was_accepted()
    {
        var first = await Send();

        var again = await Send();

        First.Calls.Count.ShouldBe(1);
        (again.Status, again.Number, again.Provider, again.ProviderMessageId)
            .ShouldBe((first.Status, first.Number, first.Provider, first.ProviderMessageId));
    }

    [Fact]
    public async Task Should_not_ask_again_after_a_rejection()
    {
        First.Answers(ScriptedProvider.Rejected);
        await Send();

        (await Send()).Status.ShouldBe(AttemptStatus.Rejected);

        First.Calls.Count.ShouldBe(1);
        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_report_again_what_could_not_be_settled()
    {
        First.Answers(ScriptedProvider.InDoubt);
        var first = await Send();

        var again = await Send();

        First.Calls.Count.ShouldBe(2);
        (again.Status, again.Number).ShouldBe((first.Status, first.Number));
    }

    [Fact]
    public async Task Should_go_on_where_the_earlier_worker_stopped()
    {
        var died = await Claim();
        await Ledger.Record(died with { Status = AttemptStatus.Unavailable, Reason = "too busy" }, CancellationToken.None);

        (await Send()).Provider.ShouldBe("second");

        First.Calls.ShouldBeEmpty();
        Attempts.ShouldBe(["1 first Unavailable too busy", "2 second Accepted"]);
    }

    [Fact]
    public async Task Should_keep_away_while_another_worker_may_be_at_it()
    {
        await Claim();
        Clock.Advance(Lease - TimeSpan.FromSeconds(1));

        var thrown = await Should.ThrowAsync<AttemptInProgressException>(() => Send());

        thrown.Remaining.ShouldBe(TimeSpan.FromSeconds(1));
        First.Calls.ShouldBeEmpty();
        Attempts.ShouldBe(["1 first Started"]);
    }

    [Fact]
    public async Task Should_send_again_and_say_so_when_the_other_worker_died()
    {
        await Claim();
        Clock.Advance(Lease);

        var attempt = await Send();

        (attempt.Status, attempt.Number).ShouldBe((AttemptStatus.Accepted, 2));
        First.Calls.Count.ShouldBe(1);
        Attempts.ShouldBe(["1 first InDoubt the worker died before it recorded an outcome", "2 first Accepted"]);
    }

    [Fact]
    public async Task Should_let_only_one_of_many_workers_send()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(async () =>
        {
            try
            {
                return (await Send()).Status;
            }
            catch (AttemptInProgressException)
            {
                return AttemptStatus.Started;
            }
        })));

        First.Calls.Count.ShouldBe(1);
        results.ShouldContain(AttemptStatus.Accepted);
        results.ShouldAllBe(status => status == AttemptStatus.Accepted || status == AttemptStatus.Started);
    }

    [Fact]
    public async Task Should_keep_the_outcome_that_was_recorded_first()
    {
        var claimed = await Claim();
        await Ledger.Record(claimed with { Status = AttemptStatus.Accepted }, CancellationToken.None);

        await Ledger.Record(claimed with { Status = AttemptStatus.InDoubt }, CancellationToken.None);

        Attempts.ShouldBe(["1 first Accepted"]);
    }

    /// <summary>Another worker claims the call, and is not heard of again.</summary>
    async Task<DeliveryAttempt> Claim()
    {
        var attempt = new DeliveryAttempt
        {
            DeliveryId = TheDelivery.Id,
            NotificationId = TheDelivery.NotificationId,
            Number = 1,
            Channel = "email",
            Provider = "first",
            Status = AttemptStatus.Started,
        };
        (await Ledger.Claim(attempt, Lease, CancellationToken.None)).Granted.ShouldBeTrue();
        return attempt;
    }
}
