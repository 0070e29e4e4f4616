using System.Diagnostics;
using System.Net;
using NotificationBus.IntegrationTests.Servers;
using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>A3: a server that answers, and does not take what is written.</summary>
public sealed class When_a_server_only_reads(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    /// <summary>A3: the old primary comes back as a standby, and its connections stood in the pool.</summary>
    [Fact]
    public async Task Should_go_on_with_the_one_that_writes_after_a_switch_over()
    {
        var broker = await servers.CreateVirtualHost();
        await using var pair = await PostgresPair.Start();
        await using var host = await HostInProcess.Start(broker, pair.Database);
        await using var producer = await PlainAmqpProducer.Connect(broker);
        await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment("before"));
        await using (var before = new The_record(pair.OnThePrimary))
            await before.UntilDelivered(1, Soon);

        await pair.Primary.Stop();
        await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment("between"));
        await pair.Standby.Promote();
        await pair.Primary.Follow(pair.Standby);
        await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment("after"));

        await using var record = new The_record(pair.OnTheStandby);
        await record.UntilDelivered(3, Soon);
        await Answers(host, HttpStatusCode.OK);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message")).ShouldBe(0);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    /// <summary>A3: not ready as long as its user may only read, and at work as soon as that is over.</summary>
    [Fact]
    public async Task Should_not_be_ready_and_wait_until_it_may_write_again()
    {
        var (broker, owner) = await servers.CreateBoth();
        var (database, user) = await RoleOf(owner);
        await using var host = await HostInProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);
        await using var record = new The_record(owner);

        await record.Execute($"ALTER ROLE {user} SET default_transaction_read_only = on");
        await record.EndSessionsOf(user);
        await Answers(host, HttpStatusCode.ServiceUnavailable);
        await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment("meanwhile"));
        await record.Execute($"ALTER ROLE {user} RESET default_transaction_read_only");

        await record.UntilDelivered(1, Soon);
        await Answers(host, HttpStatusCode.OK);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message")).ShouldBe(0);
    }

    /// <summary>A3: sessions that were there before learn of it by 25006, and are not used again.</summary>
    [Fact]
    public async Task Should_close_the_connections_on_which_it_was_refused()
    {
        const int Size = 5;
        var database = new NpgsqlConnectionStringBuilder(await servers.CreateDatabase()) { MaxPoolSize = Size }.ConnectionString;
        await using var record = await PostgresRecord.Open(database);
        var pool = record.Of<NpgsqlDataSource>();
        var sessions = await Task.WhenAll(Enumerable.Range(0, Size).Select(_ => pool.OpenConnectionAsync().AsTask()));
        foreach (var session in sessions)
        {
            await using var command = new NpgsqlCommand("SET default_transaction_read_only = on", session);
            await command.ExecuteNonQueryAsync();
            await session.DisposeAsync();
        }

        await Should.ThrowAsync<PostgresException>(
            record.Host.Suppressions.Add(new("email", "two@example.com", null, "asked", "somebody"), CancellationToken.None)
        );
        (
            await record.Host.Suppressions.Add(new("email", "two@example.com", null, "asked", "somebody"), CancellationToken.None)
        ).ShouldBeTrue();
    }

    /// <summary>A3: no start on a standby without a word.</summary>
    [Fact]
    public async Task Should_not_start_on_a_standby()
    {
        var broker = await servers.CreateVirtualHost();
        await using var pair = await PostgresPair.Start();

        await using var host = HostProcess.Launch(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Transport"] = "RabbitMq",
                ["ConnectionStrings:RabbitMq"] = $"{broker}",
                ["ConnectionStrings:Postgres"] = pair.OnTheStandby,
                ["Postgres:StartTimeout"] = "00:00:02",
            }
        );

        (await host.Exit.WaitAsync(Soon)).ShouldBe(2, $"{host.Output}");
        host.Output.Lines()[^1]
            .ShouldStartWith($"ConnectionStrings:Postgres: PostgreSQL at {pair.Standby.Address} is a standby, which only reads");
    }

    /// <summary>A user who owns everything in a database and is no superuser, and the database as he reaches it.</summary>
    internal static async Task<(string Database, string User)> RoleOf(string owner)
    {
        var user = $"nbtest_{Guid.CreateVersion7():N}";
        await using var record = new The_record(owner);
        await record.Execute($"CREATE ROLE {user} LOGIN PASSWORD 'canary'; GRANT ALL ON SCHEMA public TO {user}");
        await record.Execute(
            $"""
            DO $$ DECLARE thing record; BEGIN
                FOR thing IN SELECT oid::regclass AS name, relkind FROM pg_class
                    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') LOOP
                    EXECUTE format('ALTER %s %s OWNER TO {user}', CASE thing.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, thing.name);
                END LOOP;
                FOR thing IN SELECT oid::regprocedure AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace LOOP
                    EXECUTE format('ALTER FUNCTION %s OWNER TO {user}', thing.name);
                END LOOP;
            END $$
            """
        );
        return (new NpgsqlConnectionStringBuilder(owner) { Username = user, Password = "canary" }.ConnectionString, user);
    }

    static async Task Answers(HostInProcess host, HttpStatusCode wanted)
    {
        var waiting = Stopwatch.StartNew();
        while (true)
        {
            using var answer = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            if (answer.StatusCode == wanted)
                return;
            if (waiting.Elapsed > Soon)
                throw new TimeoutException(
                    $"ready still answers {answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}\n{host.Output}"
                );

            await Task.Delay(100);
        }
    }
}
