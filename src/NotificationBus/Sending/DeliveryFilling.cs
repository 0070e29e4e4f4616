using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Templates;

namespace NotificationBus.Sending;

/// <summary>Makes what the providers are given: the delivery that a command names, with what it says.</summary>
public sealed class DeliveryFilling(DeliveryContents contents, UnsubscribeLinks unsubscribe, ApplicationChoices applications)
{
    /// <summary>Makes the delivery, without the files it is sent with.</summary>
    /// <exception cref="TemplateException">A command of an earlier version: its template has changed since the plan.</exception>
    internal async ValueTask<Delivery> Fill(ConsumeContext<SendDelivery> context, IChannel channel)
    {
        var command = context.Message;
        var (frozen, isFilledAgain) = await contents.Of(context, channel);
        return new Delivery
        {
            NotificationId = command.NotificationId,
            Id = command.DeliveryId,
            Channel = command.Channel,
            Address = command.Address,
            Sender = applications.SenderOf(command.Application, command.Channel),
            RecipientName = command.RecipientName,
            ExpiresAt = command.ExpiresAt,
            Category = command.Category,
            OccurredAt = command.OccurredAt,
            Content = frozen.On(channel),
            ContentHash = frozen.Hash,
            TemplateVersion = isFilledAgain ? frozen.Template?.Version : null,
            Values = JsonText.Within(command.Data),
            UnsubscribeUrl = unsubscribe.Of(command),
        };
    }
}
