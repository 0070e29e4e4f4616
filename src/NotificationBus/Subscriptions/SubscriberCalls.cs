using System.Diagnostics;
using NotificationBus.Contents;

namespace NotificationBus.Subscriptions;

/// <summary>Makes the calls of subscribers, each signed with the keys that its receiver may have.</summary>
public sealed class SubscriberCalls(SubscriptionSecrets secrets, IWebhookCaller caller, TimeProvider clock)
{
    /// <summary>Makes one, and says what came of it.</summary>
    internal async Task<(WebhookAnswer Answer, WebhookTry Tried)> Make(
        Subscription subscription,
        WebhookDelivery delivery,
        CancellationToken givingUp
    )
    {
        var (at, began) = (clock.GetUtcNow(), Stopwatch.GetTimestamp());
        var answer = await Call(subscription, delivery, at, givingUp);
        return (answer, new WebhookTry(at, answer.Result, (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds));
    }

    async Task<WebhookAnswer> Call(Subscription subscription, WebhookDelivery delivery, DateTimeOffset now, CancellationToken givingUp)
    {
        IReadOnlyList<byte[]> keys;
        try
        {
            keys = secrets.Open(subscription, now);
        }
        catch (Exception exception) when (exception is ContentKeyException or InvalidDataException)
        {
            return new WebhookAnswer(WebhookVerdict.Failed, $"was not called: its secret cannot be read ({exception.Message}); rotate it");
        }

        return await caller.Post(new WebhookCall(subscription.Url, delivery.Id, keys, delivery.Body()), givingUp);
    }
}
