using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NotificationBus.Failures;
using NotificationBus.Messaging;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Postgres;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Repairs;
using NotificationBus.Sending;
using NotificationBus.Subscriptions;
using NotificationBus.Templates;
using NotificationBus.Tests.AnyRecord;
using Npgsql;

namespace NotificationBus.IntegrationTests;

[Trait("Server", "PostgreSQL")]
public sealed class When_a_step_is_stored_in_PostgreSQL(BusAndDatabase servers)
    : When_a_step_is_stored(() => PostgresRecord.Create(servers))
{
    [Fact]
    public async Task Should_fail_alone_when_PostgreSQL_cannot_store_it()
    {
        var known = Guid.CreateVersion7();
        await Insert(known);
        var bad = Notification(Guid.CreateVersion7());
        bad.EventName = null!;

        var good = Enumerable.Range(0, 20).Select(_ => Guid.CreateVersion7()).ToList();
        var before = Task.WhenAll(good[..10].Select(id => Insert(id)));
        var failing = Host.Store.Insert(new NotificationStep(bad, Guid.CreateVersion7(), []), CancellationToken.None);
        var after = Task.WhenAll(good[10..].Select(id => Insert(id)));
        var load = Host.Store.Load(known, CancellationToken.None);

        await Should.ThrowAsync<PostgresException>(failing);
        (await before).ShouldAllBe(stored => stored);
        (await after).ShouldAllBe(stored => stored);
        (await load).ShouldNotBeNull();
        (await AnotherHost.Store.Load(bad.CorrelationId, CancellationToken.None)).ShouldBeNull();
    }

    // Npgsql prepares a statement at its fifth use. Here that is one of those that fail.
    [Fact]
    public async Task Should_leave_nothing_behind_for_the_next_when_PostgreSQL_cannot_store_it()
    {
        for (var i = 0; i < 6; i++)
        {
            var bad = Notification(Guid.CreateVersion7());
            bad.EventName = null!;

            await Should.ThrowAsync<PostgresException>(
                Host.Store.Insert(new NotificationStep(bad, Guid.CreateVersion7(), []), CancellationToken.None)
            );
            (await Insert(Guid.CreateVersion7())).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Should_wait_alone_when_somebody_holds_its_row()
    {
        var (held, free) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Insert(held);
        await Insert(free);
        var notification = (await Host.Store.Load(held, CancellationToken.None))!;

        await using (await ((PostgresRecord)Record).Hold(held))
        {
            var waiting = Host.Store.Update(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None);
            var others = Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Insert(Guid.CreateVersion7())));
            var load = Host.Store.Load(free, CancellationToken.None);

            (await Should.ThrowAsync<PostgresException>(waiting)).SqlState.ShouldBe(PostgresErrorCodes.LockNotAvailable);
            (await others).ShouldAllBe(stored => stored);
            (await load).ShouldNotBeNull();
        }

        var again = (await Host.Store.Load(held, CancellationToken.None))!;
        (await Host.Store.Update(new NotificationStep(again, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
    }
}

[Trait("Server", "PostgreSQL")]
public sealed class When_steps_are_kept_in_PostgreSQL(BusAndDatabase servers) : When_steps_are_kept(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_messages_are_due_in_PostgreSQL(BusAndDatabase servers)
    : When_messages_are_due(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_texts_are_deployed_in_PostgreSQL(BusAndDatabase servers)
    : When_texts_are_deployed(() => PostgresRecord.Create(servers));

public sealed class When_deliveries_are_counted_in_PostgreSQL(BusAndDatabase servers)
    : When_deliveries_are_counted(() => PostgresRecord.Create(servers));

public sealed class When_a_day_is_counted_in_PostgreSQL(BusAndDatabase servers)
    : When_a_day_is_counted(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_a_call_is_claimed_in_PostgreSQL(BusAndDatabase servers)
    : When_a_call_is_claimed(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_a_delivery_is_cancelled_in_PostgreSQL(BusAndDatabase servers)
    : When_a_delivery_is_cancelled(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_a_key_is_withdrawn_in_PostgreSQL(BusAndDatabase servers)
    : When_a_key_is_withdrawn(() => PostgresRecord.Create(servers))
{
    static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(300);

    /// <summary>It was looked whether its key is withdrawn before it was, and it is written afterwards.</summary>
    [Fact]
    public async Task Should_find_what_was_beginning_when_it_came()
    {
        var record = (PostgresRecord)Record;
        var step = Step("4711");
        var begun = await record.Begin(
            $"INSERT INTO notification_key (id, created_at) VALUES ('{step.Notification.CorrelationId}', now())"
        );
        var begins = Host.Store.Insert(step, CancellationToken.None);
        await record.UntilSomebodyWaits();

        var found = Task.Run(async () =>
        {
            await Withdraw();
            return await Find(Hour);
        });
        // No condition says that it waits; a test that does not wait long enough says less, and nothing wrong.
        await Task.WhenAny(found, Task.Delay(LongEnough, TestContext.Current.CancellationToken));
        await begun.DisposeAsync();

        (await begins).ShouldBeTrue();
        (await found).ShouldHaveSingleItem().Id.ShouldBe(step.Notification.CorrelationId);
    }
}

[Trait("Server", "PostgreSQL")]
public sealed class When_subscribers_are_told_in_PostgreSQL(BusAndDatabase servers)
    : When_subscribers_are_told(() => PostgresRecord.Create(servers));

public sealed class When_a_stream_is_read_in_PostgreSQL(BusAndDatabase servers)
    : When_a_stream_is_read(() => PostgresRecord.Create(servers))
{
    /// <summary>What is stored first may be seen last: its transaction was longer.</summary>
    [Fact]
    public async Task Should_skip_nothing_that_is_committed_later_than_what_came_after_it()
    {
        var record = (PostgresRecord)Record;
        var stream = await Open();
        await using var slow = await record.Begin(
            $$"""
            INSERT INTO stream_event (stream_id, notification_id, sequence, type, at, data)
            VALUES ('{{stream}}', '{{Guid.CreateVersion7()}}', 1, 'delivery.sent', now(), '{"n":"first"}')
            """
        );
        await Store(Told(stream, "second"));
        var told = (await Read(stream, 0)).ShouldHaveSingleItem();
        told.Body.ShouldContain("second");

        await slow.Commit();

        (await Read(stream, told.Number)).ShouldHaveSingleItem().Body.ShouldContain("first");
    }

    [Fact]
    public async Task Should_give_each_one_number_when_two_hosts_number_at_the_same_moment()
    {
        var stream = await Open();
        for (var round = 0; round < 20; round++)
        {
            await Store([.. Enumerable.Range(0, 10).Select(n => Told(stream, $"{round}-{n}"))]);
            await Task.WhenAll(
                Enumerable
                    .Range(0, 8)
                    .Select(n => (n % 2 == 0 ? Host : AnotherHost).Streams.Advance([stream], 1000, CancellationToken.None))
            );
        }

        var told = await Read(stream, 0);
        told.Count.ShouldBe(200);
        told.Select(one => one.Number).Distinct().Count().ShouldBe(200);
        told.Select(one => one.Body).Distinct(StringComparer.Ordinal).Count().ShouldBe(200);
    }
}

[Trait("Server", "PostgreSQL")]
public sealed class When_a_receipt_names_a_delivery_in_PostgreSQL(BusAndDatabase servers)
    : When_a_receipt_names_a_delivery(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_a_repair_is_kept_in_PostgreSQL(BusAndDatabase servers)
    : When_a_repair_is_kept(() => PostgresRecord.Create(servers));

public sealed class When_it_is_decided_about_what_is_held_in_PostgreSQL(BusAndDatabase servers)
    : When_it_is_decided_about_what_is_held(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_messages_have_failed_in_PostgreSQL(BusAndDatabase servers)
    : When_messages_have_failed(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_it_is_decided_about_failed_messages_in_PostgreSQL(BusAndDatabase servers)
    : When_it_is_decided_about_failed_messages(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_timers_are_set_anew_in_PostgreSQL(BusAndDatabase servers)
    : When_timers_are_set_anew(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_the_sweep_looks_in_PostgreSQL(BusAndDatabase servers) : When_the_sweep_looks(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_the_record_is_searched_in_PostgreSQL(BusAndDatabase servers)
    : When_the_record_is_searched(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_automation_changes_an_account_in_PostgreSQL(BusAndDatabase servers)
    : When_automation_changes_an_account(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_an_account_is_in_trouble_in_PostgreSQL(BusAndDatabase servers)
    : When_an_account_is_in_trouble(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_messages_wait_for_something_in_PostgreSQL(BusAndDatabase servers)
    : When_messages_wait_for_something(() => PostgresRecord.Create(servers));

[Trait("Server", "PostgreSQL")]
public sealed class When_a_text_is_like_no_other_in_PostgreSQL(BusAndDatabase servers)
    : When_a_text_is_like_no_other(() => PostgresRecord.Create(servers))
{
    /// <summary>A8: what was set aside is on record whatever came with it, and can be replayed.</summary>
    [Theory, MemberData(nameof(Names))]
    public async Task Should_record_and_replay_what_was_set_aside(string name)
    {
        var text = Of(name);
        var failed = ((PostgresRecord)Record).Of<IFailedMessages>();
        var id = Guid.CreateVersion7();
        await failed.Record(
            new Failure
            {
                Id = id,
                FailureId = id,
                Queue = text,
                Destination = $"exchange:{text}",
                MessageId = text,
                MessageTypes = [text, text],
                ContentType = text,
                Headers = JsonSerializer.Serialize(new Dictionary<string, string>(StringComparer.Ordinal) { ["X"] = text, [text] = "x" }),
                Explanation = new FailureExplanation(FailureKind.Failed, text, text, "failed-0123456789"),
                Body = [0, 1, 2],
            },
            CancellationToken.None
        );

        (await failed.Find(id, CancellationToken.None)).ShouldNotBeNull().Body.ShouldBe([0, 1, 2]);
        (await failed.Causes(10, CancellationToken.None)).ShouldHaveSingleItem();
        (await failed.Replay(new FailedMessageChoice(id, Cause: null), new ChangedBy(text, text), CancellationToken.None)).ShouldBe(1);
        (await TakeDue()).Count.ShouldBe(1);
    }
}

[Trait("Server", "PostgreSQL")]
public sealed class When_hosts_share_what_they_know_in_PostgreSQL(BusAndDatabase servers)
    : When_hosts_share_what_they_know(() => PostgresRecord.Create(servers))
{
    static readonly ChangedBy Ann = new("ann", "they have repaired it");

    /// <summary>
    /// A2: a host that has read what is known, and stands still then, keeps the others away for no longer than the server lets it.
    /// </summary>
    [Fact]
    public async Task Should_let_others_at_an_account_whose_host_stands_still()
    {
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: false);
        var hasTheAccount = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goesOn = new ManualResetEventSlim();
        var asked = 0;
        var stands = Task.Run(() =>
            ((PostgresRecord)Record)
                .Of<PostgresProviderHealth>()
                .Change(
                    "smtp",
                    limit: null,
                    (known, _) =>
                    {
                        if (++asked == 2)
                        {
                            hasTheAccount.SetResult();
                            goesOn.Wait();
                        }

                        return known with
                        {
                            Reason = "it stood still",
                        };
                    }
                )
        );
        await hasTheAccount.Task.WaitAsync(Patience);

        try
        {
            await AnotherHost.Health.Pause("smtp", Hour, "too many", cut: null).WaitAsync(Patience);
        }
        finally
        {
            goesOn.Set();
        }

        Outages.IsOutage(await Should.ThrowAsync<NpgsqlException>(stands)).ShouldBeTrue("it was idle in its transaction");
        (await Host.Controls.Load(CancellationToken.None)).HealthOf("smtp").Reason.ShouldBe("too many");
    }

    /// <summary>A2: whoever has an account to himself, such as a host whose standby hangs, keeps away only those who change it.</summary>
    [Fact]
    public async Task Should_wait_for_nobody_when_there_is_nothing_to_change()
    {
        await Host.Health.Open("open", Hour, "it does not answer", needsAttention: false);
        await Host.Health.Pause("paused", Hour, "too many", new RateCut(TooMuch: 16, Factor: 0.5, Least: 0.1, Limit: null));
        await using (await ((PostgresRecord)Record).Hold("provider_health", "true"))
        {
            var health = AnotherHost.Health;

            (await health.TryProbe("open", Lease)).ShouldBeFalse();
            await health.ProbeNotMade("open");
            (await health.TryProbe("paused", Lease)).ShouldBeFalse();
            await health.ProbePassed("paused", needed: 1);
            await health.RaiseLearnedRate("paused", factor: 2, interval: Hour, forgetAfter: Hour, limit: null);
            (await health.TryProbe("another", Lease)).ShouldBeFalse();

            var refused = await Should.ThrowAsync<PostgresException>(health.Pause("paused", 2 * Hour, "again", cut: null));
            (refused.SqlState, Outages.IsOutage(refused)).ShouldBe((PostgresErrorCodes.LockNotAvailable, true));
        }

        await AnotherHost.Health.Pause("paused", 2 * Hour, "again", cut: null);
        var known = (await Host.Controls.Load(CancellationToken.None)).Health;
        known.Keys.ShouldBe(["open", "paused"], ignoreOrder: true);
        known["paused"].Reason.ShouldBe("again");
    }

    /// <summary>
    /// A host learns the first rate of an account, and has not committed it, when an operator sets another: the learned one, which is
    /// lower, stays in force, and nobody is moved.
    /// </summary>
    [Fact]
    public async Task Should_move_nobody_when_a_lower_rate_is_being_learned()
    {
        var turn = Message(Record.Now + Hour) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);
        await using var learning = await ((PostgresRecord)Record).Begin(
            "INSERT INTO provider_health (account, learned_per_second) VALUES ('smtp', 0.05)"
        );

        var setting = Host.Controls.ChangeProvider(
            "smtp",
            new AccountOptions { PerSecond = 0.1 },
            _ => new ProviderControl { PerSecond = 10 },
            Ann,
            CancellationToken.None
        );
        await Task.WhenAny(setting, ((PostgresRecord)Record).UntilSomebodyWaits());
        await learning.Commit();
        await setting;

        await Record.Pass(Hour - Lease);
        (await TakeDue()).ShouldBeEmpty();
        await Record.Pass(Lease);
        (await TakeDue()).ShouldBe([turn.MessageId]);
    }
}

/// <summary>A database of its own, and two hosts that know nothing of each other.</summary>
sealed class PostgresRecord : RecordOfTheTest
{
    readonly NpgsqlDataSource _database;
    readonly List<ServiceProvider> _hosts = [];

    PostgresRecord(string database, TimeSpan? retention)
    {
        Database = database;
        _database = NpgsqlDataSource.Create(database);
        Host = StartHost(database, retention);
        AnotherHost = StartHost(database, retention);
    }

    /// <summary>Where it is.</summary>
    public string Database { get; }

    public override HostOfTheRecord Host { get; }

    public override HostOfTheRecord AnotherHost { get; }

    public static async Task<RecordOfTheTest> Create(BusAndDatabase servers) => await Open(await servers.CreateDatabase());

    /// <summary>Brings a database up to date.</summary>
    public static async Task<PostgresRecord> Open(string database, TimeSpan? retention = null)
    {
        var record = new PostgresRecord(database, retention);
        await record.Of<Schema>().EnsureReady(CancellationToken.None);
        return record;
    }

    /// <summary>A part of one of the two hosts that the flow does not know.</summary>
    public T Of<T>(int host = 0)
        where T : notnull => _hosts[host].GetRequiredService<T>();

    public IServiceProvider Services(int host = 0) => _hosts[host];

    public override DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>The database counts by its own clock, which nobody can move: so everything in it is moved into the past.</summary>
    public override async Task Pass(TimeSpan time)
    {
        await using var command = _database.CreateCommand(
            """
            WITH outgoing AS (UPDATE outgoing_message SET due_at = due_at - @time),
            slots AS (UPDATE provider_slot SET next_slot = next_slot - @time, next_transactional = next_transactional - @time),
            changes AS (UPDATE control_change SET at = at - @time, until = until - @time),
            failed AS (
                UPDATE failed_message SET first_failed_at = first_failed_at - @time, failed_at = failed_at - @time,
                    replayed_at = replayed_at - @time),
            unfinished AS (UPDATE unfinished_notification SET look_again_at = look_again_at - @time),
            texts AS (UPDATE template_deployment SET since = since - @time),
            repairs AS (UPDATE repair SET created_at = created_at - @time, lease_until = lease_until - @time),
            told AS (
                UPDATE subscription_delivery SET due_at = due_at - @time, leased_until = leased_until - @time,
                    created_at = created_at - @time),
            streams AS (UPDATE event_stream SET read_at = read_at - @time),
            streamed AS (UPDATE stream_event SET stored_at = stored_at - @time),
            health AS (
                UPDATE provider_health SET since = since - @time, open_until = open_until - @time, probe_until = probe_until - @time,
                    paused_until = paused_until - @time, rate_changed_at = rate_changed_at - @time)
            UPDATE delivery_attempt SET started_at = started_at - @time, lease_until = lease_until - @time,
                finished_at = finished_at - @time
            """
        );
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("time", time));
        await command.ExecuteNonQueryAsync();
    }

    public override async Task LetAllHaveHappenedAtOnce()
    {
        await using var command = _database.CreateCommand(
            """
            WITH failed AS (UPDATE failed_message SET first_failed_at = date_trunc('day', now()), failed_at = date_trunc('day', now())),
            outgoing AS (UPDATE outgoing_message SET due_at = date_trunc('day', now())),
            told AS (UPDATE subscription_delivery SET created_at = date_trunc('day', now()))
            UPDATE suppressed_address SET created_at = date_trunc('day', now())
            """
        );
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>An operator who has begun to change a notification, and went for lunch.</summary>
    public Task<IAsyncDisposable> Hold(Guid notificationId) => Hold("notification", $"id = '{notificationId}'");

    /// <summary>Another host that is at work on some rows, until disposed.</summary>
    public async Task<IAsyncDisposable> Hold(string table, string rows) => await Begin($"SELECT 1 FROM {table} WHERE {rows} FOR UPDATE");

    /// <summary>Another host that has begun something, and neither committed it nor given it up.</summary>
    public async Task<Begun> Begin(string sql)
    {
        var connection = await _database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand($"BEGIN; {sql}", connection);
        await command.ExecuteNonQueryAsync();
        return new Begun(connection);
    }

    /// <summary>Completes when statements wait for what was begun.</summary>
    public async Task UntilSomebodyWaits(int howMany = 1)
    {
        await using var command = _database.CreateCommand(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        );
        while (await command.ExecuteScalarAsync() is not long waiting || waiting < howMany)
            await Task.Delay(10, TestContext.Current.CancellationToken);
    }

    /// <summary>Changes the record behind the hosts' backs.</summary>
    /// <returns>How many rows.</returns>
    public async Task<int> Execute(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    public sealed class Begun(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async Task Commit()
        {
            await using var command = new NpgsqlCommand("COMMIT", connection);
            await command.ExecuteNonQueryAsync();
        }

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.GetRequiredService<PublishedMessages>().StopAsync(CancellationToken.None);
            await host.DisposeAsync();
        }

        await _database.DisposeAsync();
    }

    HostOfTheRecord StartHost(string database, TimeSpan? retention)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(Options.Create(new PostgresOptions()));
        Retention.Notifications = retention;
        services.AddSingleton(Options.Create(Retention));
        services.AddSingleton(Channels);
        services.AddSingleton<WaitingReadings>();
        services.AddPostgresStore(database);
        var host = services.BuildServiceProvider();
        _hosts.Add(host);
        _ = host.GetRequiredService<PublishedMessages>().StartAsync(CancellationToken.None);
        return new HostOfTheRecord(
            host.GetRequiredService<INotificationStore>(),
            host.GetRequiredService<IAttemptLedger>(),
            host.GetRequiredService<ISuppressions>(),
            host.GetRequiredService<IOutgoingMessages>(),
            host.GetRequiredService<IControls>(),
            host.GetRequiredService<IProviderHealth>(),
            host.GetRequiredService<IUnfinishedNotifications>(),
            host.GetRequiredService<IHeldDeliveries>(),
            host.GetRequiredService<IFailedMessages>(),
            host.GetRequiredService<INotificationQueries>(),
            host.GetRequiredService<IWithdrawals>(),
            host.GetRequiredService<IDailyCounts>(),
            host.GetRequiredService<IRepairs>(),
            host.GetRequiredService<ISubscriptions>(),
            host.GetRequiredService<IWebhookDeliveries>(),
            host.GetRequiredService<IEventStreams>(),
            host.GetRequiredService<ITemplateVersions>(),
            host.GetRequiredService<ITraffic>()
        );
    }
}
