using System.Globalization;
using System.Runtime.Versioning;
using NotificationBus.Chaos;
using NotificationBus.Chaos.Witnesses;

namespace NotificationBus.Tests.Chaos;

/// <summary>A judge who finds nothing is worth something only if he would have found it.</summary>
[UnsupportedOSPlatform("windows")] // As the servers of the chaos program are.
public sealed class When_a_run_is_audited
{
    readonly Requests _requests = new();
    readonly Witness _witness = new();
    readonly Dictionary<Guid, string> _record = [];
    readonly List<Attempt> _ledger = [];

    [Fact]
    public void Should_find_nothing_when_all_went_well()
    {
        var order = Accepted("delivered");
        Taken(order);

        var audit = Audited();

        (audit.Accepted, audit.Sent).ShouldBe((1, 1));
        (audit.Lost, audit.Unexpected, audit.Duplicates, audit.Stuck, audit.Strays).ShouldBe((0, 0, 0, 0, 0));
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData("delivered", 1)]
    [InlineData("failed", 0)]
    [InlineData("held", 0)]
    [InlineData("expired", 0)]
    public void Should_call_lost_what_no_provider_saw_and_the_record_does_not_admit(string? status, int lost)
    {
        Accepted(status);

        Audited().Lost.ShouldBe(lost);
    }

    [Theory]
    [InlineData("sending", 1)]
    [InlineData("initial", 1)]
    [InlineData("held", 0)]
    [InlineData("failed", 0)]
    public void Should_call_stuck_what_has_come_to_no_end(string status, int stuck)
    {
        Accepted(status);

        Audited().Stuck.ShouldBe(stuck);
    }

    [Fact]
    public void Should_count_what_nobody_asked_for()
    {
        _witness.Record("a", Guid.NewGuid()).Taken = true;

        Audited().Unexpected.ShouldBe(1);
    }

    [Fact]
    public void Should_count_as_recovered_what_was_sent_without_an_answer_to_its_producer()
    {
        var order = Occurrence.Shipped("run", 1);
        _requests.Asking(order);
        _requests.NoAnswer(order);
        Taken(order);

        var audit = Audited();

        (audit.Accepted, audit.Recovered, audit.Unexpected).ShouldBe((0, 1, 0));
    }

    [Fact]
    public void Should_not_count_a_call_the_provider_did_not_take()
    {
        var order = Accepted("delivered");
        _witness.Record("a", order.Deliveries[0]);
        Taken(order);

        Audited().Duplicates.ShouldBe(0);
    }

    [Theory]
    [InlineData("", 2)] // Nothing in the ledger.
    [InlineData("Accepted Accepted", 2)]
    [InlineData("InDoubt Accepted", 1)]
    [InlineData("InDoubt InDoubt", 0)]
    [InlineData("InDoubt InDoubt InDoubt", 0)]
    public void Should_ask_for_a_doubt_between_each_two_calls(string statuses, int unexplained)
    {
        var order = Accepted("delivered");
        var before = Clock.Now;
        var number = 0;
        foreach (var status in statuses.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            _ledger.Add(new Attempt(order.Deliveries[0], ++number, "a", status, before, before));
        for (var call = 0; call < 3; call++)
            Taken(order);

        var audit = Audited();

        (audit.Duplicates, audit.UnexplainedDuplicates).ShouldBe((2, unexplained));
    }

    [Theory]
    [InlineData("00:00:10")] // Written after the second call.
    [InlineData(null)] // Never finished.
    public void Should_not_be_content_with_a_doubt_that_came_too_late(string? finished)
    {
        var order = Accepted("delivered");
        var now = Clock.Now;
        _ledger.Add(
            new Attempt(
                order.Deliveries[0],
                1,
                "a",
                "InDoubt",
                now,
                finished is null ? null : now + TimeSpan.Parse(finished, CultureInfo.InvariantCulture)
            )
        );
        Taken(order);
        Taken(order);

        Audited().UnexplainedDuplicates.ShouldBe(1);
    }

    [Fact]
    public void Should_call_sent_only_what_was_sent_on_every_channel()
    {
        var order = Occurrence.Placed("run", 1);
        _requests.Asking(order);
        _requests.Taken(order);
        _record[order.Notification] = "delivered";
        _witness.Record("mail", order.Deliveries[0]).Taken = true;

        var audit = Audited();

        (audit.Sent, audit.Lost).ShouldBe((0, 1));
    }

    Occurrence Accepted(string? status)
    {
        var order = Occurrence.Shipped("run", 1);
        _requests.Asking(order);
        _requests.Taken(order);
        if (status is not null)
            _record[order.Notification] = status;
        return order;
    }

    void Taken(Occurrence order) => _witness.Record("a", order.Deliveries[0]).Taken = true;

    Audit Audited() => Audit.Of(_requests, _witness, _record, _ledger, strays: 0);
}
