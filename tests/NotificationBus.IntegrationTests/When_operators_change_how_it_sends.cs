using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// Event types and breakers are changed on one host, and hold on the other: for what begins from then on, and after both have been away.
/// </summary>
public sealed class When_operators_change_how_it_sends(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_plan_what_begins_by_it_on_every_host_and_after_a_kill_and_leave_what_has_begun_its_plan()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["EventTypes:order-placed:Channels"] = "email" };
        await using var first = await HostProcess.Start(broker, database, settings);
        await using var second = await HostProcess.Start(broker, database, settings);
        await The_operator.SetsChannel("email", paused: true, "a wrong template", first, second);
        foreach (var order in Enumerable.Range(1, 10))
            await The_shop.Places(order % 2 == 0 ? first : second, $"before-{order}", pushToken: "demo-token");
        await record.Until("SELECT count(*) FROM outgoing_message WHERE waits_for = 'channel email'", 10, Soon);

        await SetsEventType(
            first,
            new
            {
                channels = new[] { "push" },
                by = "ann",
                why = "mail is down",
            }
        );
        await SeesVersion(1, second);
        foreach (var order in Enumerable.Range(1, 10))
            await The_shop.Places(second, $"after-{order}", pushToken: "demo-token");
        await record.UntilDelivered(10, Soon);

        // What is set is in the record, and neither host has to be there for it.
        await first.Kill();
        await second.Kill();
        await using var third = await HostProcess.Start(broker, database, settings);
        await SeesVersion(1, third);
        await The_shop.Places(third, "restarted", pushToken: "demo-token");
        await record.UntilDelivered(11, Soon);
        await The_operator.SetsChannel("email", paused: false, "mended", third);
        await record.UntilDelivered(21, Soon);

        await SetsEventType(third, new { by = "ann", why = "mail is back" });
        await The_shop.Places(third, "as-configured", pushToken: "demo-token");
        await record.UntilDelivered(22, Soon);

        (
            await record.Scalar<string>(
                "SELECT string_agg(concat_ws(' ', kind, channel, deliveries), ', ' ORDER BY kind) FROM ("
                    + "SELECT split_part(event_id, '-', 1) AS kind, channel, count(*) AS deliveries "
                    + "FROM delivery_overview JOIN notification n ON n.id = notification_id GROUP BY 1, 2) AS counted"
            )
        ).ShouldBe("after push 10, as email 1, before email 10, restarted push 1");
        (
            await record.Scalar<string>(
                "SELECT string_agg(DISTINCT code || ' ' || text, ', ') FROM decision WHERE by = 'planner' AND delivery_id IS NULL"
            )
        ).ShouldBe("planned planned by version 1 of what operators have set for order-placed");
        (
            await record.Scalar<string>(
                "SELECT string_agg(concat_ws('|', who, why, before, after), E'\\n' ORDER BY number) FROM control_change "
                    + "WHERE subject = 'event-type order-placed'"
            )
        ).ShouldBe(
            """
            ann|mail is down|{"switch": "on", "version": 0}|{"switch": "on", "version": 1, "channels": ["push"]}
            ann|mail is back|{"switch": "on", "version": 1, "channels": ["push"]}|{"switch": "on", "version": 2}
            """
        );
    }

    /// <summary>The only account fails until it is left alone for an hour, and what is to be sent waits for as long.</summary>
    [Fact]
    public async Task Should_send_what_waits_for_a_circuit_as_soon_as_its_break_is_shortened_on_another_host()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        await using var record = new The_record(database);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "gateway",
            ["Providers:gateway:Type"] = "http",
            ["Providers:gateway:Url"] = $"{gateway.Url}",
            ["Providers:gateway:Circuit:OpenFor"] = "01:00:00",
            ["EventTypes:order-placed:Channels"] = "email",
        };
        await using var first = await HostProcess.Start(broker, database, settings);
        await using var second = await HostInProcess.Start(broker, database, settings);
        gateway.Answers("503 Service Unavailable");
        foreach (var order in Enumerable.Range(1, 5))
            await The_shop.Places(first, $"waits-{order}");
        await The_operator.Sees(first, "/v1/providers", all => Gateway(all).GetProperty("circuit").GetString() == "open");
        await record.Until("SELECT count(*) FROM outgoing_message WHERE waits_for = 'provider of email'", 5, Soon);
        gateway.Answers("200 OK");

        await The_operator.Asks(
            second,
            HttpMethod.Put,
            "/v1/providers/gateway/breaker",
            new
            {
                openFor = "00:00:01",
                halfOpenCalls = 1,
                by = "ann",
                why = "they are back",
            }
        );

        foreach (var host in (IRunningHost[])[first, second])
            await The_operator.Sees(
                host,
                "/v1/providers",
                all => Gateway(all).GetProperty("breaker").GetProperty("openFor").GetString() == "00:00:01"
            );
        await record.UntilDelivered(5, Soon);
        await The_operator.Sees(first, "/v1/providers", all => Gateway(all).GetProperty("circuit").GetString() == "closed");

        // The next time it is open for as long as was set, also on the host that was told, and after it has been away.
        await first.Kill();
        await using var third = await HostProcess.Start(broker, database, settings);
        var shown = Gateway(await The_operator.Sees(third, "/v1/providers", _ => true));
        shown.GetProperty("breakerSet").GetRawText().ShouldBe("""{"openFor":"00:00:01","halfOpenCalls":1}""");
        shown.GetProperty("breakerConfigured").GetProperty("openFor").GetString().ShouldBe("01:00:00");
    }

    static JsonElement Gateway(JsonElement all) =>
        all.GetProperty("providers").EnumerateArray().First(one => one.GetProperty("account").GetString() == "gateway");

    static Task SetsEventType(IRunningHost host, object setting) =>
        The_operator.Asks(host, HttpMethod.Put, "/v1/event-types/order-placed", setting);

    static Task<JsonElement> SeesVersion(int version, IRunningHost host) =>
        The_operator.Sees(
            host,
            "/v1/event-types",
            all =>
                all.GetProperty("eventTypes")
                    .EnumerateArray()
                    .Single(one => one.GetProperty("category").GetString() == "order-placed")
                    .GetProperty("version")
                    .GetInt32() == version
        );
}
