using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;
using NotificationBus.Sending;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_a_call_is_claimed(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly ChangedBy Ann = new("ann", "mended");

    const string Address = "som@example.com";
    const string Category = "order-placed";
    const string Another = "announcement";

    [Fact]
    public async Task Should_refuse_everybody_else_and_show_the_claim_with_its_lease()
    {
        var call = Call();
        (await Host.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None)).Granted.ShouldBeTrue();

        var refused = await AnotherHost.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None);

        refused.Granted.ShouldBeFalse();
        var claimed = refused.Earlier.ShouldHaveSingleItem();
        (
            claimed.DeliveryId,
            claimed.NotificationId,
            claimed.Number,
            claimed.Channel,
            claimed.Provider,
            claimed.Status,
            claimed.FinishedAt
        ).ShouldBe((call.DeliveryId, call.NotificationId, 1, "email", "first", AttemptStatus.Started, null));
        claimed.StartedAt.ShouldBeLessThanOrEqualTo(refused.Now);
        (claimed.LeaseUntil - claimed.StartedAt).ShouldBe(Lease);
        claimed.LeaseUntil.ShouldBeGreaterThan(refused.Now);
    }

    [Fact]
    public async Task Should_show_that_the_lease_has_run_out_and_still_refuse()
    {
        var call = Call();
        await Host.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None);

        await Record.Pass(Lease);

        var refused = await AnotherHost.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None);
        refused.Earlier.ShouldHaveSingleItem().LeaseUntil.ShouldBeLessThanOrEqualTo(refused.Now);
    }

    [Fact]
    public async Task Should_show_all_earlier_attempts_in_order_to_whoever_begins_anew()
    {
        var call = Call();
        await Host.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None);
        await Host.Ledger.Record(
            call with
            {
                Status = AttemptStatus.Unavailable,
                Reason = "too busy",
            },
            suppressedAddress: null,
            CancellationToken.None
        );
        var second = call with { Number = 2, Provider = "second" };
        (await Host.Ledger.Claim(second, Address, Category, Lease, CancellationToken.None)).Granted.ShouldBeTrue();
        await Host.Ledger.Record(
            second with
            {
                Status = AttemptStatus.Accepted,
                ProviderMessageId = "their-id",
            },
            suppressedAddress: null,
            CancellationToken.None
        );
        await Host.Ledger.Claim(Call(), Address, Category, Lease, CancellationToken.None);

        var refused = await AnotherHost.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None);

        refused
            .Earlier.Select(attempt => (attempt.Number, attempt.Provider, attempt.Status, attempt.Reason, attempt.ProviderMessageId))
            .ShouldBe([(1, "first", AttemptStatus.Unavailable, "too busy", null), (2, "second", AttemptStatus.Accepted, null, "their-id")]);
        refused.Earlier.ShouldAllBe(attempt => attempt.FinishedAt >= attempt.StartedAt);
    }

    [Fact]
    public async Task Should_keep_the_outcome_that_was_recorded_first()
    {
        var call = Call();
        await Host.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None);
        await Host.Ledger.Record(
            call with
            {
                Status = AttemptStatus.Accepted,
                ProviderMessageId = "their-id",
            },
            suppressedAddress: null,
            CancellationToken.None
        );

        (
            await AnotherHost.Ledger.Record(
                call with
                {
                    Status = AttemptStatus.InDoubt,
                    Reason = "the worker died",
                },
                suppressedAddress: null,
                CancellationToken.None
            )
        ).ShouldBeFalse();

        var kept = (await Host.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None)).Earlier.ShouldHaveSingleItem();
        (kept.Status, kept.ProviderMessageId, kept.Reason).ShouldBe((AttemptStatus.Accepted, "their-id", null));
    }

    /// <summary>Tests that do not bite: the outcome of one call says nothing about another.</summary>
    [Fact]
    public async Task Should_stay_claimed_when_the_outcome_of_another_is_recorded()
    {
        var call = Call();
        var (second, other) = (call with { Number = 2 }, Call() with { NotificationId = call.NotificationId });
        foreach (var one in new[] { call, second, other })
            await Host.Ledger.Claim(one, Address, Category, Lease, CancellationToken.None);

        await AnotherHost.Ledger.Record(second with { Status = AttemptStatus.Accepted }, suppressedAddress: null, CancellationToken.None);

        (await Host.Ledger.AttemptsOf(call.NotificationId, call.DeliveryId, CancellationToken.None))
            .Select(attempt => attempt.Status)
            .ShouldBe([AttemptStatus.Started, AttemptStatus.Accepted]);
        await AnotherHost.Ledger.Record(call with { Status = AttemptStatus.InDoubt }, suppressedAddress: null, CancellationToken.None);
        (await Host.Ledger.AttemptsOf(call.NotificationId, other.DeliveryId, CancellationToken.None))
            .ShouldHaveSingleItem()
            .Status.ShouldBe(AttemptStatus.Started);
    }

    [Fact]
    public async Task Should_be_granted_to_one_of_many()
    {
        var call = Call();

        var claims = await Task.WhenAll(
            Enumerable
                .Range(0, 50)
                .Select(i =>
                    Task.Run(() => (i % 2 == 0 ? Host : AnotherHost).Ledger.Claim(call, Address, Category, Lease, CancellationToken.None))
                )
        );

        claims.Count(claim => claim.Granted).ShouldBe(1);
        claims.Where(claim => !claim.Granted).ShouldAllBe(claim => claim.Earlier.Count == 1);
    }

    [Fact]
    public async Task Should_be_answered_each_by_itself_when_outcomes_come_at_the_same_time()
    {
        var notification = Notification(Guid.CreateVersion7());
        notification.CreatedAt = Record.Now;
        await Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None);
        var made = Enumerable.Range(0, 10).Select(_ => Call() with { NotificationId = notification.CorrelationId }).ToList();
        foreach (var call in made)
            await Host.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None);
        var next = Enumerable.Range(0, 10).Select(_ => Call()).ToList();

        var refused = Task.WhenAll(
            made[..5].Select(call => AnotherHost.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None))
        );
        var claims = Task.WhenAll(next.Select(call => Host.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None)));
        var outcomes = Task.WhenAll(
            made.Select(call =>
                Host.Ledger.Record(call with { Status = AttemptStatus.Accepted }, suppressedAddress: null, CancellationToken.None)
            )
        );

        (await claims).ShouldAllBe(claim => claim.Granted);
        (await refused).ShouldAllBe(claim => !claim.Granted);
        (await outcomes).ShouldAllBe(recorded => recorded);
    }

    [Fact]
    public async Task Should_be_refused_for_an_address_that_a_provider_called_wrong()
    {
        var (call, meanwhile) = (Call(), Call());
        await Host.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None);
        await Host.Ledger.Claim(meanwhile, Address, Category, Lease, CancellationToken.None);
        (
            await Host.Ledger.Record(
                call with
                {
                    Status = AttemptStatus.Rejected,
                    Reason = "no such mailbox",
                },
                Address,
                CancellationToken.None
            )
        ).ShouldBeTrue();
        var said = meanwhile with { Status = AttemptStatus.Rejected, Reason = "not at home" };
        (await AnotherHost.Ledger.Record(said, Address, CancellationToken.None)).ShouldBeTrue();

        var refused = await AnotherHost.Ledger.Claim(Call(), Address, Category, Lease, CancellationToken.None);

        (refused.Granted, refused.Suppression).ShouldBe((false, "no such mailbox"));
        (await AnotherHost.Ledger.Claim(Call(), Address, Another, Lease, CancellationToken.None)).Suppression.ShouldBe("no such mailbox");
        (await AnotherHost.Ledger.Claim(Call(), "nok@example.com", Category, Lease, CancellationToken.None)).Granted.ShouldBeTrue();
        (
            await AnotherHost.Ledger.Claim(Call() with { Channel = "push" }, Address, Category, Lease, CancellationToken.None)
        ).Granted.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_refused_for_an_address_that_a_provider_called_wrong_without_a_word()
    {
        var call = Call();
        await Host.Ledger.Claim(call, Address, Category, Lease, CancellationToken.None);
        await Host.Ledger.Record(call with { Status = AttemptStatus.Rejected }, Address, CancellationToken.None);

        (await ClaimAs(Category)).ShouldBe((false, "refused"));
    }

    [Fact]
    public async Task Should_be_granted_and_refused_side_by_side()
    {
        await Host.Suppressions.Add(
            new Suppression("email", Address, Category: null, "asked us to stop", "operator ann"),
            CancellationToken.None
        );

        var claims = await Task.WhenAll(
            Enumerable
                .Range(0, 100)
                .Select(i => Host.Ledger.Claim(Call(), i % 2 == 0 ? Address : $"{i}@example.com", Category, Lease, CancellationToken.None))
        );

        claims.Select((claim, i) => claim.Granted == (i % 2 != 0)).ShouldAllBe(asExpected => asExpected);
    }

    [Fact]
    public async Task Should_be_granted_again_once_an_operator_allows_the_address()
    {
        var suppression = new Suppression("email", Address, Category: null, "asked us to stop", "operator ann");
        (await Host.Suppressions.Add(suppression, CancellationToken.None)).ShouldBeTrue();
        (await Host.Suppressions.Add(suppression with { Reason = "again" }, CancellationToken.None)).ShouldBeFalse();
        (await Host.Suppressions.List(new SuppressionFilter("email", Address, Category: null, 10), CancellationToken.None))
            .ShouldHaveSingleItem()
            .Reason.ShouldBe("asked us to stop");

        (await Host.Suppressions.Remove("email", Address, category: null, Ann, CancellationToken.None)).ShouldBeTrue();

        (await Host.Suppressions.Remove("email", Address, category: null, Ann, CancellationToken.None)).ShouldBeFalse();
        (await Host.Ledger.Claim(Call(), Address, Category, Lease, CancellationToken.None)).Granted.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_refused_for_the_category_alone_that_the_address_is_suppressed_for()
    {
        var unsubscribed = new Suppression("email", Address, Another, "unsubscribed", "recipient");
        (await Host.Suppressions.Add(unsubscribed, CancellationToken.None)).ShouldBeTrue();
        (await AnotherHost.Suppressions.Add(unsubscribed with { Reason = "again" }, CancellationToken.None)).ShouldBeFalse();

        (await ClaimAs(Another)).ShouldBe((false, "unsubscribed"));
        (await ClaimAs(Category)).ShouldBe((true, null));
        (await AnotherHost.Ledger.Claim(Call(), "nok@example.com", Another, Lease, CancellationToken.None)).Granted.ShouldBeTrue();
        (
            await AnotherHost.Ledger.Claim(Call() with { Channel = "push" }, Address, Another, Lease, CancellationToken.None)
        ).Granted.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_granted_where_only_all_of_it_together_reads_like_what_is_suppressed()
    {
        await Host.Suppressions.Add(new Suppression("email", Address, Another, "unsubscribed", "recipient"), CancellationToken.None);
        await Host.Suppressions.Add(new Suppression("sms", "66812345678", Category: null, "bounced", "first"), CancellationToken.None);

        (await AnotherHost.Ledger.Claim(Call(), Address + Another, Category, Lease, CancellationToken.None)).Granted.ShouldBeTrue();
        var other = Call() with { Channel = "sms6" };
        (await AnotherHost.Ledger.Claim(other, "6812345678", Category, Lease, CancellationToken.None)).Granted.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_refused_for_one_category_and_for_every_one_until_both_are_taken_back()
    {
        await Host.Suppressions.Add(new Suppression("email", Address, Another, "unsubscribed", "recipient"), CancellationToken.None);
        await Host.Suppressions.Add(new Suppression("email", Address, Category: null, "bounced", "first"), CancellationToken.None);

        var claims = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => ClaimAs(i % 2 == 0 ? Category : Another)));
        claims.Distinct().ShouldBe([(false, "bounced")]);

        (await Host.Suppressions.Remove("email", Address, category: null, Ann, CancellationToken.None)).ShouldBeTrue();
        (await ClaimAs(Category)).ShouldBe((true, null));
        (await ClaimAs(Another)).ShouldBe((false, "unsubscribed"));

        (await Host.Suppressions.Remove("email", Address, Category, Ann, CancellationToken.None)).ShouldBeFalse();
        (await Host.Suppressions.Remove("email", Address, Another, Ann, CancellationToken.None)).ShouldBeTrue();
        (await ClaimAs(Another)).ShouldBe((true, null));
    }

    [Fact]
    public async Task Should_keep_the_suppression_for_every_category_when_that_for_one_is_taken_back()
    {
        await Host.Suppressions.Add(new Suppression("email", Address, Another, "unsubscribed", "recipient"), CancellationToken.None);
        await Host.Suppressions.Add(new Suppression("email", Address, Category: null, "bounced", "first"), CancellationToken.None);
        (await Listed(category: null)).ShouldBe([("unsubscribed", Another), ("bounced", null)], ignoreOrder: true);
        (await Listed(Another)).ShouldBe([("unsubscribed", Another)]);

        (await Host.Suppressions.Remove("email", Address, Another, Ann, CancellationToken.None)).ShouldBeTrue();

        (await Listed(category: null)).ShouldBe([("bounced", null)]);
        (await Listed(Another)).ShouldBeEmpty();
        (await ClaimAs(Another)).ShouldBe((false, "bounced"));
    }

    [Fact]
    public async Task Should_write_down_who_suppressed_the_address_and_who_allowed_it_again()
    {
        var suppression = new Suppression("email", Address, Category, "asked us to stop", "operator ann");

        (await Host.Suppressions.Add(suppression, Ann, CancellationToken.None)).ShouldBeTrue();
        (await AnotherHost.Suppressions.Add(suppression, Ann with { Why = "again" }, CancellationToken.None)).ShouldBeFalse();
        (await Host.Suppressions.Remove("email", Address, Category, Ann, CancellationToken.None)).ShouldBeTrue();
        (await Host.Suppressions.Remove("email", Address, Category, Ann, CancellationToken.None)).ShouldBeFalse();
        await Host.Suppressions.Add(suppression, CancellationToken.None);

        (await Host.Controls.Changes(ChangeFilter.All, 10, CancellationToken.None))
            .Select(change => (change.Subject, change.Who, change.Why, change.After.EnumerateObject().First().Name))
            .ShouldBe([("suppression email", "ann", "mended", "removed"), ("suppression email", "ann", "mended", "added")]);
    }

    /// <summary>
    /// Tests that do not bite: many at the same moment, as where a list is brought in, and the page ends in the middle of them.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_list_every_suppressed_address_once_page_by_page(bool allAtOnce)
    {
        for (var i = 0; i < 7; i++)
            await Host.Suppressions.Add(
                new Suppression("email", $"{i}@example.com", Category: null, "bounced", "first"),
                CancellationToken.None
            );
        await Host.Suppressions.Add(new Suppression("sms", "+66812345678", Category: null, "bounced", "first"), CancellationToken.None);
        if (allAtOnce)
            await Record.LetAllHaveHappenedAtOnce();

        var seen = new List<string>();
        var filter = new SuppressionFilter("email", Address: null, Category: null, 3);
        for (var page = await List(filter); page.Count > 0; page = await List(filter with { After = (page[^1].CreatedAt, page[^1].Place) }))
        {
            page.Count.ShouldBeLessThanOrEqualTo(3);
            seen.AddRange(page.Select(suppression => suppression.Address));
        }

        seen.Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(0, 7).Select(i => $"{i}@example.com"));
        (await List(filter with { Address = "3@example.com" })).ShouldHaveSingleItem().Address.ShouldBe("3@example.com");

        Task<IReadOnlyList<Suppression>> List(SuppressionFilter asked) => AnotherHost.Suppressions.List(asked, CancellationToken.None);
    }

    async Task<(bool Granted, string? Suppression)> ClaimAs(string category)
    {
        var claim = await AnotherHost.Ledger.Claim(Call(), Address, category, Lease, CancellationToken.None);
        return (claim.Granted, claim.Suppression);
    }

    async Task<IEnumerable<(string Reason, string? Category)>> Listed(string? category) =>
        (await AnotherHost.Suppressions.List(new SuppressionFilter("email", Address, category, 10), CancellationToken.None)).Select(
            suppression => (suppression.Reason, suppression.Category)
        );

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
