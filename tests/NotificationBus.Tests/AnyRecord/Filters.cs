using NotificationBus.Notifications;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>Filters of searches, put together.</summary>
static class Filters
{
    /// <summary>The conditions of both; where both have one, that of the first.</summary>
    public static NotificationFilter Both(NotificationFilter one, NotificationFilter other) =>
        new()
        {
            EventId = one.EventId ?? other.EventId,
            Key = one.Key ?? other.Key,
            Recipient = one.Recipient ?? other.Recipient,
            Addresses = one.Addresses.Count > 0 ? one.Addresses : other.Addresses,
            Status = one.Status ?? other.Status,
            Category = one.Category ?? other.Category,
            TemplateVersion = one.TemplateVersion ?? other.TemplateVersion,
            Channel = one.Channel ?? other.Channel,
            Provider = one.Provider ?? other.Provider,
            ProviderMessageId = one.ProviderMessageId ?? other.ProviderMessageId,
            From = one.From ?? other.From,
            To = one.To ?? other.To,
            Limit = one.Limit,
        };
}
