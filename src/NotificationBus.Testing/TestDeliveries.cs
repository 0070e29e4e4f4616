using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Sandbox;
using NotificationBus.Channels.Sms;
using NotificationBus.Channels.Webhook;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Testing;

/// <summary>Finds what a recipient was told.</summary>
public static class TestDeliveries
{
    static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Lists what a recipient was told, the first first: waits until there are the notifications that are expected and nothing of them is
    /// on its way, at most the harness' <c>TestTimeout</c>. When that is over it is what there is, as with the harness' own lists.
    /// </summary>
    /// <param name="harness">The harness, started, with <see cref="TestFlow.AddNotificationBus"/>.</param>
    /// <param name="recipientId">The recipient's id, as the event has it.</param>
    /// <param name="notifications">
    /// How many notifications are waited for: one for each event that was published; 0 for what there is now, when none is expected.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IReadOnlyList<TestDelivery>> Deliveries(
        this ITestHarness harness,
        string recipientId,
        int notifications = 1,
        CancellationToken cancellationToken = default
    )
    {
        var queries = harness.Provider.GetRequiredService<INotificationQueries>();
        var inbox = harness.Provider.GetRequiredService<SandboxInbox>();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(harness.TestTimeout);
        IReadOnlyList<NotificationSummary> found;
        do
        {
            found = (
                await queries.Search(new NotificationFilter { Recipient = recipientId, Limit = SandboxInbox.Capacity }, cancellationToken)
            ).Notifications;
            if (found.Count >= notifications && !await AnyOnItsWay(queries, found, cancellationToken))
                break;

            await Task.Delay(BetweenLooks, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        } while (!over.IsCancellationRequested);

        cancellationToken.ThrowIfCancellationRequested();
        var ids = found.Select(notification => notification.Id).ToHashSet();
        return
        [
            .. inbox
                .Since(0)
                .Where(caught => ids.Contains(caught.Delivery.NotificationId))
                .OrderBy(caught => caught.Number)
                .Select(caught => new TestDelivery(caught)),
        ];
    }

    static async Task<bool> AnyOnItsWay(
        INotificationQueries queries,
        IReadOnlyList<NotificationSummary> notifications,
        CancellationToken cancellationToken
    )
    {
        foreach (var notification in notifications)
        {
            if (
                await queries.Find(notification.Id, cancellationToken) is not { } found
                || found.Deliveries.Any(delivery => delivery.Status == DeliveryStatus.Sending)
            )
                return true;
        }

        return false;
    }
}

/// <summary>What a recipient was told on one channel.</summary>
public sealed class TestDelivery
{
    readonly Providers.Delivery _delivery;

    internal TestDelivery(CaughtDelivery caught) => _delivery = caught.Delivery;

    /// <summary>The notification.</summary>
    public Guid NotificationId => _delivery.NotificationId;

    /// <summary>The category.</summary>
    public string Category => _delivery.Category;

    /// <summary>The channel, such as <c>email</c>.</summary>
    public string Channel => _delivery.Channel;

    /// <summary>The address it went to.</summary>
    public string Address => _delivery.Address;

    /// <summary>The e-mail.</summary>
    /// <exception cref="InvalidOperationException">It went out on another channel.</exception>
    public EmailContent Email => As<EmailContent>();

    /// <summary>The push.</summary>
    /// <inheritdoc cref="Email" path="/exception"/>
    public PushContent Push => As<PushContent>();

    /// <summary>The text message.</summary>
    /// <inheritdoc cref="Email" path="/exception"/>
    public SmsContent Sms => As<SmsContent>();

    /// <summary>The chat message.</summary>
    /// <inheritdoc cref="Email" path="/exception"/>
    public ChatContent Chat => As<ChatContent>();

    /// <summary>The call of a webhook.</summary>
    /// <inheritdoc cref="Email" path="/exception"/>
    public WebhookContent Webhook => As<WebhookContent>();

    /// <inheritdoc />
    public override string ToString() => $"{Category} by {Channel}";

    T As<T>()
        where T : Content =>
        _delivery.Content as T ?? throw new InvalidOperationException($"This delivery of {Category} went out by {Channel}.");
}
