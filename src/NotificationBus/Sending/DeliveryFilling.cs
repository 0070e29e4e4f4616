using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Templates;

namespace NotificationBus.Sending;

/// <summary>Makes what the providers are given: the delivery that a command names, with its template filled.</summary>
public sealed class DeliveryFilling(ITemplates templates, UnsubscribeLinks unsubscribe)
{
    /// <summary>Fills the template, unless the plan has just done so in this process.</summary>
    /// <exception cref="TemplateException">The plan had filled it before. The template has changed since then.</exception>
    internal Delivery Fill(ConsumeContext<SendDelivery> context, IChannel channel)
    {
        var command = context.Message;
        var content =
            context.TryGetPayload(out SentHere? here) && here.Content is { } filled
                ? filled
                : templates.Render(command.Category, channel, command.Locale, command.RecipientName, command.Data);
        return new Delivery
        {
            NotificationId = command.NotificationId,
            Id = command.DeliveryId,
            Channel = command.Channel,
            Address = command.Address,
            RecipientName = command.RecipientName,
            ExpiresAt = command.ExpiresAt,
            Category = command.Category,
            OccurredAt = command.OccurredAt,
            Content = content,
            Values = JsonText.Within(command.Data),
            UnsubscribeUrl = unsubscribe.Of(command),
        };
    }
}
