using System.Text.Json;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Webhook;

namespace NotificationBus.Tests.Host;

public sealed class When_other_channels_are_switched_on
{
    const string Event = """
        {"orderId":"4711", "product":"Blue ceramic bowl", "total":{"amount":590,"currency":"THB"}, "buyer":{"id":"buyer-7","name":"Nok"},
         "seller":{"id":"seller-42","name":"Som","locale":"en","chat":["slack:C0123456789","line:U4af4980629"],
           "webhookUrl":"https://receiver.example/hook"}}
        """;

    [Fact]
    public async Task Should_need_nothing_but_configuration()
    {
        await using var host = new RunningHost { Settings = ["--EventTypes:order-placed:Channels=chat,webhook"] };
        await host.InitializeAsync();

        var outcome = await host.Outcome((await host.Post("/v1/events/order-placed", Event)).Self);

        outcome.GetProperty("status").GetString().ShouldBe("delivered", outcome.ToString());
        var caught = host.Inbox.Since(0).Select(one => one.Delivery).ToList();
        caught
            .Select(delivery => delivery.Address)
            .ShouldBe(["slack:C0123456789", "line:U4af4980629", "https://receiver.example/hook"], ignoreOrder: true);
        caught
            .Select(delivery => delivery.Content)
            .OfType<ChatContent>()
            .ShouldAllBe(message => message.Text.Contains("Blue ceramic bowl", StringComparison.Ordinal));
        var posted = caught.Single(delivery => delivery.Channel == "webhook");
        ((WebhookContent)posted.Content).Data.GetProperty("orderId").GetString().ShouldBe("4711");
        posted.OccurredAt.ShouldBe(outcome.GetProperty("createdAt").GetDateTimeOffset());

        // What the page reads.
        var inbox = JsonElement
            .Parse((await host.Get("/inbox/deliveries")).Body)
            .EnumerateArray()
            .ToLookup(item => item.GetProperty("channel").GetString());
        inbox["chat"]
            .ShouldAllBe(item =>
                item.GetProperty("content").GetProperty("text").GetString()!.StartsWith("New order 4711", StringComparison.Ordinal)
            );
        inbox["webhook"]
            .ShouldHaveSingleItem()
            .GetProperty("content")
            .GetProperty("data")
            .GetProperty("product")
            .GetString()
            .ShouldBe("Blue ceramic bowl");
    }

    [Fact]
    public async Task Should_fail_at_once_where_no_provider_serves_the_address()
    {
        await using var host = new RunningHost
        {
            Settings =
            [
                "--EventTypes:order-placed:Channels=chat",
                "--Channels:chat:Providers=telegram,discord",
                "--Providers:telegram:BotToken=1:a",
            ],
        };
        await host.InitializeAsync();

        var outcome = await host.Outcome((await host.Post("/v1/events/order-placed", Event)).Self);

        outcome.GetProperty("status").GetString().ShouldBe("failed");
        outcome.ToString().ShouldContain("no provider of the channel serves such an address");
    }
}
