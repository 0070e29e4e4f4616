using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using Polly;

namespace NotificationBus.Client;

/// <summary>Notifications over HTTP.</summary>
sealed class HttpNotifications(HttpClient http, IOptions<NotificationBusClientOptions> options, TimeProvider clock)
    : INotifications,
        INotificationReader
{
    const string EventId = ManyEvents.EventId;

    // So many are taken well within the time of one try, and are far below what a body may be.
    const int InOneCall = 250;
    const int MostBytes = 4 * 1024 * 1024;

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    readonly ResiliencePipeline _tries = Persistence.Of(options.Value.Patience, clock);

    /// <inheritdoc />
    public Task<IReadOnlyList<SentNotification>> Send<TEvent>(TEvent happened, CancellationToken cancellationToken = default)
        where TEvent : class
    {
        var body =
            JsonSerializer.SerializeToNode(happened, happened.GetType(), Json) as JsonObject
            ?? throw new ArgumentException("An event is an object with properties.", nameof(happened));
        // One for all tries of this call.
        if (body[EventId] is null)
            body[EventId] = $"{Guid.CreateVersion7()}";
        var isRequest = happened is NotificationRequested;
        var path = isRequest ? "v1/notifications" : $"v1/events/{EventName.Of(happened.GetType())}";
        return Call<IReadOnlyList<SentNotification>>(
            () => new HttpRequestMessage(HttpMethod.Post, path) { Content = Body(body) },
            async (answer, cancellation) =>
                isRequest ? [Demand(await Read<SentNotification>(answer, cancellation))]
                // None, for one that withdraws.
                : (await Read<Begun>(answer, cancellation)).Notifications is { } begun ? [.. begun.Select(Demand)]
                : throw NoAnswer(),
            cancellationToken
        );
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<SentItem>> SendMany<TEvent>(
        IEnumerable<TEvent> happened,
        string key,
        IProgress<SentItem>? progress = null,
        CancellationToken cancellationToken = default
    )
        where TEvent : class
    {
        var path =
            typeof(TEvent) == typeof(NotificationRequested) ? "v1/notifications/batch" : $"v1/events/{EventName.Of(typeof(TEvent))}/batch";
        var all = ManyEvents.Of(happened, key, Json);
        var sent = new SentItem[all.Count];
        for (var first = 0; first < all.Count; )
        {
            var bodies = new List<byte[]>(InOneCall);
            for (var bytes = 0; bodies.Count < InOneCall && first + bodies.Count < all.Count; )
            {
                var body = JsonSerializer.SerializeToUtf8Bytes(all[first + bodies.Count].Body, Json);
                if ((bytes += body.Length) > MostBytes && bodies.Count > 0)
                    break;

                bodies.Add(body);
            }

            await SendChunk(
                path,
                [.. all.Skip(first).Take(bodies.Count).Select(one => one.EventId)],
                bodies,
                first,
                Done,
                cancellationToken
            );
            first += bodies.Count;
        }

        return sent;

        void Done(SentItem item)
        {
            sent[item.Index] = item;
            progress?.Report(item);
        }
    }

    /// <summary>Sends some in one call, and those again that the host had no room for, until each is taken or refused.</summary>
    Task<bool> SendChunk(
        string path,
        IReadOnlyList<string> eventIds,
        List<byte[]> bodies,
        int first,
        Action<SentItem> done,
        CancellationToken cancellationToken
    )
    {
        var left = Enumerable.Range(0, bodies.Count).ToList();
        return Call(
            () =>
                new HttpRequestMessage(HttpMethod.Post, path)
                {
                    Content = new ByteArrayContent(List(left.Select(index => bodies[index])))
                    {
                        Headers = { ContentType = new("application/json") },
                    },
                },
            async (answer, cancellation) =>
            {
                if (await Read<TakenBatch>(answer, cancellation) is not { Items: { } items } || items.Count != left.Count)
                    throw NoAnswer();

                Problem? passing = null;
                var again = new List<int>();
                foreach (var (item, index) in items.Zip(left))
                {
                    if (item.Problem is not null && Problem.Passes(item.Status))
                    {
                        passing = item.Problem;
                        again.Add(index);
                        continue;
                    }

                    done(
                        new SentItem(first + index, eventIds[index])
                        {
                            Notification = item.Problem is null ? item.Notification : null,
                            Refusal = item.Problem?.Refusal(item.Status),
                        }
                    );
                }

                left = again;
                return left.Count == 0
                    ? true
                    : throw new PassingException(new HttpRequestException($"{left.Count} were not taken yet: {passing?.Message}"));
            },
            cancellationToken
        );
    }

    static byte[] List(IEnumerable<byte[]> items)
    {
        using var list = new MemoryStream();
        list.WriteByte((byte)'[');
        foreach (var item in items)
        {
            if (list.Length > 1)
                list.WriteByte((byte)',');
            list.Write(item, 0, item.Length);
        }

        list.WriteByte((byte)']');
        return list.ToArray();
    }

    /// <inheritdoc />
    public Task<Cancellation> Cancel(Guid notificationId, string by, string why, CancellationToken cancellationToken = default) =>
        Call(
            () => new HttpRequestMessage(HttpMethod.Post, $"v1/notifications/{notificationId}/cancel") { Content = Body(new { by, why }) },
            (answer, _) =>
                Task.FromResult(
                    answer.StatusCode switch
                    {
                        HttpStatusCode.OK => Cancellation.Cancelled,
                        HttpStatusCode.Conflict => Cancellation.TooLate,
                        _ => Cancellation.Asked,
                    }
                ),
            cancellationToken,
            HttpStatusCode.Conflict
        );

    /// <inheritdoc />
    public Task<Withdrawal?> Withdraw(WithdrawNotifications withdrawal, CancellationToken cancellationToken = default) =>
        Call<Withdrawal?>(
            () => new HttpRequestMessage(HttpMethod.Post, "v1/withdrawals") { Content = Body(withdrawal) },
            async (answer, cancellation) =>
                await Read<Withdrawal>(answer, cancellation) is var withdrawal && withdrawal.Before != default
                    ? withdrawal
                    : throw NoAnswer(),
            cancellationToken
        );

    /// <inheritdoc />
    public Task<Notification?> Find(Guid notificationId, CancellationToken cancellationToken = default) =>
        Call(
            () => new HttpRequestMessage(HttpMethod.Get, $"v1/notifications/{notificationId}"),
            async (answer, cancellation) =>
                answer.StatusCode != HttpStatusCode.NotFound ? await Read<Notification>(answer, cancellation)
                : await Problem.UnlessMissing(answer, clock, cancellation) is { } refusal ? throw refusal
                : null,
            cancellationToken,
            HttpStatusCode.NotFound
        );

    /// <inheritdoc />
    public IAsyncEnumerable<NotificationEvent> Watch(
        Guid notificationId,
        string? after = null,
        CancellationToken cancellationToken = default
    ) => new EventReading(http, _tries, clock).Read($"v1/notifications/{notificationId}/events", after, cancellationToken);

    /// <inheritdoc />
    public IAsyncEnumerable<NotificationEvent> WatchMany(
        NotificationEventFilter? filter = null,
        string? after = null,
        CancellationToken cancellationToken = default
    )
    {
        (string Name, string? Value)[] conditions =
        [
            ("events", filter is { Events.Count: > 0 } ? string.Join(",", filter.Events) : null),
            ("category", filter?.Category),
            ("recipient", filter?.Recipient),
            ("key", filter?.Key),
        ];
        var query = string.Join(
            "&",
            conditions.Where(one => one.Value is not null).Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value!)}")
        );
        return new EventReading(http, _tries, clock).Read($"v1/events?{query}", after, cancellationToken);
    }

    /// <param name="ask">Makes the request, once for each try.</param>
    /// <param name="read">Reads an answer that is none of a failure.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="alsoRead">A status of a refusal that says what was asked for.</param>
    Task<T> Call<T>(
        Func<HttpRequestMessage> ask,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken,
        HttpStatusCode? alsoRead = null
    ) =>
        _tries.Call(
            async cancellation =>
            {
                using var request = ask();
                using var answer = await Send(request, cancellation);
                if (answer.IsSuccessStatusCode || answer.StatusCode == alsoRead)
                    return await read(answer, cancellation);

                throw await Problem.Of(answer, clock, cancellation);
            },
            cancellationToken
        );

    // Of somebody else who stands between and answers with JSON as well.
    static SentNotification Demand(SentNotification? sent) =>
        sent is { Status.Length: > 0 } && sent.Id != Guid.Empty ? sent : throw NoAnswer();

    static PassingException NoAnswer() => new(new JsonException("what answers there is no API of NotificationBus"));

    async Task<HttpResponseMessage> Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new PassingException(exception);
        }
    }

    // With its length: what stands between may not take chunks.
    static ByteArrayContent Body<T>(T body) =>
        new(JsonSerializer.SerializeToUtf8Bytes(body, Json)) { Headers = { ContentType = new("application/json") } };

    static async Task<T> Read<T>(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.Content.ReadFromJsonAsync<T>(Json, cancellationToken) ?? throw new JsonException("null is no answer");
        }
        // Broken off on the way, or of somebody else who stands between.
        catch (Exception exception) when (exception is JsonException or NotSupportedException or HttpRequestException or IOException)
        {
            throw new PassingException(exception);
        }
    }

    sealed record TakenBatch(IReadOnlyList<TakenItem>? Items);

    sealed record TakenItem(int Status, SentNotification? Notification, Problem? Problem);

    sealed record Begun(IReadOnlyList<SentNotification?>? Notifications);
}
