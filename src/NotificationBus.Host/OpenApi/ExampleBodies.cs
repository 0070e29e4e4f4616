using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace NotificationBus.Host.OpenApi;

/// <summary>
/// An example of each body, by the operation that takes it: what <c>/docs</c> fills in for whoever tries it. A test sends each of them.
/// </summary>
static class ExampleBodies
{
    const string Buyer = """{"id":"buyer-7","name":"Nok","locale":"en","email":"nok@example.com","pushTokens":["nok-phone"]}""";
    const string Seller = """{"id":"seller-42","name":"Som","locale":"th","email":"som@example.com","pushTokens":["som-phone"]}""";
    const string Bowl = """ "product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"} """;
    const string Who = """ "by":"ann","why":"they are down for maintenance" """;

    static readonly Dictionary<string, string> ByOperation = new(StringComparer.Ordinal)
    {
        ["postOrderPlaced"] = $$"""{"eventId":"order-4711-placed","orderId":"4711",{{Bowl}},"buyer":{{Buyer}},"seller":{{Seller}}}""",
        ["postOrderShipped"] =
            """{"eventId":"order-4711-shipped","orderId":"4711","product":"Blue ceramic """
            + $$"""bowl","carrier":"Kerry","trackingNumber":"TH4711","buyer":{{Buyer}}}""",
        ["postPaymentReminderDue"] = $$"""{"eventId":"order-4711-reminder-1","orderId":"4711",{{Bowl}},"buyer":{{Buyer}}}""",
        ["postOrderPaid"] = """{"eventId":"order-4711-paid","orderId":"4711"}""",
        ["postChatMessageSent"] =
            """{"eventId":"message-815","conversationId":"c-42","text":"Is it still there?","product":"Blue ceramic bowl","buyer":"""
            + $$"""{{Buyer}},"seller":{{Seller}}}""",
        ["postNotificationRequested"] = Announcement("opening-hours-1"),
        ["requestNotification"] = Announcement("opening-hours-2"),
        ["requestNotifications"] = $"[{Announcement("opening-hours-3")},{Announcement("opening-hours-4")}]",
        ["cancelNotification"] = """{"by":"ann","why":"it is sold"}""",
        ["eraseRecipient"] = """{"recipient":"buyer-7","addresses":["nok@example.com"],"preview":true}""",
        ["withdrawNotifications"] = """{"key":"order:4711","categories":["payment-reminder-due"],"by":"payments","why":"it is paid"}""",
        ["previewTemplates"] = """{"category":"announcement","data":{"title":"New opening hours","text":"We are open on Sunday."}}""",
        ["decideDelivery"] = """{"decision":"sent","by":"ann","why":"the provider's log has it"}""",
        ["resendDelivery"] = """{"by":"ann","why":"the buyer says that it never came"}""",
        ["decideDeliveries"] = """{"filter":{"channel":"email"},"preview":true}""",
        ["planRepair"] = """{"filter":{"status":"failed","category":"order-placed"},"by":"ann","why":"the text is mended"}""",
        ["runRepair"] = """{"perSecond":20,"limit":100,"by":"ann","why":"the first hundred"}""",
        ["pauseRepair"] = """{"by":"ann","why":"we look at the first ones"}""",
        ["stopRepair"] = """{"by":"ann","why":"the rest is too old"}""",
        ["setProvider"] = $$"""{"switch":"drain",{{Who}}}""",
        ["setBreaker"] = $$"""{"minimumCalls":20,"failureShare":0.5,"openFor":"00:00:10","halfOpenCalls":1,{{Who}}}""",
        ["setChannel"] = $$"""{"paused":true,{{Who}}}""",
        ["setEventType"] = $$"""{"mode":"first-that-works","escalateAfter":"00:10:00","escalateUnless":"read",{{Who}}}""",
        ["suppressAddress"] = """{"channel":"email","address":"nok@example.com","by":"ann","why":"she asked us on the phone"}""",
        ["replayFailedMessages"] = """{"all":true,"by":"ann","why":"the template is mended"}""",
        ["archiveFailedMessages"] = """{"all":true,"by":"ann","why":"they were a test"}""",
        ["replayFailedMessage"] = """{"by":"ann","why":"the template is mended"}""",
        ["archiveFailedMessage"] = """{"by":"ann","why":"it was a test"}""",
        ["createSubscription"] =
            """{"url":"https://shop.example.com/hooks/notifications","events":"""
            + """["notification.failed","delivery.bounced"],"categories":["order-placed"]}""",
        ["changeSubscription"] = """{"enabled":true,"why":"the receiver is mended"}""",
        ["rotateSubscriptionSecret"] = """{"graceSeconds":86400,"why":"once a year"}""",
        ["recoverSubscription"] = """{"since":"2026-11-30T09:00:00Z","why":"the receiver was away"}""",
        ["createKey"] = """{"application":"shop","name":"order service","scopes":["send"],"why":"it publishes orders"}""",
        ["rotateKey"] = """{"graceSeconds":86400,"why":"once a year"}""",
        ["revokeKey"] = """{"why":"it was in a log"}""",
    };

    /// <summary>Adds the example to an operation that has one.</summary>
    public static void AddTo(OpenApiOperation operation)
    {
        if (operation.OperationId is not { } id || Of(id) is not { } example || operation.RequestBody?.Content is not { } content)
            return;

        foreach (var body in content.Values)
            body.Example = JsonNode.Parse(example);
    }

    static string? Of(string id) =>
        ByOperation.TryGetValue(id, out var example) ? example
        : id.EndsWith(DescribedEvent.BatchSuffix, StringComparison.Ordinal)
        && ByOperation.TryGetValue(id[..^DescribedEvent.BatchSuffix.Length], out var one)
            ? $"[{one}]"
        : null;

    static string Announcement(string eventId) =>
        $$"""{"eventId":"{{eventId}}","category":"announcement","recipient":{{Seller}},"data":"""
        + """{"title":"New opening hours","text":"We are open on Sunday."} }""";
}
