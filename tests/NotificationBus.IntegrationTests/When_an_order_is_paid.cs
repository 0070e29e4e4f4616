using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Contracts;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.IntegrationTests;

/// <summary>18.1: a reminder of an order that was paid is never sent, whichever comes first.</summary>
public sealed class When_an_order_is_paid(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_send_no_reminder_that_comes_later_on_any_host()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        gateway.Answers("200 OK");
        await using var record = new The_record(database);
        await using var first = await HostInProcess.Start(broker, database, Settings(gateway));
        await using var second = await HostInProcess.Start(broker, database, Settings(gateway));
        await using var service = await PlainAmqpProducer.Connect(broker);

        for (var order = 0; order < 50; order++)
            await service.Publish("OrderPaid", new JsonObject { ["orderId"] = $"{order}", ["eventId"] = $"paid-{order}" });
        await record.Until("SELECT count(*) FROM withdrawal", 50, Soon);
        for (var order = 0; order < 60; order++)
            await Remind(order % 2 == 0 ? first : second, $"{order}");

        await record.Until("SELECT count(*) FROM notification_overview WHERE completed_at IS NOT NULL", 60, Soon);
        (await record.Scalar<long>("SELECT count(*) FROM notification_overview WHERE status = 'cancelled'")).ShouldBe(50);
        (await record.Scalar<long>("SELECT count(*) FROM notification_overview WHERE status = 'delivered'")).ShouldBe(10);
        gateway.Requests.Count.ShouldBe(10);
        (
            await record.Scalar<string>(
                "SELECT DISTINCT concat_ws('|', d.by, d.code, d.text) FROM decision d JOIN notification n ON n.id = d.notification_id "
                    + "WHERE d.final AND n.keys ->> 'order' = '7'"
            )
        ).ShouldBe("operator|withdrawn|withdrawn by order-paid: order:7");
        await The_broker.ShouldHaveNoStrays(broker);
    }

    [Fact]
    public async Task Should_withdraw_or_have_sent_and_never_both_when_both_happen_at_the_same_moment()
    {
        const int Orders = 300;
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        gateway.Answers("200 OK");
        await using var record = new The_record(database);
        await using var first = await HostInProcess.Start(broker, database, Settings(gateway));
        await using var second = await HostInProcess.Start(broker, database, Settings(gateway));

        await Task.WhenAll(
            Enumerable
                .Range(0, Orders)
                .Select(async order =>
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(10 * order));
                    await Task.WhenAll(Later(() => Remind(first, $"{order}")), Later(() => Pay(second, $"{order}")));
                })
        );

        await record.Until("SELECT count(*) FROM notification_overview WHERE completed_at IS NOT NULL", Orders, Soon);
        await record.Until("SELECT count(*) FROM withdrawal", Orders, Soon);
        var withdrawn = await record.Scalar<long>("SELECT count(*) FROM notification_overview WHERE status = 'cancelled'");
        var sent = await record.Scalar<long>("SELECT count(*) FROM notification_overview WHERE status = 'delivered'");
        (withdrawn + sent).ShouldBe(Orders);
        withdrawn.ShouldBeGreaterThan(0);
        gateway.Requests.Count.ShouldBe((int)sent);
        (
            await record.Scalar<long>(
                "SELECT count(*) FROM notification n JOIN delivery_attempt a ON a.notification_id = n.id WHERE n.state = 'Cancelled' "
                    + "AND a.status <> 'Cancelled'"
            )
        ).ShouldBe(0);
        await The_broker.ShouldHaveNoStrays(broker);

        static async Task Later(Func<Task> happen)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(50)));
            await happen();
        }
    }

    [Fact]
    public async Task Should_say_over_HTTP_what_became_of_each_and_forget_what_is_over()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        gateway.Answers("200 OK");
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database, Settings(gateway));
        await Remind(host, "4711");
        await record.UntilDelivered(1, Soon);
        await The_operator.SetsChannel("email", paused: true, "not yet", host);
        await Remind(host, "4711", "again");
        await record.Until("SELECT count(*) FROM outgoing_message WHERE waits_for = 'channel email'", 1, Soon);

        var preview = await Withdraw(host, preview: true);
        preview.GetProperty("statuses").GetRawText().ShouldBe("""{"delivered":1,"sending":1}""");
        var answer = await Withdraw(host, preview: false);

        (Count(answer, "withdrawn"), Count(answer, "sent"), Count(answer, "inDoubt")).ShouldBe((1, 1, 0));
        await record.Until("SELECT count(*) FROM notification_overview WHERE status = 'cancelled'", 1, Soon);
        await record.UntilNothingIsOutgoing(Soon);
        gateway.Requests.Count.ShouldBe(1);

        await record.Scalar<object?>("UPDATE withdrawal SET before = now() - interval '2 days'");
        await using (await HostInProcess.Start(broker, database, Settings(gateway)))
            await record.Until("SELECT count(*) FROM withdrawal", 0, Soon);
    }

    static async Task<JsonElement> Withdraw(HostInProcess host, bool preview)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/withdrawals",
            new
            {
                key = "order:4711",
                categories = new[] { "payment-reminder-due" },
                preview,
                by = "shop",
                why = "it was paid",
            }
        );
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    static int Count(JsonElement answer, string name) => answer.GetProperty(name).GetInt32();

    static async Task Remind(HostInProcess host, string order, string eventId = "remind")
    {
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/events/payment-reminder-due",
            new PaymentReminderDue
            {
                EventId = $"{eventId}-{order}",
                OrderId = order,
                Product = "Blue ceramic bowl",
                Total = new Money(590, "THB"),
                Buyer = new Contact { Id = "buyer-7", Email = $"buyer-of-{order}@example.com" },
            },
            JsonSerializerOptions.Web
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    static async Task Pay(HostInProcess host, string order)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/events/order-paid",
            new OrderPaid { OrderId = order },
            JsonSerializerOptions.Web
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    static Dictionary<string, string> Settings(ScriptedHttpServer gateway) =>
        new(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "gateway",
            ["Providers:gateway:Type"] = "http",
            ["Providers:gateway:Url"] = $"{gateway.Url}",
            ["EventTypes:payment-reminder-due:Channels"] = "email",
        };
}
