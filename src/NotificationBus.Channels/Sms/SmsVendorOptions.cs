using System.ComponentModel.DataAnnotations;
using NotificationBus.Channels.Http;

namespace NotificationBus.Channels.Sms;

/// <summary>Settings of the account of every vendor of text messages: <c>Providers:{account}</c>.</summary>
public abstract class SmsVendorOptions : HttpVendorOptions
{
    /// <summary>
    /// The sender: a number of the account's, in E.164 form, or a name of up to 11 letters and digits where the country allows it.
    /// </summary>
    public string From { get; set; } = "";

    /// <summary>The most parts a message may have, each of which is billed; a longer one is not sent. Default 4, from 1 to 10.</summary>
    [Range(1, 10, ErrorMessage = "must be from {1} to {2}")]
    public int MostSegments { get; set; } = 4;

    /// <summary>
    /// The URL to which the vendor posts what became of messages: our address as it sees it, <c>https://…/v1/receipts/{account}</c>.
    /// Default: what is set at the vendor.
    /// </summary>
    public string? ReceiptUrl { get; set; }

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var wrong in base.Validate(validationContext))
            yield return wrong;

        if (From.Length > 0 && !IsSender(From))
            yield return new ValidationResult(NoSender, [nameof(From)]);

        if (
            !string.IsNullOrEmpty(ReceiptUrl)
            && !(
                Uri.TryCreate(ReceiptUrl, UriKind.Absolute, out var url)
                && url.Scheme == Uri.UriSchemeHttps
                && url.Query.Length == 0
                && url.Fragment.Length == 0
            )
        )
            yield return new ValidationResult("must be an absolute URL with https, host and path only", [nameof(ReceiptUrl)]);
    }

    internal const string NoSender = "must be a number such as +66812345678, or a name of up to 11 letters, digits and spaces";

    // Some countries have short numbers for services, without a plus.
    internal static bool IsSender(string from) =>
        PhoneNumber.IsE164(from)
        || (from.Length is >= 3 and <= 15 && from.All(char.IsAsciiDigit))
        || (from.Length is >= 1 and <= 11 && from.All(c => c == ' ' || char.IsAsciiLetterOrDigit(c)) && from.Any(char.IsAsciiLetter));
}
