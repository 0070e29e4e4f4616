using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.IntegrationTests;

public sealed class When_a_notification_is_cancelled(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_never_be_sent_wherever_it_waits_and_be_too_late_for_what_is_sent()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        gateway.Answers("200 OK");
        await using var record = new The_record(database);
        var settings = Settings(gateway);
        await using var first = await HostInProcess.Start(broker, database, settings);
        await using var second = await HostInProcess.Start(broker, database, settings);

        // Sent: it is too late.
        var sent = await The_shop.Places(first, "sent");
        await record.UntilDelivered(1, Soon);
        using (var late = await Cancel(second, sent))
        {
            late.StatusCode.ShouldBe(HttpStatusCode.Conflict);
            (await late.Content.ReadFromJsonAsync<JsonElement>())
                .GetProperty("detail")
                .GetString()
                .ShouldBe("It is delivered: what was sent cannot be called back. GET it to see what went out.");
        }

        // The channel is paused.
        await The_operator.SetsChannel("email", paused: true, "a wrong template", first, second);
        var paused = await The_shop.Places(first, "paused");
        await record.Until("SELECT count(*) FROM outgoing_message WHERE waits_for = 'channel email'", 1, Soon);
        await ShouldBeCancelled(second, paused);
        await The_operator.SetsChannel("email", paused: false, "mended", first, second);

        // One waits for its turn.
        await The_operator.SetsProvider(
            "gateway",
            new
            {
                perSecond = 0.02,
                by = "ann",
                why = "slowly",
            },
            one => one.TryGetProperty("perSecond", out _),
            first,
            second
        );
        var turns = new List<Guid>();
        for (var order = 0; order < 10; order++)
            turns.Add(await The_shop.Places(second, $"turn-{order}"));
        await record.Some("SELECT count(*) FROM outgoing_message WHERE waits_for LIKE '%gateway%'", Soon);
        await record.Until("SELECT count(*) FROM notification_overview WHERE event_id LIKE 'turn-%'", 10, Soon);
        var outcomes = new List<HttpStatusCode>();
        foreach (var turn in turns)
        {
            using var answer = await Cancel(first, turn);
            outcomes.Add(answer.StatusCode);
        }

        outcomes.ShouldAllBe(status => status == HttpStatusCode.OK || status == HttpStatusCode.Conflict);
        outcomes.Count(status => status == HttpStatusCode.OK).ShouldBeGreaterThan(5);
        await The_operator.SetsProvider(
            "gateway",
            new { by = "ann", why = "quickly" },
            one => !one.TryGetProperty("perSecond", out _),
            first,
            second
        );

        // The provider wants to be left alone.
        gateway.Answers("429 Too Many Requests", headers: "Retry-After: 3600\r\n");
        var putOff = await The_shop.Places(first, "put-off");
        await record.Until($"SELECT count(*) FROM outgoing_message WHERE notification_id = '{putOff}' AND input_id IS NULL", 1, Soon);
        await ShouldBeCancelled(first, putOff);
        gateway.Answers("200 OK");

        // All of it comes now, if it is still there.
        await record.LetAllBeDue();
        await record.UntilNothingIsOutgoing(Soon);
        foreach (var (id, mailbox) in turns.Select((id, order) => (id, $"turn-{order}@")).Append((paused, "paused@")))
        {
            var status = await record.Scalar<string>($"SELECT status FROM notification_overview WHERE id = '{id}'");
            var calls = gateway.Requests.Count(request => request.Body.Contains(mailbox, StringComparison.Ordinal));
            (status, calls).ShouldBe(status == "cancelled" ? ("cancelled", 0) : ("delivered", 1), mailbox);
        }

        gateway
            .Requests.Count(request => request.Body.Contains("put-off@", StringComparison.Ordinal))
            .ShouldBe(1, "the call that was refused");
        (
            await record.Scalar<string>(
                $"SELECT concat_ws('|', status, cancelled_on[1], reason) FROM notification_overview WHERE id = '{paused}'"
            )
        ).ShouldBe("cancelled|email|cancelled by ann: it is sold");
        (
            await record.Scalar<string>(
                $"SELECT concat_ws('|', status, attempts, cancellation) FROM delivery_overview WHERE notification_id = '{paused}'"
            )
        ).ShouldBe("cancelled|0|cancelled by ann: it is sold");
        (await record.Notifications("completed_at IS NULL")).ShouldBe(0);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    [Fact]
    public async Task Should_be_so_for_a_service_that_publishes_it_before_its_event_is_taken()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        gateway.Answers("200 OK");
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database, Settings(gateway));
        await The_operator.SetsChannel("email", paused: true, "not yet", host);
        await using var service = await PlainAmqpProducer.Connect(broker);

        Guid id;
        await using (await record.HoldBackNewNotifications())
        {
            id = await The_shop.Places(host, "hardly-accepted");
            await service.Publish(
                "CancelNotification",
                new JsonObject
                {
                    ["notificationId"] = $"{id}",
                    ["by"] = "shop",
                    ["why"] = "it is sold",
                }
            );
            await record.Some(
                "SELECT count(*) FROM outgoing_message WHERE destination = 'exchange:notifications' "
                    + "AND message_types LIKE '%CancelNotification%'",
                Soon
            );
        }

        await record.Until(
            $"SELECT count(*) FROM notification_overview WHERE id = '{id}' AND status = 'cancelled' "
                + "AND reason = 'cancelled by shop: it is sold'",
            1,
            Soon
        );
        gateway.Requests.ShouldBeEmpty();
        await The_broker.ShouldHaveNoStrays(broker);
    }

    static Dictionary<string, string> Settings(ScriptedHttpServer gateway) =>
        new(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "gateway",
            ["Providers:gateway:Type"] = "http",
            ["Providers:gateway:Url"] = $"{gateway.Url}",
            ["EventTypes:order-placed:Channels"] = "email",
        };

    static async Task ShouldBeCancelled(HostInProcess host, Guid id)
    {
        using var answer = await Cancel(host, id);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    static Task<HttpResponseMessage> Cancel(HostInProcess host, Guid id) =>
        host.Client.PostAsJsonAsync($"/v1/notifications/{id}/cancel", new { by = "ann", why = "it is sold" });
}
