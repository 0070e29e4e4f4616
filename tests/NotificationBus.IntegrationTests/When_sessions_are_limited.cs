using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Postgres;
using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>A19: what the database allows a session.</summary>
public sealed class When_sessions_are_limited(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(4);

    /// <summary>A19: limits that are meant for people who forget their session do not end those of a pool, which listen and wait.</summary>
    [Fact]
    public async Task Should_keep_its_sessions_and_be_on_time()
    {
        var (broker, owner) = await servers.CreateBoth();
        var (database, user) = await When_a_server_only_reads.RoleOf(owner);
        await using var record = new The_record(owner);
        foreach (
            var (limit, value) in ((string, string)[])
                [
                    ("idle_session_timeout", "500ms"),
                    ("idle_in_transaction_session_timeout", "100ms"),
                    ("statement_timeout", "500ms"),
                    ("lock_timeout", "500ms"),
                ]
        )
            await record.Execute($"ALTER ROLE {user} SET {limit} = '{value}'");
        await using var host = await HostInProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);

        await record.Some(
            $"SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}' AND state = 'idle' AND query LIKE 'LISTEN%' "
                + "AND state_change < now() - interval '2 seconds'",
            Soon
        );

        (
            await record.Scalar<long>(
                $"SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}' AND backend_start < now() - interval '2 seconds'"
            )
        ).ShouldBeGreaterThan(2);
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/suppressions",
            new
            {
                channel = "email",
                address = "som@example.com",
                by = "ann",
                why = "asked",
            }
        );
        ((int)answer.StatusCode).ShouldBeLessThan(300, await answer.Content.ReadAsStringAsync());
        await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment("order-1"));
        await record.UntilDelivered(1, Soon);
        host.Output.Lines()
            .ShouldNotContain(line => line.Contains("57P05", StringComparison.Ordinal) || line.Contains("57014", StringComparison.Ordinal));
    }

    /// <summary>A19: nor does any of them hold for a session that works, whichever pool it is from.</summary>
    [
        Theory,
        InlineData("idle_session_timeout"),
        InlineData("idle_in_transaction_session_timeout"),
        InlineData("statement_timeout"),
        InlineData("lock_timeout")
    ]
    public async Task Should_work_without_the_limits_of_its_user(string limit)
    {
        var owner = await servers.CreateDatabase();
        var (database, user) = await When_a_server_only_reads.RoleOf(owner);
        await using (var operators = new The_record(owner))
            await operators.Execute($"ALTER ROLE {user} SET {limit} = '12345ms'");
        await using var record = await PostgresRecord.Open(database);

        foreach (
            var pool in (NpgsqlDataSource[])
                [record.Of<NpgsqlDataSource>(), record.Services().GetRequiredKeyedService<NpgsqlDataSource>(PostgresSetup.Operators)]
        )
        {
            await using var command = pool.CreateCommand($"SHOW {limit}");
            (await command.ExecuteScalarAsync()).ShouldBe("0");
        }
    }

    /// <summary>A19: what is written into the connection string is meant for the host, and holds.</summary>
    [Fact]
    public async Task Should_leave_a_limit_that_its_own_connection_string_sets()
    {
        var database = new NpgsqlConnectionStringBuilder(await servers.CreateDatabase())
        {
            Options = "-c statement_timeout=12345",
        }.ConnectionString;
        await using var record = await PostgresRecord.Open(database);

        await using var command = record.Of<NpgsqlDataSource>().CreateCommand("SHOW statement_timeout");
        (await command.ExecuteScalarAsync()).ShouldBe("12345ms");
    }

    /// <summary>A19: the smallest pool that is taken works.</summary>
    [Fact]
    public async Task Should_work_with_the_smallest_pool()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(
            broker,
            new NpgsqlConnectionStringBuilder(database) { MaxPoolSize = 3 }.ConnectionString
        );
        await using var producer = await PlainAmqpProducer.Connect(broker);

        for (var number = 0; number < 50; number++)
            await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment($"order-{number}"));

        await using var record = new The_record(database);
        await record.UntilDelivered(50, Soon);
        using var ready = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        ready.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>A19: where the server has room for no more than those that listen, a host would never be ready.</summary>
    [Theory, InlineData("ROLE"), InlineData("DATABASE")]
    public async Task Should_refuse_a_server_that_has_no_room_for_it(string whose)
    {
        var owner = await servers.CreateDatabase();
        var (database, user) = await When_a_server_only_reads.RoleOf(owner);
        await using var record = new The_record(owner);
        await record.Execute(
            $"ALTER {whose} {(whose == "ROLE" ? user : new NpgsqlConnectionStringBuilder(owner).Database)} CONNECTION LIMIT 3"
        );

        var refusal = await Should.ThrowAsync<SettingsException>(PostgresRecord.Open(database));

        refusal.Message.ShouldBe(
            "ConnectionStrings:Postgres: the server lets this user have 3 connections (CONNECTION LIMIT of the role or the database, "
                + "or max_connections); a host listens on two all the time, works on others and serves operators, so that 4 is the least"
        );
    }

    /// <summary>A19: the fewest that are taken work, and it is said that they are few.</summary>
    [Fact]
    public async Task Should_work_with_the_fewest_connections_and_warn()
    {
        var (broker, owner) = await servers.CreateBoth();
        var (database, user) = await When_a_server_only_reads.RoleOf(owner);
        await using var record = new The_record(owner);
        await record.Execute($"ALTER ROLE {user} CONNECTION LIMIT 4");
        await using var host = await HostInProcess.Start(
            broker,
            new NpgsqlConnectionStringBuilder(database) { MaxPoolSize = 3 }.ConnectionString
        );
        await using var producer = await PlainAmqpProducer.Connect(broker);

        for (var number = 0; number < 50; number++)
            await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment($"order-{number}"));

        await record.UntilDelivered(50, Soon);
        using var ready = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        ready.StatusCode.ShouldBe(HttpStatusCode.OK);
        await host
            .Output.Line(line =>
                line.Contains(
                    "the server lets this user have 4 connections for all hosts together, and one host opens up to 11",
                    StringComparison.Ordinal
                )
            )
            .WaitAsync(Soon);
    }

    /// <summary>
    /// A19: sessions that ended while nobody used them, by hand or by a limit of the connection string, are not what the next callers are
    /// told of.
    /// </summary>
    [Theory, InlineData(""), InlineData("-c idle_session_timeout=1000")]
    public async Task Should_answer_operators_when_pooled_sessions_have_ended(string options)
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(
            broker,
            new NpgsqlConnectionStringBuilder(database) { Options = options, ApplicationName = "host" }.ConnectionString
        );
        foreach (var many in (int[])[1, 3])
        {
            await Task.WhenAll(Enumerable.Range(0, many).Select(_ => Ask()));
            var asked = await record.Scalar<string>("SELECT now()::text");
            if (options.Length == 0)
                await record.Execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'host' AND state = 'idle' "
                        + "AND datname = current_database()"
                );
            else
                await record.Until(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'host' AND state = 'idle' "
                        + $"AND datname = current_database() AND state_change < '{asked}'",
                    0,
                    Soon
                );

            for (var call = 0; call < 6; call++)
                (await Ask()).ShouldBe(HttpStatusCode.OK);
        }

        async Task<HttpStatusCode> Ask()
        {
            using var answer = await host.Client.GetAsync(new Uri("/v1/failed-messages", UriKind.Relative));
            return answer.StatusCode;
        }
    }

    /// <summary>A19: whoever listened and was cut off listens anew at once.</summary>
    [Fact]
    public async Task Should_listen_anew_when_the_connection_is_ended()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var operators = new The_record(database);
        var waiting = record.Host.Controls.WaitForChange(Soon, CancellationToken.None);
        await waiting;
        waiting = record.Host.Controls.WaitForChange(Soon, CancellationToken.None);

        await operators.Some("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'", Soon);
        await operators.Execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        );

        await waiting.WaitAsync(Soon);
        await record.Host.Controls.WaitForChange(Soon, CancellationToken.None).WaitAsync(Soon);
        (
            await operators.Scalar<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
        ).ShouldBe(1);
    }
}
