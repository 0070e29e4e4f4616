using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;
using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>A real standby: what people list is read there, and nothing that decides.</summary>
public sealed class When_lists_are_read_from_a_replica(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_be_read_there_while_it_is_in_step_and_else_from_the_primary()
    {
        var broker = await servers.CreateVirtualHost();
        await using var pair = await PostgresPair.Start();
        await using var host = await HostInProcess.Start(
            broker,
            pair.OnThePrimary,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:PostgresReplica"] = pair.OnTheStandby }
        );
        await using var producer = await PlainAmqpProducer.Connect(broker);
        await using var record = new The_record(pair.OnThePrimary);
        await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment("first"));
        await record.UntilDelivered(1, Soon);
        await Until(host, details => details is null, "it has come into step");
        await Listed(host, 1);

        // It stays as it is, and answers.
        await pair.Standby.Execute("SELECT pg_wal_replay_pause()");
        await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment("second"));
        await record.UntilDelivered(2, Soon);
        (await Found(host)).ShouldBe(1, "it was read from the replica");

        await Until(host, details => details?.Contains("is behind", StringComparison.Ordinal) == true, "it is too far behind");
        (await Found(host)).ShouldBe(2, "it was read from the primary");

        await pair.Standby.Execute("SELECT pg_wal_replay_resume()");
        await Until(host, details => details is null, "it has caught up");
        await Listed(host, 2);

        // Gone, and nothing waits for it.
        await pair.Primary.WaitFor(standby: false);
        await pair.Standby.Kill();
        (await Found(host)).ShouldBe(2);
        await Until(host, details => details?.Contains("from the primary", StringComparison.Ordinal) == true, "it is gone");
        await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment("third"));
        await record.UntilDelivered(3, Soon);
        (await Found(host)).ShouldBe(3);

        await pair.Standby.Restart();
        await Until(host, details => details is null, "it is back");
        await Listed(host, 3);
    }

    [Fact]
    public async Task Should_not_be_read_from_what_is_no_copy()
    {
        var (broker, database) = await servers.CreateBoth();
        var other = await servers.CreateDatabase();

        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:PostgresReplica"] = other }
        );

        (await Details(host)).ShouldNotBeNull().ShouldContain("is no copy of ConnectionStrings:Postgres");
        (await Found(host)).ShouldBe(0);
    }

    /// <summary>Whoever looks is told so, and holds no connection for longer.</summary>
    [Fact]
    public async Task Should_end_what_the_console_waits_for_in_vain()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        await using var locked = NpgsqlDataSource.Create(database);
        await using var connection = await locked.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = new NpgsqlCommand("LOCK TABLE notification IN ACCESS EXCLUSIVE MODE", connection))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        using var refused = await host.Client.GetAsync(new Uri("/notifications.csv", UriKind.Relative));

        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, "it is still locked");
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        using var there = await host.Client.GetAsync(new Uri("/notifications.csv", UriKind.Relative));
        there.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    static async Task Listed(HostInProcess host, int count)
    {
        using var patience = new CancellationTokenSource(Soon);
        while (await Found(host) != count)
            await Task.Delay(50, patience.Token);
    }

    static async Task<int> Found(HostInProcess host) =>
        (await host.Client.GetFromJsonAsync<JsonElement>("/v1/notifications")).GetProperty("notifications").GetArrayLength();

    static async Task Until(HostInProcess host, Func<string?, bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(Soon);
        while (!condition(await Details(host)))
        {
            patience.IsCancellationRequested.ShouldBeFalse($"{what}: {await Details(host)}");
            await Task.Delay(100, CancellationToken.None);
        }
    }

    static async Task<string?> Details(HostInProcess host)
    {
        using var answer = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, "it is ready without a replica");
        var health = await answer.Content.ReadFromJsonAsync<JsonElement>();
        health.GetProperty("checks").TryGetProperty("postgres-replica", out _).ShouldBeTrue();
        return health.GetProperty("details").TryGetProperty("postgres-replica", out var details) ? details.GetString() : null;
    }
}
