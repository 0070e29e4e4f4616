using System.Text.Json.Nodes;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Model;
using NotificationBus.Providers;
using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// A2: the primary commits for itself alone, because its standby does not answer and somebody lost patience. Then it is gone, and the
/// standby takes over.
/// </summary>
public sealed class When_the_standby_hangs(BusAndDatabase servers)
{
    const int Count = 60;

    // The time limit of a command cancels the wait for the standby: the server then answers as if all were well.
    const string ImpatientHost = ";Command Timeout=1;Timeout=5";

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    /// <summary>A2: not acknowledged before it is on the standby, and done again on the server that takes over.</summary>
    [Fact]
    public async Task Should_lose_nothing_that_was_taken_meanwhile()
    {
        var broker = await servers.CreateVirtualHost();
        await using var pair = await PostgresPair.Start();
        await using var host = await HostInProcess.Start(broker, pair.Database + ImpatientHost);
        await Publish(broker, "before", 5);
        await using (var before = new The_record(pair.OnThePrimary))
        {
            await before.UntilDelivered(5, Soon);

            pair.Standby.Freeze();
            await Publish(broker, "meanwhile", Count);
            await before.Until("SELECT least(count(*), 1) FROM notification_overview WHERE event_id LIKE 'meanwhile%'", 1, Soon);
        }

        await pair.Primary.Kill();
        pair.Standby.Thaw();
        await pair.Standby.Promote();

        await ShouldHaveAll(pair, broker);
    }

    /// <summary>A2: another host finds what is only local, and does not take it for kept.</summary>
    [Fact]
    public async Task Should_lose_nothing_that_another_host_finds_done()
    {
        var broker = await servers.CreateVirtualHost();
        await using var pair = await PostgresPair.Start();
        await using (var killed = await HostProcess.Start(broker, pair.Database + ImpatientHost))
        {
            await Publish(broker, "before", 5);
            await using var before = new The_record(pair.OnThePrimary);
            await before.UntilDelivered(5, Soon);

            pair.Standby.Freeze();
            await Publish(broker, "meanwhile", Count);
            await before.Until("SELECT least(count(*), 1) FROM notification_overview WHERE event_id LIKE 'meanwhile%'", 1, Soon);
            await killed.Kill();
        }

        await using var host = await HostInProcess.Start(broker, pair.Database + ImpatientHost);
        await using (var confirmations = new The_record(pair.OnThePrimary))
            await confirmations.Some(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%pg_logical_emit_message%'",
                Soon
            );

        await pair.Primary.Kill();
        pair.Standby.Thaw();
        await pair.Standby.Promote();

        await ShouldHaveAll(pair, broker);
    }

    /// <summary>
    /// A2: the wait for an outcome is ended by hand. It is on the primary then, so that the repetition has nothing to write, and waits all
    /// the same.
    /// </summary>
    [Theory, InlineData("record"), InlineData("claim"), InlineData("read"), InlineData("cancel")]
    public async Task Should_not_take_an_outcome_for_kept_that_is_found(string how)
    {
        await using var pair = await PostgresPair.Start();
        await using var record = await PostgresRecord.Open(pair.OnThePrimary);
        await using var primary = new The_record(pair.OnThePrimary);
        var ledger = record.Host.Ledger;
        var call = new DeliveryAttempt
        {
            DeliveryId = Guid.CreateVersion7(),
            NotificationId = Guid.CreateVersion7(),
            Number = 1,
            Channel = "email",
            Provider = "first",
            Status = AttemptStatus.Started,
        };
        (await Claim()).Granted.ShouldBeTrue();

        pair.Standby.Freeze();
        var recording = Record();
        await primary.Some($"SELECT count(*) FROM ({Waiting}) AS w", Soon);
        await primary.Execute(Waiting.Replace("SELECT pid", "SELECT pg_terminate_backend(pid)", StringComparison.Ordinal));
        await Should.ThrowAsync<NpgsqlException>(recording);
        await primary.Some("SELECT count(*) FROM delivery_attempt WHERE status = 'Accepted'", Soon);

        Task again = how switch
        {
            "record" => Record(),
            "claim" => Claim(),
            "read" => ledger.AttemptsOf(call.NotificationId, call.DeliveryId, CancellationToken.None),
            _ => ledger.Cancel(call.NotificationId, call.DeliveryId, "email", "sold", CancellationToken.None),
        };
        await await Task.WhenAny(again, primary.Some($"SELECT count(*) FROM ({Waiting}) AS w", Soon));
        again.IsCompleted.ShouldBeFalse("what was found is on one server only");

        pair.Standby.Thaw();
        await again.WaitAsync(Soon);

        Task<AttemptClaim> Claim() => ledger.Claim(call, "som@example.com", "order-placed", Soon, CancellationToken.None);
        Task<bool> Record() =>
            ledger.Record(
                call with
                {
                    Status = AttemptStatus.Accepted,
                    ProviderMessageId = "message-1",
                },
                suppressedAddress: null,
                CancellationToken.None
            );
    }

    const string Waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'";

    static async Task ShouldHaveAll(PostgresPair pair, Uri broker)
    {
        await using var record = new The_record(pair.OnTheStandby);
        await record.UntilDelivered(5 + Count, Soon);
        await The_broker.HasNothingToDo(broker, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message")).ShouldBe(0);
        (await record.Deliveries("attempts > 1")).ShouldBe(0, "nothing was sent before its claim was on both servers");
    }

    static async Task Publish(Uri broker, string run, int count)
    {
        await using var producer = await PlainAmqpProducer.Connect(broker);
        for (var number = 0; number < count; number++)
            await producer.Publish("OrderShipped", Shipment($"{run}-{number}"));
    }

    internal static JsonObject Shipment(string id) =>
        new()
        {
            ["eventId"] = id,
            ["orderId"] = id,
            ["product"] = "Blue ceramic bowl",
            ["carrier"] = "Thailand Post",
            ["buyer"] = new JsonObject
            {
                ["id"] = $"buyer-of-{id}",
                ["locale"] = "en",
                ["pushTokens"] = new JsonArray("demo-token"),
            },
        };
}
