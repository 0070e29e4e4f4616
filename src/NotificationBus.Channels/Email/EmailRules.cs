using System.ComponentModel.DataAnnotations;

using NotificationBus.Channels.Email.Smtp;
using NotificationBus.Sending;

namespace NotificationBus.Channels.Email;

/// <summary>What no e-mail may have, whoever sends it. Also checked where the values came in; here it is too late to trust anybody.</summary>
static class EmailRules
{
    static readonly EmailChannel Email = new();

    /// <summary>Why the delivery is never sent, or null.</summary>
    public static ProviderResult.Rejected? Refuse(Delivery delivery, EmailContent content, string from, string? fromName) =>
        Email.Refuse(delivery.Address) is { } wrong ? new ProviderResult.Rejected(wrong, AddressIsWrong: true)
        : Email.Refuse(from) is { } wrongSender ? new ProviderResult.Rejected($"From: {wrongSender}")
        : HeaderText.BreaksOut(fromName) ? new ProviderResult.Rejected("FromName has more than one line")
        : HeaderText.BreaksOut(delivery.RecipientName) ? new ProviderResult.Rejected("the recipient's name has more than one line")
        : HeaderText.BreaksOut(content.Subject) ? new ProviderResult.Rejected("the subject has more than one line")
        : MailHeaders.Of(delivery).Any(header => HeaderText.BreaksOut(header.Value)) ? new ProviderResult.Rejected("a header has more than one line")
        : null;

    /// <summary>What is wrong with a sender in the settings.</summary>
    public static IEnumerable<ValidationResult> CheckSender(string from, string? fromName)
    {
        if (Email.Refuse(from) is { } wrong)
            yield return new ValidationResult(wrong, ["From"]);

        if (HeaderText.BreaksOut(fromName))
            yield return new ValidationResult("must be one line", ["FromName"]);
    }

    /// <summary>A mailbox as vendors read it, with the name before it; quoted where that could be read as something else (RFC 5322, section 3.2.3).</summary>
    public static string Named(string? name, string address) => string.IsNullOrWhiteSpace(name) ? address
        : name.All(c => c == ' ' || char.IsLetterOrDigit(c) || c > '\x7f') ? $"{name} <{address}>"
        : $"\"{name.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\" <{address}>";
}
