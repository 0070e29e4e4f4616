using System.ComponentModel.DataAnnotations;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Sms;

/// <summary>
/// Settings of <c>Applications:{name}:Sms</c>: the sender of an application's text messages, whichever account sends them.
/// </summary>
public sealed class SmsSenderOptions : IValidatableObject
{
    /// <summary>
    /// The number in E.164 form, or the name of up to 11 letters and digits, that the application's text messages go out from, in the
    /// place of the account's <c>From</c> or <c>MessagingServiceSid</c>. Every account of text messages that they may take must be allowed
    /// to send from it. Default: the account's.
    /// </summary>
    public string? From { get; set; }

    /// <summary>The sender; null when the account's is meant.</summary>
    public Sender? ToSender() => From is { Length: > 0 } from ? new Sender(from) : null;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        From is { Length: > 0 } from && !SmsVendorOptions.IsSender(from)
            ? [new ValidationResult(SmsVendorOptions.NoSender, [nameof(From)])]
            : [];
}
