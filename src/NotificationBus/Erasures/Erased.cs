using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Erasures;

/// <summary>
/// What is left of a notification when its recipient is erased: that there was one, of which category, on which channels, when, by whom it
/// was taken and what came of it. All that names the person, or was written by somebody who may have named the person, is gone.
/// </summary>
public static class Erased
{
    /// <summary>The word in the place of an address, and of what was written about it.</summary>
    public const string Text = ErasedRecipient.Text;

    /// <summary>The name under which it stands among the steps of its saga.</summary>
    public const string Step = "RecipientErased";

    // Of what a step says of a delivery: what vendors and operators have written.
    static readonly HashSet<string> Written = new(["reason", "cancellation", "text"], StringComparer.Ordinal);

    /// <summary>Erases the recipient of a notification.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="key">Names the recipient.</param>
    public static ErasedNotification Of(NotificationState notification, ErasureKey key) =>
        new(
            notification,
            new NotificationState
            {
                CorrelationId = notification.CorrelationId,
                CurrentState = notification.CurrentState,
                // Whoever has it in mind as it was loses the race, and reads it again.
                Version = notification.Version + 1,
                ProcessedMessageIds = notification.ProcessedMessageIds,
                Application = notification.Application,
                EventName = notification.EventName,
                Category = notification.Category,
                Recipient = new Contact { Id = key.OfRecipient(notification.Application, notification.Recipient.Id) },
                Data = JsonElement.Parse("{}"),
                RequestedChannels = notification.RequestedChannels,
                Mode = notification.Mode,
                EscalateAfter = notification.EscalateAfter,
                EscalateUnless = notification.EscalateUnless,
                EscalationToken = notification.EscalationToken,
                Deliveries = [.. notification.Deliveries.Select(Of)],
                Decisions = [],
                LeftOut = [.. notification.LeftOut.Select(one => one with { Reason = Text })],
                Refusal = notification.Refusal is null ? null : Text,
                TemplateVersion = notification.TemplateVersion,
                CreatedAt = notification.CreatedAt,
                ExpiresAt = notification.ExpiresAt,
                CompletedAt = notification.CompletedAt,
            }
        );

    static DeliveryState Of(DeliveryState delivery) =>
        new()
        {
            Id = delivery.Id,
            Channel = delivery.Channel,
            Address = Text,
            Step = delivery.Step,
            Status = delivery.Status,
            BegunAt = delivery.BegunAt,
            Provider = delivery.Provider,
            ProviderMessageId = delivery.ProviderMessageId,
            Reason = delivery.Reason is null ? null : Text,
            // Of an earlier version the code is read off the reason.
            Code = delivery.Code ?? delivery.FinalCode(),
            Decisions = delivery.Decisions is null ? null : [.. delivery.Decisions.Select(one => one with { Text = Text })],
            Cancellation = delivery.Cancellation is null ? null : Text,
            Attempts = delivery.Attempts,
            Reopened = delivery.Reopened,
            SettledAt = delivery.SettledAt,
            ConfirmedAt = delivery.ConfirmedAt,
            BouncedAt = delivery.BouncedAt,
            SoftBouncedAt = delivery.SoftBouncedAt,
            OpenedAt = delivery.OpenedAt,
            ReadAt = delivery.ReadAt,
            AutomaticReadAt = delivery.AutomaticReadAt,
            ComplainedAt = delivery.ComplainedAt,
            UnsubscribedAt = delivery.UnsubscribedAt,
        };

    /// <summary>Erases a step of a saga.</summary>
    public static KeptStep Of(KeptStep step) => step with { Before = WithoutTexts(step.Before), Changes = WithoutTexts(step.Changes) };

    /// <summary>The step that says that a notification was erased: the numbers of its steps have no gap.</summary>
    /// <param name="notification">The notification after it.</param>
    /// <param name="at">The time.</param>
    public static KeptStep StepOf(NotificationState notification, DateTimeOffset at) =>
        new()
        {
            Number = notification.Version,
            At = at,
            Message = Step,
            MessageIds = [],
            StateBefore = notification.CurrentState,
            StateAfter = notification.CurrentState,
            Before = SagaContent.Of(notification).ToJsonString(),
            Changes = "{}",
            Caused = [],
        };

    /// <summary>Erases the recipient from what a subscriber is told.</summary>
    /// <param name="data">What is told, a JSON object.</param>
    /// <param name="recipient">The name in the recipient's place.</param>
    public static string Told(string data, string recipient)
    {
        var told = JsonNode.Parse(data)!.AsObject();
        if (told.ContainsKey("recipientId"))
            told["recipientId"] = recipient;
        foreach (var name in (string[])["eventId", "keys", "metadata"])
            told.Remove(name);
        return told.ToJsonString();
    }

    static string WithoutTexts(string json)
    {
        var node = JsonNode.Parse(json)!;
        Clear(node);
        return node.ToJsonString();
    }

    static void Clear(JsonNode? node)
    {
        if (node is JsonArray array)
            foreach (var item in array)
                Clear(item);
        if (node is not JsonObject all)
            return;

        all.Remove("clicks");
        foreach (var (name, value) in all.ToList())
        {
            if (value is JsonValue && Written.Contains(name))
                all[name] = Text;
            else
                Clear(value);
        }
    }
}
