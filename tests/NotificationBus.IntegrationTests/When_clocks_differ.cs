using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Postgres;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>A4: the hosts' clocks and the database's do not agree, or the database's is set back.</summary>
public sealed class When_clocks_differ(BusAndDatabase servers)
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    /// <summary>How far the database is ahead of the hosts.</summary>
    public static TheoryData<int> Minutes => [60, -3, 0, 3, -60];

    /// <summary>A4: what is put off is put off for as long as was said, by whichever clock.</summary>
    [Theory, MemberData(nameof(Minutes))]
    public async Task Should_put_off_for_as_long_as_was_said(int minutes)
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), minutes * Minute);
        await using var record = await PostgresRecord.Open(database.Database);
        var (scheduled, rescheduled, atOnce) = (Message(Now(record) + Hour), Message(Now(record) + Hour), Message(dueAt: null));

        await record.Host.Outgoing.Schedule([scheduled, atOnce], CancellationToken.None);
        await record.Host.Outgoing.Reschedule(rescheduled, CancellationToken.None);

        foreach (var message in (OutgoingMessage[])[scheduled, rescheduled])
            (await DelayOf(database, message)).ShouldBe(Hour, 10 * Second);
        var due = (await record.Host.Outgoing.TakeDue(Minute, 10, CancellationToken.None)).ShouldHaveSingleItem();
        due.MessageId.ShouldBe(atOnce.MessageId);
        due.DueAt.ShouldNotBeNull().ShouldBe(Now(record), 10 * Second);
    }

    /// <summary>A4: so is what a step of the saga schedules.</summary>
    [Theory, MemberData(nameof(Minutes))]
    public async Task Should_schedule_for_as_long_as_was_said(int minutes)
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), minutes * Minute);
        await using var record = await PostgresRecord.Open(database.Database);
        var timer = Message(Now(record) + Hour);
        var notification = new Model.NotificationState
        {
            CorrelationId = Guid.CreateVersion7(),
            CurrentState = "Sending",
            EventName = "order-placed",
            Category = "order-placed",
            Recipient = new Contact { Id = "seller-42" },
            Data = JsonElement.Parse("{}"),
            CreatedAt = Now(record),
            ExpiresAt = Now(record) + Hour,
        };

        await record.Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), [timer]), CancellationToken.None);

        (await DelayOf(database, timer)).ShouldBe(Hour, 10 * Second);
        (await database.Scalar<TimeSpan>("SELECT now() - created_at FROM notification")).ShouldBe(TimeSpan.Zero, 10 * Second);
    }

    /// <summary>A4: a host says so when it starts and when it is asked, and counts by the database.</summary>
    [Theory, InlineData(60, "01:00:00 behind"), InlineData(-3, "00:03:00 ahead of")]
    public async Task Should_count_by_the_database_and_say_so(int minutes, string said)
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), minutes * Minute);
        await using var record = await PostgresRecord.Open(database.Database);

        record.Of<RecordClock>().Disagreement.ShouldNotBeNull().ShouldContain(said);
        Now(record).ShouldBe(TimeProvider.System.GetUtcNow() + (minutes * Minute), 10 * Second);
        new OwnClock(record.Services()).GetService(typeof(TimeProvider)).ShouldBe(TimeProvider.System, "vendors have clocks of their own");
    }

    /// <summary>A4: nothing to say while they agree.</summary>
    [Fact]
    public async Task Should_say_nothing_while_they_agree()
    {
        await using var record = await PostgresRecord.Open(await servers.CreateDatabase());

        record.Of<RecordClock>().Disagreement.ShouldBeNull();
    }

    /// <summary>A4: a circuit, a pause, a probe and a turn last no longer than they were meant to when the clock is set back.</summary>
    [Fact]
    public async Task Should_wait_for_no_time_that_was_set_by_a_clock_that_was_put_back()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), Hour);
        await using var record = await PostgresRecord.Open(database.Database);
        await record.Host.Health.Open("open", 30 * Second, "does not answer", needsAttention: false);
        await record.Host.Health.Open("probed", TimeSpan.Zero, "does not answer", needsAttention: false);
        (await record.Host.Health.TryProbe("probed", 30 * Second)).ShouldBeTrue();
        await record.Host.Health.Pause("paused", 30 * Second, "too many calls", cut: null);
        for (var turn = 0; turn < 3; turn++)
            await record.Host.Health.Reserve("paced", 1, Lane.Bulk);
        var call = new DeliveryAttempt
        {
            DeliveryId = Guid.CreateVersion7(),
            NotificationId = Guid.CreateVersion7(),
            Number = 1,
            Channel = "email",
            Provider = "first",
            Status = AttemptStatus.Started,
        };
        await record.Host.Ledger.Claim(call, "som@example.com", "order-placed", Minute, CancellationToken.None);
        (await record.Host.Health.TryProbe("open", Second)).ShouldBeFalse();
        var before = await record.Host.Controls.Load(CancellationToken.None);
        (before.HealthOf("open").OpenUntil - Now(record)).ShouldBe(30 * Second, 10 * Second);
        (before.HealthOf("paused").PausedUntil - Now(record)).ShouldBe(30 * Second, 10 * Second);

        await database.Set(TimeSpan.Zero);

        var known = await record.Host.Controls.Load(CancellationToken.None);
        foreach (
            var until in (DateTimeOffset[])
                [known.HealthOf("open").OpenUntil, known.HealthOf("probed").ProbeUntil, known.HealthOf("paused").PausedUntil]
        )
            until.ShouldBeLessThanOrEqualTo(Now(record));
        (await record.Host.Health.TryProbe("open", Second)).ShouldBeTrue();
        (await record.Host.Health.TryProbe("probed", Second)).ShouldBeTrue();
        (await record.Host.Health.Reserve("paced", 1, Lane.Bulk)).ShouldBeLessThan(10 * Second);
        var refused = await record.Host.Ledger.Claim(call, "som@example.com", "order-placed", Minute, CancellationToken.None);
        refused.Earlier.ShouldHaveSingleItem().LeaseUntil.ShouldBeLessThanOrEqualTo(refused.Now);
    }

    /// <summary>A4: what waits is moved with the clock, once, whichever host sees it first.</summary>
    [Fact]
    public async Task Should_move_what_waits_when_the_clock_is_set_back()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), 2 * Hour);
        await using var record = await PostgresRecord.Open(database.Database);
        var message = Message(Now(record) + Minute);
        await record.Host.Outgoing.Schedule([message], CancellationToken.None);
        await record.Host.Health.Pause("paused", 3 * Hour, "come back later", cut: null);

        await database.Set(Hour);
        await Task.WhenAll(
            record.Of<ClockWatch>().Look(CancellationToken.None),
            record.Of<ClockWatch>(host: 1).Look(CancellationToken.None)
        );
        await record.Of<ClockWatch>().Look(CancellationToken.None);

        (await DelayOf(database, message)).ShouldBe(Minute, 10 * Second);
        (await database.Scalar<TimeSpan>("SELECT paused_until - now() FROM provider_health")).ShouldBe(3 * Hour, 10 * Second);
        (await database.Scalar<bool>("SELECT created_at < now() OR NOT isfinite(created_at) FROM sweep_mark")).ShouldBeTrue();
    }

    /// <summary>20.2: what was published by SQL is taken as soon as before, and nothing is said to wait that has just come.</summary>
    [Fact]
    public async Task Should_take_what_was_published_by_SQL_though_the_clock_is_set_back()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), 2 * Hour);
        await using var record = await PostgresRecord.Open(database.Database);
        await using var source = NpgsqlDataSource.Create(database.Database);
        await using var waiting = new PostgresIntakeRows(source);
        await database.Scalar<Guid>(
            """
            INSERT INTO intake_event (id, event_type, event, producer, at, due_at)
            VALUES (gen_random_uuid(), 'order-placed', '{}', 'shop', now(), now()) RETURNING id
            """
        );
        await record.Of<ClockWatch>().Look(CancellationToken.None);

        await database.Set(Hour);
        (await waiting.Take(Minute, 10, CancellationToken.None)).ShouldBeEmpty();
        await record.Of<ClockWatch>().Look(CancellationToken.None);

        // It was seen up to a few seconds before.
        await database.Set(Hour + (30 * Second));
        (await waiting.Take(Minute, 10, CancellationToken.None)).ShouldHaveSingleItem();
        (await waiting.LongestWait(CancellationToken.None)).ShouldNotBeNull().ShouldBe(30 * Second, 20 * Second);
    }

    /// <summary>
    /// A4: a jump ahead is told, and when it is taken back, what was due before is due as before. So it is when the clock goes back behind
    /// that.
    /// </summary>
    [Theory, InlineData(0), InlineData(60)]
    public async Task Should_move_only_what_was_written_since_the_clock_jumped_ahead(int minutes)
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), minutes * Minute);
        await using var record = await PostgresRecord.Open(database.Database);
        await Look();
        var before = Message(Now(record) + (2 * Hour));
        await record.Host.Outgoing.Schedule([before], CancellationToken.None);
        await record.Host.Health.Pause("before", 3 * Hour, "come back later", cut: null);

        await database.Set((minutes * Minute) + Hour);
        await Look();
        record.Of<RecordClock>().JumpedAhead.ShouldNotBeNull().ShouldStartWith("the database's clock jumped ahead by 01:00:0");
        var since = Message(Now(record) + (2 * Hour));
        await record.Host.Outgoing.Schedule([since], CancellationToken.None);
        await record.Host.Health.Pause("since", 3 * Hour, "come back later", cut: null);

        await database.Set(TimeSpan.Zero);
        await Look();

        foreach (var message in (OutgoingMessage[])[before, since])
            (await DelayOf(database, message)).ShouldBe(2 * Hour, 10 * Second);
        foreach (var account in (string[])["before", "since"])
            (await database.Scalar<TimeSpan>($"SELECT paused_until - now() FROM provider_health WHERE account = '{account}'")).ShouldBe(
                3 * Hour,
                10 * Second
            );

        async Task Look()
        {
            foreach (var host in (int[])[0, 1])
                await record.Of<ClockWatch>(host).Look(CancellationToken.None);
        }
    }

    /// <summary>A4: nothing has jumped where clocks have always differed.</summary>
    [Fact]
    public async Task Should_not_take_a_difference_for_a_jump()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), Hour);
        await using var record = await PostgresRecord.Open(database.Database);

        await record.Of<ClockWatch>().Look(CancellationToken.None);

        record.Of<RecordClock>().JumpedAhead.ShouldBeNull();
        (await database.Scalar<long>("SELECT count(*) FROM clock_mark WHERE jumped_at IS NOT NULL")).ShouldBe(0);
    }

    /// <summary>A4: so are turns and breaks, and what is told of accounts lies in the past.</summary>
    [Fact]
    public async Task Should_move_what_is_known_of_accounts_when_the_clock_is_set_back()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), Hour);
        await using var record = await PostgresRecord.Open(database.Database);
        var health = record.Host.Health;
        await health.Open("open", 5 * Minute, "does not answer", needsAttention: false);
        await health.Open("probed", TimeSpan.Zero, "does not answer", needsAttention: false);
        (await health.TryProbe("probed", 5 * Minute)).ShouldBeTrue();
        await health.Pause("paused", 5 * Minute, "too many calls", new RateCut(TooMuch: 16, Factor: 0.5, Least: 0.1, Limit: null));
        for (var turn = 0; turn < 3; turn++)
            await health.Reserve("paced", 0.01, Lane.Bulk);
        await health.Reserve("paced", 0.01, Lane.Transactional);

        await database.Set(TimeSpan.Zero);
        for (var turn = 0; turn < 2; turn++)
            await health.Reserve("begun since", 0.01, Lane.Bulk);
        await record.Of<ClockWatch>().Look(CancellationToken.None);

        var known = await record.AnotherHost.Controls.Load(CancellationToken.None);
        foreach (
            var until in (DateTimeOffset[])
                [known.HealthOf("open").OpenUntil, known.HealthOf("probed").ProbeUntil, known.HealthOf("paused").PausedUntil]
        )
            (until - Now(record)).ShouldBe(5 * Minute, 20 * Second);
        known.HealthOf("open").Since.ShouldNotBeNull().ShouldBe(Now(record), 20 * Second);
        (await health.Reserve("paced", 0.01, Lane.Transactional)).ShouldBe(100 * Second, 20 * Second);
        (await health.Reserve("paced", 0.01, Lane.Bulk)).ShouldBe(300 * Second, 20 * Second);
        (await health.Reserve("begun since", 0.01, Lane.Bulk)).ShouldBe(
            200 * Second,
            20 * Second,
            "it was reserved by the time that holds now"
        );
        await record.Pass(Minute);
        await health.RaiseLearnedRate("paused", factor: 2, interval: Minute, forgetAfter: Hour, limit: null);
        (await record.AnotherHost.Controls.Load(CancellationToken.None)).HealthOf("paused").LearnedPerSecond.ShouldBe(16);
    }

    /// <summary>
    /// A4: where the clock was when it was set back is known to a few seconds, and until that is noticed accounts change by the clock as it
    /// is now.
    /// </summary>
    [Fact]
    public async Task Should_keep_what_was_found_out_just_before_the_clock_is_set_back_and_until_that_is_noticed()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), Hour);
        await using var record = await PostgresRecord.Open(database.Database);
        await record.Of<ClockWatch>().Look(CancellationToken.None);
        await database.Set(Hour + 5 * Second);
        await record.Host.Health.Open("before", Minute, "does not answer", needsAttention: false);
        await record.Host.Health.Pause("before", Minute, "too many calls", cut: null);

        await database.Set(TimeSpan.Zero);
        await record.Host.Health.Open("since", Minute, "does not answer", needsAttention: false);
        await record.Host.Health.Pause("since", Minute, "too many calls", cut: null);
        await record.Of<ClockWatch>().Look(CancellationToken.None);

        var known = await record.AnotherHost.Controls.Load(CancellationToken.None);
        foreach (var account in (string[])["before", "since"])
        {
            (known.HealthOf(account).OpenUntil - Now(record)).ShouldBe(Minute, 20 * Second, account);
            (known.HealthOf(account).PausedUntil - Now(record)).ShouldBe(Minute, 20 * Second, account);
        }
    }

    /// <summary>A4: time passes while a host waits for an account, and what others have set meanwhile was set by the same clock.</summary>
    [Fact]
    public async Task Should_count_from_when_it_has_an_account_to_itself()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), TimeSpan.Zero);
        await using var record = await PostgresRecord.Open(database.Database);
        foreach (var account in (string[])["smtp", "another"])
            await record.Host.Health.Pause(account, Second, "too many calls", cut: null);
        await using var others = await record.Begin(
            "UPDATE provider_health SET paused_until = now() + interval '1 hour 1 minute', paused_for = '1 hour' "
                + "WHERE account = 'another'; SELECT FROM provider_health FOR UPDATE"
        );

        var pausing = Task.WhenAll(
            record.Host.Health.Pause("smtp", Minute, "too many calls", cut: null),
            record.Host.Health.Pause("another", Minute, "too many calls", cut: null)
        );
        await record.UntilSomebodyWaits(2);
        await database.Set(Minute);
        await others.Commit();
        await pausing;

        (await LeftAlone("smtp")).ShouldBe(Minute, 20 * Second);
        (await LeftAlone("another")).ShouldBe(Hour, 20 * Second, "the longest pause counts");

        Task<TimeSpan> LeftAlone(string account) =>
            database.Scalar<TimeSpan>($"SELECT paused_until - now() FROM provider_health WHERE account = '{account}'");
    }

    /// <summary>
    /// A4: hosts that change an account have it to themselves before they move those who wait. So has the one that moves all.
    /// </summary>
    [Fact]
    public async Task Should_have_the_accounts_to_itself_before_it_moves_those_who_wait()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), Hour);
        await using var record = await PostgresRecord.Open(database.Database);
        await record.Host.Health.Pause("paced", Second, "too many calls", cut: null);
        await record.Host.Health.Reserve("paced", 0.01, Lane.Bulk);
        var message = Message(Now(record) + Minute);
        await record.Host.Outgoing.Schedule([message], CancellationToken.None);
        await database.Set(TimeSpan.Zero);
        await using var changing = await record.Begin("SELECT FROM provider_health FOR UPDATE");

        var look = record.Of<ClockWatch>().Look(CancellationToken.None);
        await record.UntilSomebodyWaits();
        foreach (var table in (string[])["provider_slot", "outgoing_message"])
            await record.Execute($"SELECT FROM {table} FOR UPDATE NOWAIT");
        await changing.Commit();
        await look;

        (await DelayOf(database, message)).ShouldBe(Minute, 20 * Second);
    }

    /// <summary>A4: what an account has gone through before is no younger than it was.</summary>
    [Fact]
    public async Task Should_leave_what_is_past_where_it_is_when_the_clock_is_set_back()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), 2 * Minute);
        await using var record = await PostgresRecord.Open(database.Database);
        await record.Host.Health.Open("open", Minute, "does not answer", needsAttention: false);
        await record.Host.Health.Pause("paused", Minute, "too many calls", new RateCut(TooMuch: 16, Factor: 0.5, Least: 0.1, Limit: null));
        await record.Pass(Hour);

        await database.Set(TimeSpan.Zero);
        await record.Of<ClockWatch>().Look(CancellationToken.None);

        var known = await record.AnotherHost.Controls.Load(CancellationToken.None);
        (Now(record) - known.HealthOf("open").Since!.Value).ShouldBe(Hour - 2 * Minute, 20 * Second);
        await record.Host.Health.RaiseLearnedRate("paused", factor: 2, interval: Hour / 2, forgetAfter: 2 * Hour, limit: null);
        (await record.AnotherHost.Controls.Load(CancellationToken.None)).HealthOf("paused").LearnedPerSecond.ShouldBe(16);
    }

    /// <summary>A4: what was scheduled by the clock as it is now is due as was said, and what is due already stays so.</summary>
    [Fact]
    public async Task Should_move_nothing_that_is_due_or_was_scheduled_since()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), Hour);
        await using var record = await PostgresRecord.Open(database.Database);
        var (before, due) = (Message(Now(record) + Minute), Message(Now(record) - 2 * Hour));
        await record.Host.Outgoing.Schedule([before, due], CancellationToken.None);

        await database.Set(TimeSpan.Zero);
        await Measure(record);
        var since = Message(Now(record) + Minute);
        await record.Host.Outgoing.Schedule([since], CancellationToken.None);
        await record.Of<ClockWatch>().Look(CancellationToken.None);

        (await DelayOf(database, before)).ShouldBe(Minute, 20 * Second);
        (await DelayOf(database, since)).ShouldBe(Minute, 20 * Second);
        (await DelayOf(database, due)).ShouldBe(-Hour, 20 * Second);
    }

    /// <summary>A4: the sweep passes over nothing because it was further by another clock.</summary>
    [Fact]
    public async Task Should_look_for_what_has_not_ended_by_the_clock_that_was_set_back()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), Hour);
        await using var record = await PostgresRecord.Open(database.Database);
        var sweep = record.Host.Unfinished;
        var first = await When_partitions_are_made.Begin(record, Now(record) - 10 * Minute);
        (await sweep.LookAtThoseOf(5 * Minute, 10, CancellationToken.None)).ShouldBe(1);
        (await sweep.Take(10 * Minute, 10, CancellationToken.None)).Unattended.ShouldBe([first]);

        await database.Set(TimeSpan.Zero);
        await record.Of<ClockWatch>().Look(CancellationToken.None);

        await When_partitions_are_made.Begin(record, Now(record) - 2 * Minute);
        (await sweep.LookAtThoseOf(Minute, 10, CancellationToken.None)).ShouldBe(1);
        (await sweep.Take(Hour, 10, CancellationToken.None)).LookedAt.ShouldBe(1, "it is not yet time for the first");
        await record.Pass(11 * Minute);
        (await sweep.Take(Hour, 10, CancellationToken.None)).Unattended.ShouldBe([first]);
    }

    /// <summary>A4: a clock that was set forward and then back again is noticed by where it was last.</summary>
    [Fact]
    public async Task Should_move_what_waits_when_the_clock_is_set_forward_and_back()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), TimeSpan.Zero);
        await using var record = await PostgresRecord.Open(database.Database);
        await database.Set(2 * Hour);
        await record.Of<ClockWatch>().Look(CancellationToken.None);
        var message = Message(Now(record) + Minute);
        await record.Host.Outgoing.Schedule([message], CancellationToken.None);

        await database.Set(Hour);
        await record.Of<ClockWatch>().Look(CancellationToken.None);

        (await DelayOf(database, message)).ShouldBe(Minute, 20 * Second);
    }

    /// <summary>A4: two hosts that look at the same moment do not see the same time, and that is nothing.</summary>
    [Fact]
    public async Task Should_move_nothing_for_the_time_that_a_statement_takes()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateDatabase(), TimeSpan.Zero);
        await using var record = await PostgresRecord.Open(database.Database);
        var message = Message(Now(record) + Minute);
        await record.Host.Outgoing.Schedule([message], CancellationToken.None);
        await record.Execute(
            "UPDATE outgoing_message SET created_at = created_at - interval '1 hour'; UPDATE clock_mark "
                + "SET seen_at = now() + interval '1.9 seconds'"
        );
        var (due, seen) = (
            await database.Scalar<DateTime>("SELECT due_at FROM outgoing_message"),
            await database.Scalar<DateTime>("SELECT seen_at FROM clock_mark")
        );

        await record.Of<ClockWatch>().Look(CancellationToken.None);

        (await database.Scalar<DateTime>("SELECT due_at FROM outgoing_message")).ShouldBe(due);
        (await database.Scalar<DateTime>("SELECT seen_at FROM clock_mark")).ShouldBeGreaterThanOrEqualTo(
            seen,
            "a clock that is set back little by little is noticed"
        );
    }

    /// <summary>A4: whoever has counted how long to wait counts anew.</summary>
    [Fact]
    public async Task Should_wake_all_who_wait_when_the_clock_is_set_back()
    {
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), Hour);
        await using var record = await PostgresRecord.Open(database.Database);
        await record.AnotherHost.Controls.WaitForChange(Hour, CancellationToken.None);
        await record.AnotherHost.Outgoing.WaitForDue(Second, CancellationToken.None);
        var waiting = Task.WhenAll(
            record.AnotherHost.Controls.WaitForChange(Hour, CancellationToken.None),
            record.AnotherHost.Outgoing.WaitForDue(Hour, CancellationToken.None)
        );

        await database.Set(TimeSpan.Zero);
        await record.Of<ClockWatch>().Look(CancellationToken.None);

        await waiting.WaitAsync(Soon);
    }

    /// <summary>A2, A4: whoever looks does not wait for somebody who is held up with what it saw, as by a standby that hangs.</summary>
    [Fact]
    public async Task Should_wait_for_no_other_host_that_looks()
    {
        await using var record = await PostgresRecord.Open(await servers.CreateDatabase());
        await using var another = await record.Of<NpgsqlDataSource>().OpenConnectionAsync();
        await using (var longAgo = new NpgsqlCommand("UPDATE clock_mark SET seen_at = now() - interval '1 minute'", another))
            (await longAgo.ExecuteNonQueryAsync()).ShouldBe(1);
        await using var transaction = await another.BeginTransactionAsync();
        await using (var mark = new NpgsqlCommand("UPDATE clock_mark SET seen_at = now()", another, transaction))
            await mark.ExecuteNonQueryAsync();

        await record.Of<ClockWatch>().Look(CancellationToken.None).WaitAsync(Soon / 4);
        await transaction.RollbackAsync();
    }

    /// <summary>
    /// A4: a whole host beside a database of another time: an event is delivered, and what it says of time is the database's.
    /// </summary>
    [Theory, InlineData(60), InlineData(-60)]
    public async Task Should_deliver_all_the_same(int minutes)
    {
        var broker = await servers.CreateVirtualHost();
        await using var database = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), minutes * Minute);
        await using var host = await HostInProcess.Start(broker, database.Database);
        await using var producer = await PlainAmqpProducer.Connect(broker);

        await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment("order-1"));

        await using var record = new The_record(database.Database);
        await record.UntilDelivered(1, Soon);
        (
            await record.Scalar<bool>(
                "SELECT created_at BETWEEN now() - interval '2 minutes' AND now() + interval '10 seconds' FROM notification_overview"
            )
        ).ShouldBeTrue();
        host.Output.Lines().ShouldContain(line => line.Contains("the clock of this host is", StringComparison.Ordinal));
        var ready = await host.Client.GetFromJsonAsync<JsonElement>(new Uri("/health/ready", UriKind.Relative));
        ready.GetProperty("status").GetString().ShouldBe("Healthy");
    }

    static DateTimeOffset Now(PostgresRecord record) => record.Of<TimeProvider>().GetUtcNow();

    static async Task Measure(PostgresRecord record)
    {
        await using var connection = await record.Of<NpgsqlDataSource>().OpenConnectionAsync();
        await record.Of<RecordClock>().Measure(connection, CancellationToken.None);
    }

    static Task<TimeSpan> DelayOf(DatabaseClock database, OutgoingMessage message) =>
        database.Scalar<TimeSpan>($"SELECT due_at - now() FROM outgoing_message WHERE message_id = '{message.MessageId}'");

    static OutgoingMessage Message(DateTimeOffset? dueAt) =>
        new()
        {
            MessageId = Guid.CreateVersion7(),
            Destination = "exchange:send-email",
            ContentType = "application/json",
            MessageTypes = "urn:message:Something",
            Body = "{}"u8.ToArray(),
            DueAt = dueAt,
        };
}
