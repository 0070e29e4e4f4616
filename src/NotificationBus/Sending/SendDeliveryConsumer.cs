using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Templates;

namespace NotificationBus.Sending;

/// <summary>Takes an order from the queue of a channel, fills the template, has the channel's providers send it, and reports the result.</summary>
public sealed class SendDeliveryConsumer(ChannelSet channels, ITemplates templates, ProviderChains chains, Redelivery redelivery, PublishLimit limit, TimeProvider clock) : IConsumer<SendDelivery>
{
    /// <inheritdoc />
    public async Task Consume(ConsumeContext<SendDelivery> context)
    {
        var order = context.Message;
        var channel = channels.Find(order.Channel)
            ?? throw new InvalidEventException($"there is no channel '{order.Channel}', only {channels.Names}");

        if (order.ExpiresAt <= clock.GetUtcNow())
        {
            await Report(context, Expired(order, provider: null, "it was too late when the worker got to it"), order.EarlierAttempts);
            return;
        }

        Content content;
        try
        {
            content = templates.Render(order.Category, channel, order.Locale, order.RecipientName, order.Data);
        }
        catch (TemplateException exception)
        {
            // The plan had filled it before. The template has changed since then.
            await Report(context, Failed(order, provider: null, exception.Message), attemptNumber: 0);
            return;
        }

        DeliveryAttempt attempt;
        try
        {
            attempt = await chains.Of(order.Channel).Send(Delivery(order, content), order.EarlierAttempts, context.CancellationToken);
        }
        catch (AttemptInProgressException exception)
        {
            await redelivery.PutOff(context, order, clock.GetUtcNow() + exception.Remaining);
            return;
        }

        switch (attempt.Status)
        {
            case AttemptStatus.Accepted:
                await Report(context, Sent(order, attempt), attempt.Number);
                break;

            case AttemptStatus.Unavailable when order.AnotherChannelFollows:
                await Report(context, Failed(order, attempt.Provider, $"no provider is available, the last one said: {attempt.Reason}"), attempt.Number);
                break;

            case AttemptStatus.Unavailable when redelivery.Next(order, attempt.RetryAfter) is { } dueAt:
                await redelivery.PutOff(context, order with { Redeliveries = order.Redeliveries + 1, EarlierAttempts = attempt.Number }, dueAt);
                break;

            case AttemptStatus.Unavailable:
                await Report(context, Expired(order, attempt.Provider, $"no provider was available in time, the last one said: {attempt.Reason}"), attempt.Number);
                break;

            default:
                await Report(context, Failed(order, attempt.Provider, Explain(attempt)), attempt.Number);
                break;
        }
    }

    /// <summary>Reports under an id that is the same when the order comes again, so that the saga takes it once.</summary>
    Task Report<TResult>(ConsumeContext<SendDelivery> context, TResult result, int attemptNumber)
        where TResult : class =>
        limit.Await(context.Publish(result, publish =>
            publish.MessageId = DeterministicId.From("result", $"{context.Message.DeliveryId:N}", $"{attemptNumber}", typeof(TResult).Name)));

    static string Explain(DeliveryAttempt attempt) => attempt.Status switch
    {
        AttemptStatus.InDoubt => $"in doubt, it may have been sent: {attempt.Reason}",
        _ => attempt.Reason ?? "refused without a reason",
    };

    static Delivery Delivery(SendDelivery order, Content content) => new()
    {
        NotificationId = order.NotificationId,
        Id = order.DeliveryId,
        Channel = order.Channel,
        Address = order.Address,
        RecipientName = order.RecipientName,
        Category = order.Category,
        Content = content,
    };

    static DeliverySent Sent(SendDelivery order, DeliveryAttempt attempt) => new()
    {
        NotificationId = order.NotificationId,
        DeliveryId = order.DeliveryId,
        Provider = attempt.Provider,
        ProviderMessageId = attempt.ProviderMessageId,
    };

    static DeliveryFailed Failed(SendDelivery order, string? provider, string reason) => new()
    {
        NotificationId = order.NotificationId,
        DeliveryId = order.DeliveryId,
        Provider = provider,
        Reason = reason,
    };

    static DeliveryExpired Expired(SendDelivery order, string? provider, string reason) => new()
    {
        NotificationId = order.NotificationId,
        DeliveryId = order.DeliveryId,
        Provider = provider,
        Reason = reason,
    };
}
