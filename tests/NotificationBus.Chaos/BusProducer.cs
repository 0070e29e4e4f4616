using System.Text;
using System.Text.Json.Nodes;
using RabbitMQ.Client;

namespace NotificationBus.Chaos;

/// <summary>A service that publishes events over AMQP: mandatory, confirmed, and again under the same event id until it is.</summary>
sealed class BusProducer(IReadOnlyList<Uri> ways, Requests requests)
{
    const int Parallel = 8;

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
            await using var line = new BusLine(ways);
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
                return waiting.MoveNext()
                    ? (waiting.Current, perSecond == 0 ? started : started + TimeSpan.FromSeconds((double)taken++ / perSecond))
                    : null;
        }
    }

    /// <summary>For whoever publishes by hand, for instance what is no event.</summary>
    public BusLine Connect() => new(ways);

    /// <summary>An event in its envelope.</summary>
    public static byte[] Envelope(string contract, JsonObject message, Guid? messageId = null) =>
        Encoding.UTF8.GetBytes(
            new JsonObject
            {
                ["messageId"] = (messageId ?? Guid.CreateVersion7()).ToString(),
                ["messageType"] = new JsonArray($"urn:message:NotificationBus.Contracts:{contract}"),
                ["message"] = message.DeepClone(),
            }.ToJsonString()
        );

    public static BasicProperties Properties(Guid? messageId = null) =>
        new()
        {
            ContentType = "application/vnd.masstransit+json",
            Persistent = true,
            MessageId = messageId?.ToString(),
        };

    async Task UntilConfirmed(BusLine line, Occurrence occurrence)
    {
        requests.Asking(occurrence);
        var giveUp = Clock.Now + Patience;
        while (Clock.Now < giveUp)
        {
            try
            {
                await line.Publish(
                    $"NotificationBus.Contracts:{occurrence.Contract}",
                    Envelope(occurrence.Contract, occurrence.Message),
                    Properties()
                );
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
}
