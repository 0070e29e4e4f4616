using NotificationBus.Model;
using NotificationBus.Providers;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_a_delivery_is_cancelled(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    const string Reason = "cancelled by ann: sold";

    [Fact]
    public async Task Should_refuse_every_claim_from_then_on_and_say_why()
    {
        var call = Call();

        var cancellation = (await Cancel(call)).ShouldHaveSingleItem();

        (
            cancellation.DeliveryId,
            cancellation.NotificationId,
            cancellation.Number,
            cancellation.Channel,
            cancellation.Provider,
            cancellation.Status,
            cancellation.Reason
        ).ShouldBe((call.DeliveryId, call.NotificationId, 1, "email", "", AttemptStatus.Cancelled, Reason));
        var refused = await Claim(call, AnotherHost);
        refused.Granted.ShouldBeFalse();
        (refused.Cancellation!.Reason, refused.Calls.Count).ShouldBe((Reason, 0));
        (await Claim(Call(), Host)).Granted.ShouldBeTrue("another delivery");
    }

    [Fact]
    public async Task Should_take_the_number_after_the_calls_there_were_and_leave_the_one_under_way_alone()
    {
        var call = Call();
        await Claim(call, Host);
        await Host.Ledger.Record(
            call with
            {
                Status = AttemptStatus.Unavailable,
                Reason = "too busy",
            },
            suppressedAddress: null,
            CancellationToken.None
        );
        await Claim(call with { Number = 2 }, Host);

        (await Cancel(call))
            .Select(attempt => (attempt.Number, attempt.Status))
            .ShouldBe([(1, AttemptStatus.Unavailable), (2, AttemptStatus.Started), (3, AttemptStatus.Cancelled)]);

        (
            await Host.Ledger.Record(
                call with
                {
                    Number = 2,
                    Status = AttemptStatus.Repeatable,
                    Reason = "the line went dead",
                },
                suppressedAddress: null,
                CancellationToken.None
            )
        ).ShouldBeTrue();
        (await AnotherHost.Ledger.AttemptsOf(call.NotificationId, call.DeliveryId, CancellationToken.None))
            .Select(attempt => attempt.Status)
            .ShouldBe([AttemptStatus.Unavailable, AttemptStatus.Repeatable, AttemptStatus.Cancelled]);
        (await Claim(call with { Number = 3 }, AnotherHost)).Calls.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_be_so_once_however_often_it_is_done()
    {
        var call = Call();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => Cancel(call, i % 2 == 0 ? Host : AnotherHost))));

        (await Cancel(call)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_leave_alone_what_a_provider_has_accepted()
    {
        var call = Call();
        await Claim(call, Host);
        await Host.Ledger.Record(call with { Status = AttemptStatus.Accepted }, suppressedAddress: null, CancellationToken.None);

        (await Cancel(call)).ShouldHaveSingleItem().Status.ShouldBe(AttemptStatus.Accepted);
    }

    [Fact]
    public async Task Should_win_or_lose_against_a_claim_and_never_both()
    {
        var wins = await Task.WhenAll(
            Enumerable
                .Range(0, 1000)
                .Select(async i =>
                {
                    var call = Call();
                    var claim = Task.Run(() => Claim(call, Host));
                    var cancellation = Task.Run(() => Cancel(call, AnotherHost));

                    var granted = (await claim).Granted;
                    var last = (await cancellation)[^1];
                    last.Status.ShouldBe(AttemptStatus.Cancelled);
                    last.Number.ShouldBe(granted ? 2 : 1);
                    (await AnotherHost.Ledger.AttemptsOf(call.NotificationId, call.DeliveryId, CancellationToken.None)).Count.ShouldBe(
                        last.Number
                    );
                    return granted;
                })
        );

        wins.Length.ShouldBe(1000);
    }

    Task<IReadOnlyList<DeliveryAttempt>> Cancel(DeliveryAttempt call, HostOfTheRecord? host = null) =>
        (host ?? Host).Ledger.Cancel(call.NotificationId, call.DeliveryId, call.Channel, Reason, CancellationToken.None);

    static Task<AttemptClaim> Claim(DeliveryAttempt call, HostOfTheRecord host) =>
        host.Ledger.Claim(call, "som@example.com", "order-placed", Lease, CancellationToken.None);

    static DeliveryAttempt Call() =>
        new()
        {
            DeliveryId = Guid.CreateVersion7(),
            NotificationId = Guid.CreateVersion7(),
            Number = 1,
            Channel = "email",
            Provider = "first",
            Status = AttemptStatus.Started,
        };
}
