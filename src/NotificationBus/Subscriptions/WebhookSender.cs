using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace NotificationBus.Subscriptions;

/// <summary>
/// Sends subscribers what they are to be told. Each has a line of its own: one that is slow or dead keeps no other waiting. Any number of
/// hosts do so side by side.
/// </summary>
public sealed partial class WebhookSender(
    IWebhookDeliveries deliveries,
    SubscriptionBoard board,
    SubscriberCalls calls,
    IOptions<WebhooksOptions> options,
    TimeProvider clock,
    ILogger<WebhookSender> log
) : BackgroundService
{
    // What another host has stored, and what comes again.
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    // One question for all that is stored in the meantime.
    static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(20);

    // A subscriber that does not answer must not keep a host from stopping.
    static readonly TimeSpan LastCall = TimeSpan.FromSeconds(2);

    static readonly TimeSpan WithoutSubscription = TimeSpan.FromSeconds(30);
    static readonly TimeSpan CountEvery = TimeSpan.FromMinutes(1);
    static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(1);
    const int ForgottenAtOnce = 10_000;

    readonly ConcurrentDictionary<Guid, WebhookLine> _lines = new();
    TimeSpan? _forgot;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var givingUp = new CancellationTokenSource();
        await using var stopping = stoppingToken.Register(() => givingUp.CancelAfter(LastCall));
        await Task.WhenAll(Send(givingUp.Token, stoppingToken), Tidy(stoppingToken));
        // What is under way has a little time to be written down; what is not is sent again, when its lease is over.
        await Task.WhenAll(_lines.Values.Select(line => line.Ended)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task Send(CancellationToken givingUp, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (board.Enabled.IsEmpty)
                {
                    await board.WaitUntilTold(WithoutSubscription, stoppingToken);
                    continue;
                }

                foreach (var id in await deliveries.WithDue(stoppingToken))
                    LineOf(id, givingUp, stoppingToken).Wake();
                await Task.Delay(ShortestInterval, stoppingToken);
                await board.WaitUntilTold(Interval, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                WebhooksNotSent(exception);
                await Task.Delay(Interval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Beside the sending, which does not wait until much is counted or forgotten.</summary>
    async Task Tidy(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await CountWaiting(stoppingToken);
                await Forget(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                WebhooksNotSent(exception);
            }

            await Task.Delay(CountEvery, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    WebhookLine LineOf(Guid id, CancellationToken givingUp, CancellationToken stoppingToken) =>
        _lines.GetOrAdd(
            id,
            _ =>
            {
                var line = new WebhookLine(id, deliveries, board, calls, options.Value, clock, log);
                line.Start(givingUp, stoppingToken);
                return line;
            }
        );

    /// <summary>What nobody takes must not fill the disk that everybody needs.</summary>
    async Task CountWaiting(CancellationToken cancellationToken)
    {
        foreach (var subscription in board.Enabled)
        {
            if (
                await deliveries.CountWaiting(subscription.Id, options.Value.MostWaiting + 1, cancellationToken)
                <= options.Value.MostWaiting
            )
                continue;

            var reason = $"more than {options.Value.MostWaiting} events waited for it (Webhooks:MostWaiting)";
            await board.Disable(subscription.Id, reason, cancellationToken);
        }
    }

    async Task Forget(CancellationToken cancellationToken)
    {
        if (clock.GetElapsed(_forgot) < ForgetEvery)
            return;

        _forgot = clock.Steady();
        while (await deliveries.Forget(options.Value.KeptFor, ForgottenAtOnce, cancellationToken) == ForgottenAtOnce) { }
    }

    [LoggerMessage(LogLevel.Warning, "What subscribers are told could not be looked at, and is looked at again")]
    partial void WebhooksNotSent(Exception exception);

    [LoggerMessage(LogLevel.Warning, "Subscription {SubscriptionId} takes nothing; it is tried one event at a time: {Result}")]
    internal static partial void TakesNothing(ILogger log, Guid subscriptionId, string result);

    [LoggerMessage(LogLevel.Information, "Subscription {SubscriptionId} takes again what it is sent")]
    internal static partial void TakesAgain(ILogger log, Guid subscriptionId);

    [LoggerMessage(LogLevel.Warning, "What subscription {SubscriptionId} is told could not be taken or written down, and is tried again")]
    internal static partial void LineFailed(ILogger log, Exception exception, Guid subscriptionId);
}

/// <summary>Time since something that may never have been.</summary>
static class ElapsedTime
{
    public static TimeSpan GetElapsed(this TimeProvider clock, TimeSpan? since) =>
        since is { } at ? clock.Steady() - at : TimeSpan.MaxValue;
}
