using System.Runtime.InteropServices;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Sms;
using NotificationBus.Channels.Webhook;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Sandbox;

/// <summary>
/// The deliveries that the sandbox caught: the newest, in memory. Of this process, or of the whole fleet where hosts share what they catch.
/// </summary>
/// <param name="clock">The time.</param>
/// <param name="elsewhere">Takes what is caught here, where hosts share it; it comes back with what the others caught.</param>
public sealed class SandboxInbox(TimeProvider clock, CaughtHere? elsewhere = null)
{
    /// <summary>The most deliveries that are kept; the oldest goes when another arrives.</summary>
    public const int Capacity = 500;

    /// <summary>The most characters of content that are kept; then, too, the oldest goes.</summary>
    public const int MostCharacters = 16 * 1024 * 1024;

    readonly Lock _lock = new();
    readonly LinkedList<CaughtDelivery> _newestFirst = new();
    TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _count;
    long _characters;
    Guid _edition = Guid.NewGuid();

    /// <summary>
    /// Names what is kept. A restart and <see cref="Clear"/> begin another edition: whoever read the former one forgets it
    /// and starts from the first number again.
    /// </summary>
    public Guid Edition
    {
        get
        {
            lock (_lock)
                return _edition;
        }
    }

    /// <summary>Keeps a delivery, or hands it to where all hosts meet.</summary>
    public CaughtDelivery Catch(Delivery delivery)
    {
        if (elsewhere is { } others)
        {
            var handed = new CaughtDelivery(Interlocked.Increment(ref _count), clock.GetUtcNow(), delivery);
            others.Add(handed);
            return handed;
        }

        CaughtDelivery caught;
        TaskCompletionSource readers;
        lock (_lock)
        {
            caught = new CaughtDelivery(++_count, clock.GetUtcNow(), delivery);
            readers = Keep(caught);
        }

        readers.SetResult();
        return caught;
    }

    /// <summary>
    /// Keeps a delivery of an edition that has its number already. They come in their order; of an edition that is over they come too late.
    /// </summary>
    /// <returns>False when the edition is over.</returns>
    internal bool Show(Guid edition, CaughtDelivery caught)
    {
        TaskCompletionSource readers;
        lock (_lock)
        {
            if (_edition != edition)
                return false;

            readers = Keep(caught);
        }

        readers.SetResult();
        return true;
    }

    /// <summary>The newest is kept; who waits for one is to be woken.</summary>
    TaskCompletionSource Keep(CaughtDelivery caught)
    {
        _newestFirst.AddFirst(caught);
        _characters += caught.Characters;
        while (_newestFirst.Count > Capacity || (_characters > MostCharacters && _newestFirst.Count > 1))
        {
            _characters -= _newestFirst.Last!.Value.Characters;
            _newestFirst.RemoveLast();
        }

        return NextNews();
    }

    /// <summary>Lists the deliveries that were caught after the one numbered <paramref name="after"/>, newest first.</summary>
    public IReadOnlyList<CaughtDelivery> Since(long after)
    {
        lock (_lock)
            return [.. _newestFirst.TakeWhile(caught => caught.Number > after)];
    }

    /// <summary>The delivery with that number, while it is kept.</summary>
    public CaughtDelivery? Find(long number)
    {
        lock (_lock)
            return _newestFirst.FirstOrDefault(caught => caught.Number == number);
    }

    /// <summary>
    /// Completes with the next arrival after the delivery numbered <paramref name="after"/> or with the end of
    /// <paramref name="edition"/>, at once when either was there already.
    /// </summary>
    public Task Arrival(Guid edition, long after, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // Compared with what is kept, not with the count: after a Clear the count is ahead of every reader.
            var here = _edition != edition || _newestFirst.First?.Value.Number > after;
            return here ? Task.CompletedTask : _news.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Forgets every delivery and wakes everybody who waits for one.</summary>
    public void Clear() => Begin(Guid.NewGuid());

    /// <summary>
    /// Forgets the deliveries of some notifications, and begins another edition, so that whoever has them on a screen forgets them as well.
    /// </summary>
    /// <param name="notifications">The ids.</param>
    /// <param name="apply">False to count alone.</param>
    /// <returns>How many.</returns>
    internal int Forget(IReadOnlyCollection<Guid> notifications, bool apply)
    {
        TaskCompletionSource readers;
        int count;
        lock (_lock)
        {
            var found = _newestFirst.Where(caught => notifications.Contains(caught.Delivery.NotificationId)).ToList();
            count = found.Count;
            if (!apply || count == 0)
                return count;

            foreach (var caught in found)
            {
                _newestFirst.Remove(caught);
                _characters -= caught.Characters;
            }

            _edition = Guid.NewGuid();
            readers = NextNews();
        }

        readers.SetResult();
        return count;
    }

    /// <summary>Forgets every delivery, as others have, and says by which name they call what follows.</summary>
    internal void Begin(Guid edition)
    {
        TaskCompletionSource readers;
        lock (_lock)
        {
            // The count goes on: a number is part of the id the provider answered, and names one delivery only.
            _newestFirst.Clear();
            _characters = 0;
            _edition = edition;
            readers = NextNews();
        }

        readers.SetResult();
    }

    TaskCompletionSource NextNews()
    {
        var current = _news;
        _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return current;
    }
}

/// <summary>A delivery in the sandbox.</summary>
/// <param name="Number">Counts up from one in this process.</param>
/// <param name="At">When it was caught.</param>
/// <param name="Delivery">
/// What was sent; its content is an <see cref="EmailContent"/>, a <see cref="PushContent"/> or another channel's.
/// </param>
public sealed record CaughtDelivery(long Number, DateTimeOffset At, Delivery Delivery)
{
    InboxItem? _head;

    /// <summary>The item that lists and streams show, made once for all of them.</summary>
    internal InboxItem Head => _head ??= InboxItem.HeadOf(this);

    /// <summary>About how long the content is.</summary>
    internal int Characters =>
        Delivery.Content switch
        {
            EmailContent mail => mail.Subject.Length + mail.Html.Length + mail.Text.Length,
            PushContent push => push.Title.Length + push.Body.Length,
            SmsContent sms => sms.Text.Length,
            ChatContent chat => chat.Text.Length,
            WebhookContent webhook => JsonMarshal.GetRawUtf8Value(webhook.Data).Length,
            _ => 0,
        };
}
