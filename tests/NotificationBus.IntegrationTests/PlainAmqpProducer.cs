using System.Text.Json.Nodes;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// A service in any language: it knows AMQP and JSON, and neither MassTransit nor our contracts. It publishes to the exchange named after
/// the event, wrapped in the envelope the bus understands.
/// </summary>
sealed class PlainAmqpProducer : IAsyncDisposable
{
    const string ContentType = "application/vnd.masstransit+json";

    readonly IConnection _connection;
    readonly IChannel _channel;

    PlainAmqpProducer(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    public static async Task<PlainAmqpProducer> Connect(Uri virtualHost)
    {
        var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        // With tracking, a publish completes when the broker has confirmed it, and fails when nothing is bound to the exchange.
        var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)
        );
        return new PlainAmqpProducer(connection, channel);
    }

    /// <summary>Publishes one event.</summary>
    /// <param name="name">The event as the contracts call it, such as <c>OrderPlaced</c>.</param>
    /// <param name="message">Its fields, in camel case.</param>
    /// <param name="traceParent">The trace it belongs to, in the header of W3C Trace Context; null for none.</param>
    public async Task Publish(string name, JsonObject message, string? traceParent = null) =>
        await _channel.BasicPublishAsync(
            exchange: $"NotificationBus.Contracts:{name}",
            routingKey: "",
            mandatory: true,
            new BasicProperties
            {
                ContentType = ContentType,
                Persistent = true,
                Headers = traceParent is null ? null : new Dictionary<string, object?> { ["traceparent"] = traceParent },
            },
            Envelope(name, message)
        );

    /// <summary>Publishes any bytes with any properties.</summary>
    public async Task Publish(string exchange, BasicProperties properties, byte[] body) =>
        await _channel.BasicPublishAsync(exchange, routingKey: "", mandatory: true, properties, body);

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    static byte[] Envelope(string name, JsonObject message) =>
        System.Text.Encoding.UTF8.GetBytes(
            new JsonObject
            {
                ["messageId"] = Guid.CreateVersion7().ToString(),
                ["messageType"] = new JsonArray($"urn:message:NotificationBus.Contracts:{name}"),
                ["message"] = message,
            }.ToJsonString()
        );
}
