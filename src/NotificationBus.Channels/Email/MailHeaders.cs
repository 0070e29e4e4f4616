using NotificationBus.Providers;

namespace NotificationBus.Channels.Email;

/// <summary>Header fields of a mail that are the same whoever sends it, and that every provider of e-mail carries.</summary>
static class MailHeaders
{
    /// <summary>
    /// The fields in order (RFC 2369, RFC 8058). Names and values are ASCII and of one line: they are ours, and a <see cref="Uri"/> escapes
    /// everything else.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(Delivery delivery) =>
        delivery.UnsubscribeUrl is { } url
            ? [new("List-Unsubscribe", $"<{url.AbsoluteUri}>"), new("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]
            : [];
}
