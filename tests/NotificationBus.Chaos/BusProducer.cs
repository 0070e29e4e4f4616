using System.Text;
using System.Text.Json.Nodes;

using RabbitMQ.Client;

namespace NotificationBus.Chaos;

/// <summary>A service that publishes events over AMQP: mandatory, confirmed, and again under the same event id until it is.</summary>
sealed class BusProducer(Uri virtualHost, Requests requests)
{
    const int Parallel = 8;

    static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Publishes all and completes when each is confirmed, or has had no answer for minutes.</summary>
    /// <param name="occurrences">What happens.</param>
    /// <param name="perSecond">How many a second; 0 for as many as the broker confirms.</param>
    public async Task Publish(IEnumerable<Occurrence> occurrences, int perSecond = 0)
    {
        using var waiting = occurrences.GetEnumerator();
        var started = Clock.Now;
        var taken = 0;
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => Task.Run(Work)));

        async Task Work()
        {
            await using var line = new Line(virtualHost);
            while (Next() is { } next)
            {
                if (next.DueAt > Clock.Now)
                    await Task.Delay(next.DueAt - Clock.Now);
                await UntilConfirmed(line, next.Occurrence);
            }
        }

        (Occurrence Occurrence, DateTimeOffset DueAt)? Next()
        {
            lock (waiting)
                return waiting.MoveNext() ? (waiting.Current, perSecond == 0 ? started : started + TimeSpan.FromSeconds((double)taken++ / perSecond)) : null;
        }
    }

    /// <summary>Publishes one message as it is, for instance one that is none.</summary>
    public async Task PublishRaw(string exchange, byte[] body, IBasicProperties properties, string routingKey = "")
    {
        await using var line = new Line(virtualHost);
        await line.Publish(exchange, body, (BasicProperties)properties, routingKey);
    }

    /// <summary>An event in its envelope.</summary>
    public static byte[] Envelope(string contract, JsonObject message, Guid? messageId = null, string space = "NotificationBus.Contracts") => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["messageId"] = (messageId ?? Guid.CreateVersion7()).ToString(),
        ["messageType"] = new JsonArray($"urn:message:{space}:{contract}"),
        ["message"] = message.DeepClone(),
    }.ToJsonString());

    public static BasicProperties Properties(Guid? messageId = null) => new()
    {
        ContentType = "application/vnd.masstransit+json",
        Persistent = true,
        MessageId = messageId?.ToString(),
    };

    async Task UntilConfirmed(Line line, Occurrence occurrence)
    {
        requests.Asking(occurrence);
        var giveUp = Clock.Now + Patience;
        while (Clock.Now < giveUp)
        {
            try
            {
                await line.Publish($"NotificationBus.Contracts:{occurrence.Contract}", Envelope(occurrence.Contract, occurrence.Message), Properties());
                requests.Taken(occurrence);
                return;
            }
            catch (Exception) when (Clock.Now < giveUp)
            {
                // Closed, refused, returned or late: whatever it was, nobody knows whether it arrived.
                requests.NoAnswer(occurrence);
                await line.DisposeAsync();
                await Task.Delay(Pause);
            }
        }
    }

    /// <summary>A connection and a channel, made again after each failure: RabbitMQ.Client 7.1 miscounts confirms after one that was given up.</summary>
    sealed class Line(Uri virtualHost) : IAsyncDisposable
    {
        IConnection? _connection;
        IChannel? _channel;

        public async Task Publish(string exchange, byte[] body, BasicProperties properties, string routingKey = "")
        {
            _connection ??= await new ConnectionFactory { Uri = virtualHost, AutomaticRecoveryEnabled = false, RequestedConnectionTimeout = Limit }.CreateConnectionAsync().WaitAsync(Limit);
            _channel ??= await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)).WaitAsync(Limit);
            await _channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body).AsTask().WaitAsync(Limit);
        }

        public async ValueTask DisposeAsync()
        {
            var connection = _connection;
            (_connection, _channel) = (null, null);
            if (connection is null)
                return;

            try
            {
                await connection.AbortAsync().WaitAsync(TimeSpan.FromSeconds(2));
            }
            catch (TimeoutException)
            {
                // The broker is frozen; the socket goes with the process.
            }
        }
    }
}
