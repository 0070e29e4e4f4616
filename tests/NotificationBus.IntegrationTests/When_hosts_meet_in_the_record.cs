using NotificationBus.Contracts;
using NotificationBus.Failures;
using NotificationBus.Model;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.AnyRecord;
using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>Tests that do not bite: a host that finds another one at work neither waits for it nor does the same.</summary>
[Trait("Server", "PostgreSQL")]
public sealed class When_hosts_meet_in_the_record(BusAndDatabase servers) : With_failed_messages(() => PostgresRecord.Create(servers))
{
    [Fact]
    public async Task Should_leave_the_looking_to_the_one_that_has_begun()
    {
        await Insert(Guid.CreateVersion7());

        await using (await Postgres.Hold("sweep_mark", "true"))
            (await Host.Unfinished.LookAtThoseOf(Hour, 10, CancellationToken.None).WaitAsync(Patience)).ShouldBe(0);

        (await Host.Unfinished.LookAtThoseOf(Hour, 10, CancellationToken.None)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_pass_over_what_another_resumes()
    {
        var (theirs, mine) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Insert(theirs);
        await Insert(mine);
        await Host.Unfinished.LookAtThoseOf(Hour, 10, CancellationToken.None);

        await using (await Postgres.Hold("unfinished_notification", $"id = '{theirs}'"))
            (await Host.Unfinished.Take(Hour, 10, CancellationToken.None).WaitAsync(Patience)).Unattended.ShouldBe([mine]);
    }

    [Fact]
    public async Task Should_pass_over_what_another_publishes()
    {
        var (theirs, mine) = (Message(DateTimeOffset.UnixEpoch), Message(DateTimeOffset.UnixEpoch));
        await Schedule(theirs, mine);

        await using (await Postgres.Hold("outgoing_message", $"message_id = '{theirs.MessageId}'"))
            (await TakeDue().WaitAsync(Patience)).ShouldBe([mine.MessageId]);
    }

    [Fact]
    public async Task Should_pass_over_what_another_gives_up_when_there_is_no_room()
    {
        Record.Retention.FailedMessagesCount = 2;
        var (theirs, mine, comes) = (Failure(), Failure(), Failure());
        await Fail(theirs);
        await Record.Pass(Second);
        await Fail(mine);
        await Host.Failed.Archive(FailedMessageChoice.All, Ann, CancellationToken.None);

        await using (await Postgres.Hold("failed_message", $"id = '{theirs.Id}'"))
            await Fail(comes).WaitAsync(Patience);

        (await Listed(new FailedMessageFilter { Limit = 10 })).ShouldBe([theirs.Id, comes.Id], ignoreOrder: true);
    }

    /// <summary>The number that the cancellation was about to take is taken by a call that begins at the same moment.</summary>
    [Fact]
    public async Task Should_cancel_after_the_call_that_is_being_claimed()
    {
        var call = new DeliveryAttempt
        {
            DeliveryId = Guid.CreateVersion7(),
            NotificationId = Guid.CreateVersion7(),
            Number = 1,
            Channel = "email",
            Provider = "first",
            Status = AttemptStatus.Started,
        };
        await using var claiming = await Postgres.Begin(
            $"""
            INSERT INTO delivery_attempt (delivery_id, number, notification_id, notification_created_at, channel, provider, status,
                lease_until)
            VALUES ('{call.DeliveryId}', 1, '{call.NotificationId}', 'infinity', 'email', 'first', 'Started', now())
            """
        );
        var cancelling = Host.Ledger.Cancel(call.NotificationId, call.DeliveryId, "email", "sold", CancellationToken.None);
        await Postgres.UntilSomebodyWaits();

        await claiming.Commit();

        (await cancelling.WaitAsync(Patience))
            .Select(attempt => (attempt.Number, attempt.Status))
            .ShouldBe([(1, AttemptStatus.Started), (2, AttemptStatus.Cancelled)]);
    }

    /// <summary>A4: a claim from the future was made by a clock that was put back since, and keeps nobody away.</summary>
    [Fact]
    public async Task Should_not_wait_for_a_claim_that_is_made_in_the_future()
    {
        var call = new DeliveryAttempt
        {
            DeliveryId = Guid.CreateVersion7(),
            NotificationId = Guid.CreateVersion7(),
            Number = 1,
            Channel = "email",
            Provider = "first",
            Status = AttemptStatus.Started,
        };
        await AnotherHost.Ledger.Claim(call, "som@example.com", "order-placed", Lease, CancellationToken.None);
        await Record.Pass(-Hour);

        var refused = await Host.Ledger.Claim(call, "som@example.com", "order-placed", Lease, CancellationToken.None);

        refused.Earlier.ShouldHaveSingleItem().LeaseUntil.ShouldBeLessThanOrEqualTo(refused.Now);
    }

    /// <summary>A4: a claim that was made a moment later than somebody looks is none from the future.</summary>
    [Fact]
    public async Task Should_wait_for_a_claim_that_is_made_at_the_same_moment()
    {
        var call = new DeliveryAttempt
        {
            DeliveryId = Guid.CreateVersion7(),
            NotificationId = Guid.CreateVersion7(),
            Number = 1,
            Channel = "email",
            Provider = "first",
            Status = AttemptStatus.Started,
        };
        await AnotherHost.Ledger.Claim(call, "som@example.com", "order-placed", Lease, CancellationToken.None);
        await Record.Pass(-Second);

        var refused = await Host.Ledger.Claim(call, "som@example.com", "order-placed", Lease, CancellationToken.None);

        refused.Earlier.ShouldHaveSingleItem().LeaseUntil.ShouldBeGreaterThan(refused.Now);
    }

    [Fact]
    public async Task Should_put_back_and_archive_nothing_that_fails_after_it_was_decided()
    {
        await Fail(Failure());
        await Record.Pass(-Hour);

        (await Host.Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None)).ShouldBe(0);
        (await Host.Failed.Archive(FailedMessageChoice.All, Ann, CancellationToken.None)).ShouldBe(0);
    }

    /// <summary>More than one statement puts back: what waits longest does not come after what failed later.</summary>
    [Fact]
    public async Task Should_put_back_first_what_failed_first_however_many_they_are()
    {
        // In every other order these come first.
        for (var i = 0; i < 60; i++)
            await Fail(Failure("a"));
        await Record.Pass(-Hour);
        var oldest = Enumerable.Range(0, 100).Select(_ => Failure("b")).ToList();
        foreach (var failure in oldest)
            await Fail(failure);
        await Record.Pass(2 * Hour);

        (await Host.Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None)).ShouldBe(160);

        (await Host.Outgoing.TakeDue(Lease, 100, CancellationToken.None))
            .Select(message => message.ReplayOf!.Value)
            .ShouldBe(oldest.Select(failure => failure.Id), ignoreOrder: true);
    }

    /// <summary>Reliability, row 37: so many that they would take longer, one after the other.</summary>
    [Fact]
    public async Task Should_let_all_come_out_within_a_minute_however_many_have_waited()
    {
        await Schedule(Message(Record.Now + Hour) with { WaitsFor = "channel email" });
        await Postgres.Execute(
            """
            INSERT INTO outgoing_message (message_id, destination, content_type, message_types, body, due_at, waits_for)
            SELECT gen_random_uuid(), destination, content_type, message_types, body, due_at, waits_for
            FROM outgoing_message, generate_series(1, 35000)
            """
        );

        (await Host.Outgoing.Release("channel email", CancellationToken.None)).ShouldBe(35_001);

        (await Postgres.Execute("UPDATE outgoing_message SET revision = revision WHERE due_at > now() + interval '1 minute'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_told_of_what_was_changed_before_it_listened()
    {
        await Host.Controls.ChangeChannel("email", _ => new ChannelControl { Paused = true }, Ann, CancellationToken.None);

        await AnotherHost.Controls.WaitForChange(2 * Patience, CancellationToken.None).WaitAsync(Patience);
    }

    [Fact]
    public async Task Should_be_told_of_everything_that_another_finds_out_or_sets()
    {
        // From now on it listens.
        await AnotherHost.Controls.WaitForChange(2 * Patience, CancellationToken.None);

        await Tells(() => Host.Controls.ChangeChannel("email", _ => new ChannelControl { Paused = true }, Ann, CancellationToken.None));
        await Tells(() =>
            Host.Controls.ChangeProvider("smtp", new AccountOptions(), _ => new ProviderControl { Weight = 2 }, Ann, CancellationToken.None)
        );
        await Tells(() => Host.Health.Open("smtp", TimeSpan.Zero, "it does not answer", needsAttention: false));
        await Tells(() => Host.Health.TryProbe("smtp", Lease));
        await Tells(() => Host.Health.ProbeNotMade("smtp"));
        await Tells(() => Host.Health.ProbePassed("smtp", needed: 1));
        await Tells(() => Host.Health.Pause("smtp", Second, "too many", new RateCut(TooMuch: 16, Factor: 0.5, Least: 0.1, Limit: null)));
        await Tells(() => Host.Health.RaiseLearnedRate("smtp", factor: 1.25, interval: TimeSpan.Zero, forgetAfter: Hour, limit: null));

        async Task Tells(Func<Task> change)
        {
            var told = AnotherHost.Controls.WaitForChange(2 * Patience, CancellationToken.None);
            await change();
            await told.WaitAsync(Patience);
        }
    }

    /// <summary>Commits that notify take turns: only what is soon due, or has changed, is worth it.</summary>
    [Fact]
    public async Task Should_tell_nobody_of_what_is_due_much_later_nor_of_a_rate_that_stays()
    {
        await Host.Health.Pause("smtp", Second, "too many", cut: null);
        await Record.Pass(Hour);
        var told = new List<string>();
        await using var listening = await Postgres.Of<NpgsqlDataSource>().OpenConnectionAsync();
        listening.Notification += (_, notification) => told.Add($"{notification.Channel} {notification.Payload}");
        await using (var listen = new NpgsqlCommand("LISTEN outgoing_message_scheduled; LISTEN sending_controls_changed", listening))
            await listen.ExecuteNonQueryAsync();

        await Schedule(Message(Record.Now + Hour));
        await Insert(Guid.CreateVersion7(), Message(Record.Now + Hour));
        await Host.Health.RaiseLearnedRate("smtp", factor: 2, interval: Lease, forgetAfter: 2 * Hour, limit: null);
        await Postgres.Execute("NOTIFY outgoing_message_scheduled, 'the end'");
        while (told.Count == 0)
            await listening.WaitAsync(Patience, CancellationToken.None);

        told[0].ShouldBe("outgoing_message_scheduled the end");
    }

    /// <summary>What waits for a turn is brought forward, and whoever dispatches does not sleep until it was due before.</summary>
    [Fact]
    public async Task Should_wake_whoever_publishes_when_those_who_wait_for_their_turn_come_forward()
    {
        await Host.Controls.ChangeProvider(
            "smtp",
            new AccountOptions(),
            _ => new ProviderControl { PerSecond = 0.01 },
            Ann,
            CancellationToken.None
        );
        await Schedule(Message(Record.Now + Hour) with { WaitsFor = "turn at smtp" });
        var waiting = await WaitForDue(AnotherHost);

        await Host.Controls.ChangeProvider(
            "smtp",
            new AccountOptions(),
            control => control with { PerSecond = 0.02 },
            Ann,
            CancellationToken.None
        );

        await waiting.WaitAsync(Patience);
    }

    [Fact]
    public async Task Should_raise_a_rate_once_when_two_find_at_the_same_moment_that_it_is_time()
    {
        await Host.Health.Pause("smtp", Second, "too many", new RateCut(TooMuch: 16, Factor: 0.5, Least: 0.1, Limit: null));
        await Record.Pass(Lease);
        var turn = Message(Record.Now + 4 * Hour) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);

        Task raising;
        await using (await Postgres.Hold("provider_health", "true"))
        {
            raising = Task.WhenAll(Raise(Host), Raise(AnotherHost));
            await Postgres.UntilSomebodyWaits(howMany: 2);
        }

        await raising.WaitAsync(Patience);

        await Record.Pass(2 * Hour - Lease);
        (await TakeDue()).ShouldBeEmpty();
        await Record.Pass(2 * Lease);
        (await TakeDue()).ShouldBe([turn.MessageId]);

        static Task Raise(HostOfTheRecord host) =>
            host.Health.RaiseLearnedRate("smtp", factor: 2, interval: Lease, forgetAfter: Hour, limit: null);
    }

    /// <summary>A row of an earlier version says less of a delivery.</summary>
    [Fact]
    public async Task Should_count_no_attempts_where_an_earlier_version_has_written_none()
    {
        var id = Guid.CreateVersion7();
        await Insert(id);
        await Postgres.Execute(
            $$"""
            UPDATE notification SET state = 'Held',
                deliveries = '[{"id":"{{Guid.CreateVersion7()}}","channel":"email","address":"som@example.com","step":0,"status":"Held"}]'
                WHERE id = '{{id}}'
            """
        );

        var held = (await Host.Held.Find(new(), 10, CancellationToken.None)).ShouldHaveSingleItem();
        held.Attempts.ShouldBe(0);
        await Host.Held.Record([new(held, HeldDecision.Sent, Message())], Ann, CancellationToken.None);
        (await AnotherHost.Held.Find(new(), 10, CancellationToken.None)).ShouldBeEmpty("it was just decided");
    }

    PostgresRecord Postgres => (PostgresRecord)Record;
}
