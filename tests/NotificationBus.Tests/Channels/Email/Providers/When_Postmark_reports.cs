using NotificationBus.Channels.Email.Providers;
using NotificationBus.Emulators;
using NotificationBus.Receipts;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Email.Providers;

public sealed class When_Postmark_reports : Any_reader_of_receipts<When_Postmark_reports>, IReceiptSituation
{
    const string Pair = "postmark:a-long-password";

    public static IEnumerable<Report> Reports =>
        [
            Row("Delivery", ReceiptKind.Confirmed, """ "DeliveredAt":"2026-03-14T09:26:50Z","Details":"Test delivery webhook details" """),
            Bounce("HardBounce", ReceiptKind.HardBounce),
            Bounce("BadEmailAddress", ReceiptKind.HardBounce),
            .. new[] { "SoftBounce", "DnsError", "Blocked", "SpamNotification", "DMARCPolicy", "Unknown", "SomethingNew" }.Select(type =>
                Bounce(type, ReceiptKind.Undelivered)
            ),
            Bounce("SpamComplaint", ReceiptKind.Complained),
            Bounce("Unsubscribe", ReceiptKind.OptedOut),
            Bounce("Transient", null),
            Bounce("AutoResponder", null),
            Bounce("ChallengeVerification", null),
            Row("SpamComplaint", ReceiptKind.Complained, """ "Type":"SpamComplaint","BouncedAt":"2026-03-14T09:26:50Z" """),
            Row("Open", ReceiptKind.Opened, """ "ReceivedAt":"2026-03-14T09:26:50Z","FirstOpen":true """),
            Row("Click", ReceiptKind.Read, """ "ReceivedAt":"2026-03-14T09:26:50Z","OriginalLink":"https://example.com" """),
            Row("Click", ReceiptKind.Read, """ "ReceivedAt":"2026-03-14T09:26:50Z","OriginalLink":"https://example.com/2" """),
            Row(
                "SubscriptionChange",
                ReceiptKind.OptedOut,
                """ "ChangedAt":"2026-03-14T09:26:50Z","SuppressSending":true,"SuppressionReason":"ManualSuppression" """
            ),
            Row(
                "SubscriptionChange",
                null,
                """ "ChangedAt":"2026-03-14T09:26:50Z","SuppressSending":true,"SuppressionReason":"HardBounce" """
            ),
            Row("SubscriptionChange", null, """ "ChangedAt":"2026-03-14T09:26:50Z","SuppressSending":false,"SuppressionReason":null """),
            Row("Inbound", null, """ "Date":"x" """),
        ];

    public static IReceiptReader Reader(TimeProvider clock) => Account(Pair, clock);

    public static IReceiptReader ReaderWithoutSecret(TimeProvider clock) => Account(null, clock);

    public static ReceiptRequest Post(string body, DateTimeOffset at) => Basic(body, Pair);

    public static ReceiptRequest Forge(string body, DateTimeOffset at) => Basic(body, "postmark:another-password");

    static ReceiptRequest Basic(string body, string pair) => Request(body, Signatures.Basic(pair));

    static Report Bounce(string type, ReceiptKind? kind) =>
        Row(
            "Bounce",
            kind,
            $$""" "ID":42,"Type":"{{type}}","BouncedAt":"2026-03-14T05:26:50.0000000-04:00","Details":"550 """
                + """<somchai@example.net> unknown" """
        );

    static Report Row(string type, ReceiptKind? kind, string more) =>
        new(
            $"{type}: {more.Trim()}",
            $$"""{"RecordType":"{{type}}","MessageID":"883953f4-6105","Recipient":"somchai@example.net","Metadata":"""
                + $$"""{"delivery_id":"{{Mail.Id}}"},{{more}}}""",
            kind
        )
        {
            ProviderMessageId = "883953f4-6105",
        };

    static PostmarkEmailProvider Account(string? secret, TimeProvider clock) =>
        new(
            "account",
            new PostmarkOptions
            {
                ServerToken = "token",
                From = Mail.From,
                ReceiptSecret = secret,
            },
            clock
        );
}
