using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Polly;

namespace NotificationBus.Client;

/// <summary>Reads a stream of server-sent events, again and again from where it was, until the API says that there is no more.</summary>
sealed class EventReading(HttpClient http, ResiliencePipeline tries, TimeProvider clock)
{
    const string LastEventId = "Last-Event-ID";

    static readonly TimeSpan BetweenStreams = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<NotificationEvent> Read(
        string path,
        string? after,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var place = after ?? "";
        while (true)
        {
            using var answer = await Open(path, place, cancellationToken);
            if (answer.StatusCode == HttpStatusCode.NoContent)
                yield break;

            await using var body = new HeardStream(await answer.Content.ReadAsStreamAsync(cancellationToken));
            var parser = SseParser.Create(body);
            await using var events = parser.EnumerateAsync(cancellationToken).GetAsyncEnumerator(CancellationToken.None);
            var before = place;
            while (await HasNext(events))
            {
                place = parser.LastEventId;
                yield return Of(place, events.Current);
            }

            // An event that was cut off is not had, though its id may be: without any only the stream that was opened is known.
            if (place.Length == 0 && parser.LastEventId.Split('-') is [var stream, _])
                place = $"{stream}-0";
            if (place == before)
                await Task.Delay(BetweenStreams, clock, cancellationToken);
        }
    }

    Task<HttpResponseMessage> Open(string path, string place, CancellationToken cancellationToken) =>
        tries.Call(
            async cancellation =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                if (place.Length > 0)
                    request.Headers.Add(LastEventId, place);
                HttpResponseMessage answer;
                try
                {
                    answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
                }
                catch (HttpRequestException exception)
                {
                    throw new PassingException(exception);
                }

                if (answer.IsSuccessStatusCode)
                    return answer;

                using (answer)
                    throw await Problem.Of(answer, clock, cancellation);
            },
            cancellationToken
        );

    /// <summary>False when the stream has ended, or is broken off.</summary>
    static async Task<bool> HasNext(IAsyncEnumerator<SseItem<string>> events)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return false;
        }
    }

    static NotificationEvent Of(string id, SseItem<string> told)
    {
        var body = JsonElement.Parse(told.Data);
        var data = body.GetProperty("data");
        return new NotificationEvent
        {
            Id = id,
            Type = told.EventType,
            Timestamp = body.GetProperty("timestamp").GetDateTimeOffset(),
            NotificationId = data.GetProperty("notificationId").GetGuid(),
            Data = data,
        };
    }
}
