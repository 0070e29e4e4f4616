using NotificationBus.Sending;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_a_call_is_claimed(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    [Fact]
    public async Task Should_refuse_everybody_else_and_show_the_claim_with_its_lease()
    {
        var call = Call();
        (await Host.Ledger.Claim(call, Lease, CancellationToken.None)).Granted.ShouldBeTrue();

        var refused = await AnotherHost.Ledger.Claim(call, Lease, CancellationToken.None);

        refused.Granted.ShouldBeFalse();
        var claimed = refused.Earlier.ShouldHaveSingleItem();
        (claimed.DeliveryId, claimed.NotificationId, claimed.Number, claimed.Channel, claimed.Provider, claimed.Status, claimed.FinishedAt)
            .ShouldBe((call.DeliveryId, call.NotificationId, 1, "email", "first", AttemptStatus.Started, null));
        claimed.StartedAt.ShouldBeLessThanOrEqualTo(refused.Now);
        (claimed.LeaseUntil - claimed.StartedAt).ShouldBe(Lease);
        claimed.LeaseUntil.ShouldBeGreaterThan(refused.Now);
    }

    [Fact]
    public async Task Should_show_that_the_lease_has_run_out_and_still_refuse()
    {
        var call = Call();
        await Host.Ledger.Claim(call, Lease, CancellationToken.None);

        await Record.Pass(Lease);

        var refused = await AnotherHost.Ledger.Claim(call, Lease, CancellationToken.None);
        refused.Earlier.ShouldHaveSingleItem().LeaseUntil.ShouldBeLessThanOrEqualTo(refused.Now);
    }

    [Fact]
    public async Task Should_show_all_earlier_attempts_in_order_to_whoever_begins_anew()
    {
        var call = Call();
        await Host.Ledger.Claim(call, Lease, CancellationToken.None);
        await Host.Ledger.Record(call with { Status = AttemptStatus.Unavailable, Reason = "too busy" }, CancellationToken.None);
        var second = call with { Number = 2, Provider = "second" };
        (await Host.Ledger.Claim(second, Lease, CancellationToken.None)).Granted.ShouldBeTrue();
        await Host.Ledger.Record(second with { Status = AttemptStatus.Accepted, ProviderMessageId = "their-id" }, CancellationToken.None);
        await Host.Ledger.Claim(Call(), Lease, CancellationToken.None);

        var refused = await AnotherHost.Ledger.Claim(call, Lease, CancellationToken.None);

        refused.Earlier.Select(attempt => (attempt.Number, attempt.Provider, attempt.Status, attempt.Reason, attempt.ProviderMessageId)).ShouldBe(
            [(1, "first", AttemptStatus.Unavailable, "too busy", null), (2, "second", AttemptStatus.Accepted, null, "their-id")]);
        refused.Earlier.ShouldAllBe(attempt => attempt.FinishedAt >= attempt.StartedAt);
    }

    [Fact]
    public async Task Should_keep_the_outcome_that_was_recorded_first()
    {
        var call = Call();
        await Host.Ledger.Claim(call, Lease, CancellationToken.None);
        await Host.Ledger.Record(call with { Status = AttemptStatus.Accepted, ProviderMessageId = "their-id" }, CancellationToken.None);

        await AnotherHost.Ledger.Record(call with { Status = AttemptStatus.InDoubt, Reason = "the worker died" }, CancellationToken.None);

        var kept = (await Host.Ledger.Claim(call, Lease, CancellationToken.None)).Earlier.ShouldHaveSingleItem();
        (kept.Status, kept.ProviderMessageId, kept.Reason).ShouldBe((AttemptStatus.Accepted, "their-id", null));
    }

    [Fact]
    public async Task Should_be_granted_to_one_of_many()
    {
        var call = Call();

        var claims = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Host : AnotherHost).Ledger.Claim(call, Lease, CancellationToken.None))));

        claims.Count(claim => claim.Granted).ShouldBe(1);
        claims.Where(claim => !claim.Granted).ShouldAllBe(claim => claim.Earlier.Count == 1);
    }

    static DeliveryAttempt Call() => new()
    {
        DeliveryId = Guid.CreateVersion7(),
        NotificationId = Guid.CreateVersion7(),
        Number = 1,
        Channel = "email",
        Provider = "first",
        Status = AttemptStatus.Started,
    };
}
