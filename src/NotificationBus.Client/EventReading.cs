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

    // A host says something every 15 s: one that says nothing for longer has gone without a word.
    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(45);

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

            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await using var body = new HeardStream(
                await answer.Content.ReadAsStreamAsync(cancellationToken),
                () => silence.CancelAfter(LongestSilence)
            );
            var parser = SseParser.Create(body);
            await using var events = parser.EnumerateAsync(silence.Token).GetAsyncEnumerator(CancellationToken.None);
            var before = place;
            while (await HasNext(events, cancellationToken))
            {
                place = parser.LastEventId;
                yield return Of(place, events.Current);
            }

            // It may have the place without an event, when it was opened.
            if (parser.LastEventId.Length > 0)
                place = parser.LastEventId;
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
    static async Task<bool> HasNext(IAsyncEnumerator<SseItem<string>> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
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

    /// <summary>A stream that tells whenever something is heard of it, be it a comment.</summary>
    sealed class HeardStream(Stream inner, Action heard) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            heard();
            return await inner.ReadAsync(buffer, cancellationToken);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
