using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using NotificationBus.Host.Http;
using NotificationBus.Subscriptions;

namespace NotificationBus.Host.OpenApi;

/// <summary>
/// Describes what subscribers are told and streams say: the body, and the call that brings it to a subscriber, as a webhook of the document
/// (OpenAPI 3.1). The framework describes only what is called here.
/// </summary>
static class ToldEvents
{
    /// <summary>The name of the body.</summary>
    public const string Body = "ToldEvent";

    const string Webhook = "told";

    const string Stream = "text/event-stream";

    static readonly string Example = HeardEvents.Write(
        HeardEvents.DeliverySent,
        new DateTimeOffset(2026, 12, 1, 9, 0, 0, TimeSpan.Zero),
        sequence: 1,
        """
        {"notificationId":"01993a6e-4c1f-7f3a-9d3e-0a1b2c3d4e5f","eventName":"order-placed","eventId":"order-4711-placed",
        "recipientId":"seller-42","category":"order-placed","deliveryId":"7d0c3a5e-19f4-5b7e-8a2d-6f1b9c0d4e3f","channel":"email",
        "provider":"ses","keys":{"order":"4711"}}
        """
    );

    /// <summary>Adds the body, the webhook, and what is in a stream.</summary>
    public static void Describe(OpenApiDocument document)
    {
        document.AddComponent(Body, Told());
        (document.Webhooks ??= new Dictionary<string, IOpenApiPathItem>(StringComparer.Ordinal))[Webhook] = new OpenApiPathItem
        {
            Operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Post] = Call(document) },
        };
        foreach (
            var stream in document
                .Paths.Values.SelectMany(path => path.Operations!.Values)
                .SelectMany(operation => operation.Responses!.Values)
                .Where(answer => answer.Content?.ContainsKey(Stream) == true)
        )
            stream.Description =
                $"Server-sent events: event is the type, data a {Body} in one line, id the Last-Event-ID to come again with. "
                + "Lines that begin with a colon only say that it is open.";
    }

    static OpenApiOperation Call(OpenApiDocument document) =>
        new()
        {
            OperationId = Webhook,
            Tags = new HashSet<OpenApiTagReference> { new(SubscriptionsApi.Tag, document) },
            Summary = "Tells the URL of a subscription what happened.",
            Description = "It is told at least once, and each with the same webhook-id. What concerns one notification comes in order.",
            Security = [],
            Parameters =
            [
                Header("webhook-id", "The same on every try: what you have, answer with a 2xx and leave."),
                Header("webhook-timestamp", "The time of this try, in seconds since 1970. Refuse what is older than five minutes."),
                Header(
                    "webhook-signature",
                    "v1, and the base64 of HMAC-SHA256 over webhook-id.webhook-timestamp.body. Two, with a space between them, while a "
                        + "secret is changed: one that is right will do."
                ),
            ],
            RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    ["application/json"] = new() { Schema = new OpenApiSchemaReference(Body, document), Example = JsonNode.Parse(Example) },
                },
            },
            Responses = new OpenApiResponses
            {
                ["2XX"] = new OpenApiResponse { Description = "You have it." },
                ["410"] = new OpenApiResponse { Description = "Never again: the subscription is disabled." },
                ["default"] = new OpenApiResponse { Description = "It is told again later, after Retry-After when you say so." },
            },
        };

    static OpenApiParameter Header(string name, string description) =>
        new()
        {
            Name = name,
            In = ParameterLocation.Header,
            Required = true,
            Description = description,
            Schema = Text(),
        };

    static OpenApiSchema Told() =>
        Object(
            "What happened. It has ids and words, and no address and no text.",
            ["type", "timestamp", "data"],
            ("type", Text("What it is.", HeardEvents.All.Append(HeardEvents.Test))),
            ("timestamp", Text("The time at which it happened.", format: "date-time")),
            (
                "data",
                Object(
                    "What it is about. That of a test has subscriptionId and no more.",
                    ["sequence"],
                    (
                        "sequence",
                        new OpenApiSchema
                        {
                            Type = JsonSchemaType.Integer,
                            Format = "int32",
                            Description = "Its number among those that you are told of the notification, from 1 and without gaps.",
                        }
                    ),
                    ("notificationId", Text("The notification.", format: "uuid")),
                    ("eventName", Text("The event that caused it, such as order-placed.")),
                    ("eventId", Text("The producer's name for the occurrence, when it gave one.")),
                    ("recipientId", Text("The recipient's id in the publishing system.")),
                    ("category", Text("The category.")),
                    ("deliveryId", Text("The delivery, of delivery.…", format: "uuid")),
                    ("channel", Text("Its channel.")),
                    ("provider", Text("The account that was asked last.")),
                    ("code", Text("Why it was not sent, in one word.")),
                    ("channels", ListOf(Text(), "Of notification.…: the channels it went out on.")),
                    ("failedChannels", ListOf(Text(), "The channels it did not go out on.")),
                    (
                        "results",
                        ListOf(
                            Object(
                                null,
                                ["channel", "result"],
                                ("channel", Text("The channel.")),
                                ("result", Text("sent, confirmed, failed, expired, cancelled, not-needed or left-out.")),
                                ("code", Text("The reason in one word, where there is one."))
                            ),
                            "Of notification.…: the outcome on each channel."
                        )
                    ),
                    ("keys", Texts("The business keys; left out when there are none.")),
                    ("metadata", Texts("The metadata that its request gave; left out when there is none.")),
                    ("subscriptionId", Text("Of a test: the subscription.", format: "uuid"))
                )
            )
        );

    static OpenApiSchema Object(string? description, string[] required, params (string Name, IOpenApiSchema Schema)[] properties) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Description = description,
            Required = new HashSet<string>(required, StringComparer.Ordinal),
            Properties = properties.ToDictionary(property => property.Name, property => property.Schema, StringComparer.Ordinal),
        };

    static OpenApiSchema Text(string? description = null, IEnumerable<string>? words = null, string? format = null) =>
        new()
        {
            Type = JsonSchemaType.String,
            Description = description,
            Format = format,
            Enum = words?.Select(word => (JsonNode)word).ToList(),
        };

    static OpenApiSchema Texts(string description) =>
        new()
        {
            Type = JsonSchemaType.Object,
            AdditionalProperties = Text(),
            Description = description,
        };

    static OpenApiSchema ListOf(IOpenApiSchema items, string description) =>
        new()
        {
            Type = JsonSchemaType.Array,
            Items = items,
            Description = description,
        };
}
