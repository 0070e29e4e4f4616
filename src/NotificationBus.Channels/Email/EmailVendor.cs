using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Email;

/// <summary>A vendor that takes e-mails over HTTP and reports what became of them.</summary>
public abstract class EmailVendor : ReportingVendor
{
    readonly EmailVendorOptions _options;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Ends what takes too long, and tells new receipts from old ones.</param>
    protected EmailVendor(string name, EmailVendorOptions options, TimeProvider clock)
        : base(name, "email", options, clock) => _options = options;

    /// <inheritdoc />
    protected override ProviderResult? Refuse(Delivery delivery) =>
        EmailRules.Refuse(delivery, (EmailContent)delivery.Content, SenderOf(delivery)) is { } refused ? refused
        : Files(delivery).Sum(file => (long)file.Octets.Length) > LargestFiles
            ? new ProviderResult.Declined($"the attachments are larger than the {LargestFiles} octets {Name} takes")
        : null;

    /// <summary>The most octets that the vendor takes of attachments, before they are encoded.</summary>
    protected virtual int LargestFiles => int.MaxValue;

    /// <summary>The files of a mail.</summary>
    protected static IReadOnlyList<EmailAttachment> Files(Delivery delivery) => ((EmailContent)delivery.Content).Attachments ?? [];

    /// <summary>The longest name the vendor takes beside a mailbox, in UTF-16 code units; what is longer is cut.</summary>
    protected virtual int LongestName => int.MaxValue;

    /// <summary>The longest subject the vendor takes, in UTF-16 code units; what is longer is cut.</summary>
    protected virtual int LongestSubject => int.MaxValue;

    /// <summary>The recipient's name as the vendor takes it; null when there is none that could be shown.</summary>
    protected string? NameOf(Delivery delivery) => EmailRules.NameOf(delivery.RecipientName, LongestName);

    /// <summary>The mailbox that a mail goes out from.</summary>
    protected string From(Delivery delivery) => SenderOf(delivery).From;

    /// <summary>The sender's name as the vendor takes it; null when there is none.</summary>
    protected string? SenderName(Delivery delivery) => EmailRules.NameOf(SenderOf(delivery).Name, LongestName);

    /// <summary>The subject as the vendor takes it.</summary>
    protected string SubjectOf(Delivery delivery) => EmailRules.Cut(((EmailContent)delivery.Content).Subject, LongestSubject);

    /// <summary>The same on every try, so that whoever gets the mail twice can tell.</summary>
    protected string MessageIdOf(Delivery delivery) => $"<{delivery.Id:N}@{SenderOf(delivery).Domain}>";

    private protected EmailSender SenderOf(Delivery delivery) => EmailSender.Of(delivery, _options.From, _options.FromName);

    /// <summary>The header fields of the mail: the vendor's, and those that every mail of ours has.</summary>
    protected static IReadOnlyDictionary<string, string> HeadersOf(
        Delivery delivery,
        params IEnumerable<(string Name, string Value)> ofTheVendor
    ) => ofTheVendor.Concat(MailHeaders.Of(delivery).Select(header => (header.Key, header.Value))).ToDictionary(StringComparer.Ordinal);
}
