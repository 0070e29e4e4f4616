using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace NotificationBus.Subscriptions;

/// <summary>
/// The line of one subscriber on one host. So many calls at the same time; and one at a time, with growing pauses, while the subscriber
/// takes nothing: which event it is that finds out whether it works again makes no difference, and the others lose none of their tries.
/// </summary>
sealed class WebhookLine(
    Guid id,
    IWebhookDeliveries deliveries,
    SubscriptionBoard board,
    SubscriberCalls calls,
    WebhooksOptions options,
    TimeProvider clock,
    ILogger log
)
{
    // So many failures, with nothing taken between them, are the subscriber's and not the event's.
    const int FailuresInARow = 5;

    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    static readonly TimeSpan AfterOwnFailure = TimeSpan.FromSeconds(1);

    // The call, and what is needed to write down what came of it.
    readonly TimeSpan _lease = options.Timeout + TimeSpan.FromSeconds(15);
    readonly Channel<bool> _due = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly List<Task> _underWay = [];
    readonly Lock _lock = new();
    Task? _more;
    Subscription? _known;
    int _failures;
    TimeSpan _notBefore;
    CancellationToken _givingUp;

    /// <summary>Completes when the host stops and nothing is under way any more.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    bool IsFailing
    {
        get
        {
            lock (_lock)
                return _failures >= FailuresInARow;
        }
    }

    /// <summary>Begins to look whenever something is due.</summary>
    /// <param name="givingUp">Gives up the calls that are under way.</param>
    /// <param name="stopping">Begins no more.</param>
    public void Start(CancellationToken givingUp, CancellationToken stopping)
    {
        _givingUp = givingUp;
        Ended = Task.Run(() => Run(stopping), CancellationToken.None);
    }

    /// <summary>Something is due.</summary>
    public void Wake() => _due.Writer.TryWrite(true);

    async Task Run(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await _due.Reader.ReadAsync(stopping);
                await Drain(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                WebhookSender.LineFailed(log, exception, id);
                await Task.Delay(AfterOwnFailure, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(_underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task Drain(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            _underWay.RemoveAll(call => call.IsCompleted);
            if (board.Find(id) is { IsEnabled: true } subscription && await Take(subscription, stopping))
                continue;

            if (_underWay.Count == 0)
                return;
            // One that hangs keeps none waiting that comes in the meantime.
            _more ??= _due.Reader.WaitToReadAsync(stopping).AsTask();
            await Task.WhenAny([.. _underWay, _more]);
            if (!_more.IsCompleted)
                continue;

            _due.Reader.TryRead(out _);
            _more = null;
        }
    }

    /// <summary>Calls with as much as there is room for. False when there is nothing, or no room.</summary>
    async Task<bool> Take(Subscription subscription, CancellationToken stopping)
    {
        BeginAnew(subscription);
        var room = (IsFailing ? 1 : options.Concurrency) - _underWay.Count;
        if (room <= 0 || !MayCall())
            return false;

        var taken = await deliveries.Take(id, _lease, room, stopping);
        foreach (var delivery in taken)
            _underWay.Add(Send(subscription, delivery));
        return taken.Count > 0;
    }

    /// <summary>Another address, or one that was enabled again, answers for nothing that was before.</summary>
    void BeginAnew(Subscription subscription)
    {
        lock (_lock)
        {
            // Whoever enables it means now, however often it has failed.
            var isAnother = _known is { } known && (known.Url != subscription.Url || known.EnabledAt != subscription.EnabledAt);
            if (isAnother || (_known?.FailingSince is not null && subscription.FailingSince is null))
                (_failures, _notBefore) = (0, TimeSpan.Zero);
            _known = subscription;
        }
    }

    bool MayCall()
    {
        lock (_lock)
            return clock.Steady() >= _notBefore;
    }

    async Task Send(Subscription subscription, WebhookDelivery delivery)
    {
        try
        {
            var (answer, tried) = await calls.Make(subscription, delivery, _givingUp);
            // Nobody knows what it would have answered: another host asks again when the lease is over.
            if (answer.Verdict == WebhookVerdict.Failed && _givingUp.IsCancellationRequested)
                return;

            await deliveries.Settle(After(delivery, answer, tried), CancellationToken.None);
            await Heed(subscription, answer);
        }
        catch (Exception exception)
        {
            // It is due again when its lease is over.
            WebhookSender.LineFailed(log, exception, id);
        }
    }

    WebhookSettlement After(WebhookDelivery delivery, WebhookAnswer answer, WebhookTry tried)
    {
        if (answer.Verdict == WebhookVerdict.Delivered)
            return new WebhookSettlement(delivery.Id, delivery.Attempts, WebhookStatus.Delivered, TimeSpan.Zero, tried);
        if (delivery.Attempts >= options.Delays.Count)
            return new WebhookSettlement(delivery.Id, delivery.Attempts, WebhookStatus.Failed, TimeSpan.Zero, tried);

        var pause = options.Delays[delivery.Attempts];
        return new WebhookSettlement(
            delivery.Id,
            delivery.Attempts,
            WebhookStatus.Waiting,
            answer.RetryAfter > pause ? answer.RetryAfter.Value : pause,
            tried
        );
    }

    async Task Heed(Subscription subscription, WebhookAnswer answer)
    {
        // What the address before answers says nothing of the one that is called now.
        if (board.Find(id)?.Url != subscription.Url)
            return;

        switch (answer.Verdict)
        {
            case WebhookVerdict.Delivered:
                await Works(subscription);
                break;
            case WebhookVerdict.Gone:
                await Disable($"it {answer.Result}");
                break;
            default:
                await Fails(subscription, answer);
                break;
        }
    }

    async Task Works(Subscription subscription)
    {
        bool wasFailing;
        lock (_lock)
        {
            wasFailing = _failures >= FailuresInARow;
            (_failures, _notBefore) = (0, TimeSpan.Zero);
        }

        if (!wasFailing && subscription.FailingSince is null)
            return;

        // First what was tried in vain while it took nothing, and then the rest.
        await deliveries.Hasten(id, CancellationToken.None);
        await board.NoteHealth(id, fails: false, CancellationToken.None);
        WebhookSender.TakesAgain(log, id);
    }

    async Task Fails(Subscription subscription, WebhookAnswer answer)
    {
        int failures;
        lock (_lock)
        {
            failures = ++_failures;
            var pause = answer.RetryAfter ?? TimeSpan.Zero;
            if (failures >= FailuresInARow)
            {
                var grown = FirstPause * Math.Pow(2, Math.Min(failures - FailuresInARow, 10));
                pause = Larger(pause, grown < LongestPause ? grown : LongestPause);
            }

            _notBefore = Larger(_notBefore, clock.Steady() + pause);
        }

        if (failures == FailuresInARow)
            WebhookSender.TakesNothing(log, id, answer.Result);
        if (failures >= FailuresInARow && board.Find(id) is { FailingSince: null })
            await board.NoteHealth(id, fails: true, CancellationToken.None);

        if (subscription.FailingSince is { } since && failures >= FailuresInARow && clock.GetUtcNow() - since > options.DisableAfter)
            await Disable($"it has taken nothing since {since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}: it {answer.Result}");
    }

    Task Disable(string reason) => board.Disable(id, reason, CancellationToken.None);

    static TimeSpan Larger(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
