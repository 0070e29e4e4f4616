using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace NotificationBus.Chaos.Witnesses;

/// <summary>What an HTTP provider does with a request that it has read.</summary>
delegate Task Answer(HttpContext context, Call call);

/// <summary>The ways of a provider, good and bad.</summary>
static class Answers
{
    /// <summary>Takes the delivery, thinks, and says so.</summary>
    public static Answer Accept(TimeSpan latency = default) =>
        async (context, call) =>
        {
            call.Taken = true;
            await Task.Delay(latency);
            await Write(context, call, 200, $$"""{"id":"{{call.Provider}}-{{call.Delivery:N}}"}""");
        };

    /// <summary>As <see cref="Accept"/>, but a key that was taken before is answered the same and not taken again.</summary>
    public static Answer AcceptOnce(TimeSpan latency)
    {
        var known = new ConcurrentDictionary<Guid, bool>();
        return async (context, call) =>
        {
            call.Taken = known.TryAdd(call.Delivery, value: true);
            await Task.Delay(latency);
            await Write(context, call, 200, $$"""{"id":"{{call.Provider}}-{{call.Delivery:N}}"}""");
        };
    }

    /// <summary>Takes nothing and says so with a status.</summary>
    public static Answer Refuse(int status, string body = "", string? retryAfter = null) =>
        (context, call) =>
        {
            if (retryAfter is not null)
                context.Response.Headers.RetryAfter = retryAfter;
            return Write(context, call, status, body);
        };

    /// <summary>Takes the delivery and never says so.</summary>
    public static Answer Hang() =>
        async (context, call) =>
        {
            call.Taken = true;
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                call.Answered = Clock.Now;
            }
        };

    /// <summary>Takes the delivery and answers 200 with something that no client can read: five kinds in turn.</summary>
    public static Answer Malformed()
    {
        string[] bodies =
        [
            "{\"id\":\"m-",
            "<html><body>Welcome to the proxy</body></html>",
            "",
            new string('x', 1024 * 1024),
            "{\"id\":{\"nested\":true}}",
        ];
        var next = -1;
        return (context, call) =>
        {
            call.Taken = true;
            return Write(context, call, 200, bodies[(uint)Interlocked.Increment(ref next) % bodies.Length]);
        };
    }

    /// <summary>Takes the delivery and resets the connection instead of saying so.</summary>
    public static Answer ResetAfterTaking() =>
        (context, call) =>
        {
            call.Taken = true;
            context.Abort();
            return Task.CompletedTask;
        };

    /// <summary>Takes so many in any one second, and answers 429 to the rest.</summary>
    public static Answer Limited(int perSecond, int retryAfterSeconds, TimeSpan latency = default)
    {
        var taken = new Queue<DateTimeOffset>();
        var accept = Accept(latency);
        var refuse = Refuse(429, "", $"{retryAfterSeconds}");
        return (context, call) =>
        {
            lock (taken)
            {
                while (taken.TryPeek(out var oldest) && call.Received - oldest > TimeSpan.FromSeconds(1))
                    taken.Dequeue();
                if (taken.Count < perSecond)
                {
                    taken.Enqueue(call.Received);
                    return accept(context, call);
                }
            }

            return refuse(context, call);
        };
    }

    static async Task Write(HttpContext context, Call call, int status, string body)
    {
        try
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
            await context.Response.CompleteAsync();
            call.AnswerWritten = !context.RequestAborted.IsCancellationRequested;
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // The caller has died.
        }

        call.Answered = Clock.Now;
    }
}
