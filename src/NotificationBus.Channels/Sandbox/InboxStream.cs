using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace NotificationBus.Channels.Sandbox;

/// <summary>
/// The inbox as server-sent events: <c>edition</c> first and whenever it changes, then each <c>delivery</c>, oldest first.
/// </summary>
static class InboxStream
{
    /// <summary>The silence after which a reader hears that there is nothing new.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The longest a reader may take for one event. Whoever takes longer is let go, and may come again where it left off.
    /// </summary>
    public static readonly TimeSpan LongestWrite = TimeSpan.FromSeconds(5);

    /// <summary>Everything after <paramref name="seen"/>, then what arrives, until the token says so.</summary>
    /// <param name="inbox">The inbox.</param>
    /// <param name="seen">How far the reader got.</param>
    /// <param name="slow">Is cancelled when the reader does not take what is written for it.</param>
    /// <param name="beat">Writes what says nothing.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public static async IAsyncEnumerable<SseItem<string>> Follow(
        SandboxInbox inbox,
        InboxPlace seen,
        CancellationTokenSource slow,
        Func<CancellationToken, Task> beat,
        TimeProvider clock,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        Guid? announced = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            // The edition is read before the deliveries: when a Clear comes between the two, Arrival returns at once and
            // the next round announces the edition they belong to.
            var edition = inbox.Edition;
            if (seen.Edition != edition)
                seen = new InboxPlace(edition, 0);

            var news = inbox.Since(seen.Number);
            if (announced != edition)
            {
                announced = edition;
                var newest = news.Count > 0 ? news[0].Number : seen.Number;
                slow.CancelAfter(LongestWrite);
                yield return Event(
                    "edition",
                    seen,
                    new
                    {
                        edition,
                        newest,
                        SandboxInbox.Capacity,
                    }
                );
            }

            foreach (var caught in news.Reverse())
            {
                seen = seen with { Number = caught.Number };
                slow.CancelAfter(LongestWrite);
                yield return Event("delivery", seen, caught.Head);
            }

            slow.CancelAfter(Timeout.InfiniteTimeSpan);

            // Being told to stop is how a stream ends, not an error.
            var arrival = inbox.Arrival(edition, seen.Number, cancellationToken);
            await arrival.WaitAsync(LongestSilence, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (arrival.IsCompleted || cancellationToken.IsCancellationRequested)
                continue;

            // Who is gone without a word, or takes nothing, is noticed by writing only.
            slow.CancelAfter(LongestWrite);
            await beat(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            slow.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    static SseItem<string> Event<T>(string type, InboxPlace place, T content) =>
        new(JsonSerializer.Serialize(content, InboxItem.Json), type)
        {
            EventId = place.ToString(),
            ReconnectionInterval = TimeSpan.FromSeconds(1),
        };
}

/// <summary>The place up to which a reader got. A number says nothing in another edition, so it names both.</summary>
sealed record InboxPlace(Guid Edition, long Number)
{
    /// <summary>Reads what <see cref="ToString"/> wrote; anything else is the beginning.</summary>
    public static InboxPlace Parse(string? text) =>
        text?.Split(':') is [var edition, var number]
        && Guid.TryParseExact(edition, "N", out var id)
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? new InboxPlace(id, count)
            : new InboxPlace(default, 0);

    /// <inheritdoc />
    public override string ToString() => $"{Edition:N}:{Number}";
}
