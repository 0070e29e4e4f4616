using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>Signatures are proven with the library that receivers use, and not with our own.</summary>
public sealed class When_a_webhook_is_received
{
    const string OldSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const string NewSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD6ioxrtiHFXY=";

    [Theory]
    [InlineData(OldSecret)]
    [InlineData(NewSecret)]
    public async Task Should_be_genuine_whichever_secret_the_receiver_has(string secret)
    {
        await using var receiver = await WebhookReceiver.Start(secret);

        (await Post(receiver, $"{OldSecret} {NewSecret}")).ShouldBe("delivered");

        var webhook = (await receiver.Received()).ShouldHaveSingleItem();
        webhook.Genuine.ShouldBeTrue(webhook.Error);
        webhook.Payload.GetProperty("type").GetString().ShouldBe("order-placed");
        webhook.Payload.GetProperty("data").GetProperty("product").GetString().ShouldBe("ชามเซรามิก");
    }

    [Fact]
    public async Task Should_come_again_as_the_same()
    {
        await using var receiver = await WebhookReceiver.Start(OldSecret, refusals: 2);

        (await Post(receiver, OldSecret)).ShouldBe("delivered");

        var webhooks = await receiver.Received();
        webhooks.Count.ShouldBe(3);
        webhooks.ShouldAllBe(webhook => webhook.Genuine);
        webhooks.Select(webhook => webhook.Id).Distinct(StringComparer.Ordinal).Count().ShouldBe(1);
        webhooks.Select(webhook => $"{webhook.Payload}").Distinct(StringComparer.Ordinal).Count().ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_be_genuine_under_another_secret()
    {
        await using var receiver = await WebhookReceiver.Start(NewSecret);

        (await Post(receiver, OldSecret, lifetime: "00:00:10")).ShouldBe("expired");

        var received = await receiver.Received();
        received.ShouldNotBeEmpty("what was not posted proves nothing");
        received.ShouldAllBe(webhook => !webhook.Genuine);
    }

    /// <summary>Posts an event to an embedded host that has the secrets, and waits for its outcome.</summary>
    static async Task<string?> Post(WebhookReceiver receiver, string secrets, string lifetime = "00:10:00")
    {
        await using var host = await HostInProcess.Start(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["EventTypes:order-placed:Channels"] = "webhook",
                ["EventTypes:order-placed:Lifetime"] = lifetime,
                ["Channels:webhook:Providers"] = "webhook",
                ["Providers:webhook:Secret"] = secrets,
                ["Providers:webhook:AllowPrivateAddresses"] = "true",
                ["Channels:webhook:RedeliveryDelays"] = "00:00:00.5,00:00:01",
            }
        );
        using var call = new HttpRequestMessage(HttpMethod.Post, "/v1/events/order-placed")
        {
            Content = JsonContent.Create(
                new
                {
                    orderId = "4711",
                    product = "ชามเซรามิก",
                    total = new { amount = 590, currency = "THB" },
                    buyer = new { id = "buyer-7" },
                    seller = new { id = "seller-42", webhookUrl = receiver.Url },
                }
            ),
        };
        using var answer = await host.Client.SendAsync(call);
        var accepted = await answer.Content.ReadFromJsonAsync<JsonElement>();
        var self = accepted.GetProperty("notifications")[0].GetProperty("links").GetProperty("self").GetString()!;

        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            var status = (await host.Client.GetFromJsonAsync<JsonElement>(self, patience.Token)).GetProperty("status").GetString();
            if (status is not ("accepted" or "sending"))
                return status;

            await Task.Delay(50, patience.Token);
        }
    }
}
