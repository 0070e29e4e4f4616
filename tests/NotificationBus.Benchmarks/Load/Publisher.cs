using RabbitMQ.Client;

namespace NotificationBus.Benchmarks.Load;

/// <summary>The service that publishes events: mandatory, persistent and confirmed.</summary>
sealed class Publisher : IAsyncDisposable
{
    const int Unconfirmed = 500;

    static readonly BasicProperties Properties = new() { ContentType = "application/vnd.masstransit+json", Persistent = true };

    readonly IConnection _connection;
    readonly IChannel _channel;

    Publisher(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    public static async Task<Publisher> Connect(Uri virtualHost)
    {
        var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        return new Publisher(connection, await connection.CreateChannelAsync(Confirmed));
    }

    /// <summary>Confirmed, and as many under way as the caller likes: the client's own limit is 128.</summary>
    public static CreateChannelOptions Confirmed { get; } =
        new(
            publisherConfirmationsEnabled: true,
            publisherConfirmationTrackingEnabled: true,
            outstandingPublisherConfirmationsRateLimiter: null
        );

    /// <summary>Publishes as fast as the broker confirms.</summary>
    public async Task Publish(IEnumerable<LoadEvent> events)
    {
        foreach (var batch in events.Chunk(Unconfirmed))
            await Task.WhenAll(batch.Select(Publish));
    }

    /// <summary>
    /// Publishes so many a second, whether the one before is confirmed or not, and gives for each event when it was to be published.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> Publish(IReadOnlyList<LoadEvent> events, double perSecond)
    {
        var due = new Dictionary<string, DateTimeOffset>(events.Count, StringComparer.Ordinal);
        var underWay = new List<Task>(events.Count);
        var started = Clock.Now;
        for (var number = 0; number < events.Count; number++)
        {
            var dueAt = started + TimeSpan.FromSeconds(number / perSecond);
            if (dueAt - Clock.Now is var early && early > TimeSpan.FromMilliseconds(1))
                await Task.Delay(early);

            // Counted from when it was to be published: a generator that falls behind must not hide the wait.
            due[events[number].EventId] = dueAt;
            underWay.Add(Publish(events[number]));
        }

        await Task.WhenAll(underWay);
        return due;
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    Task Publish(LoadEvent happened) =>
        _channel.BasicPublishAsync(happened.Exchange, "", mandatory: true, Properties, happened.Body).AsTask();
}
