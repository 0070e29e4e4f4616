using System.Security.Cryptography;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Emulators;
using NotificationBus.Receipts;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Email.Providers;

public sealed class When_SendGrid_reports : Any_reader_of_signed_receipts<When_SendGrid_reports>, IReceiptSituation
{
    static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    static readonly ECDsa AnotherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static IEnumerable<Report> Reports =>
        [
            Row("delivered", ReceiptKind.Confirmed, """ "response":"250 OK" """),
            Row(
                "bounce",
                ReceiptKind.HardBounce,
                """ "type":"bounce","status":"5.1.1","reason":"550 5.1.1 <somchai@example.net> unknown" """
            ),
            Row("bounce", ReceiptKind.Undelivered, """ "type":"blocked","reason":"550 blocked" """),
            Row("dropped", ReceiptKind.HardBounce, """ "reason":"Bounced Address" """),
            Row("dropped", ReceiptKind.HardBounce, """ "reason":"Invalid" """),
            Row("dropped", ReceiptKind.OptedOut, """ "reason":"Unsubscribed Address" """),
            Row("dropped", ReceiptKind.Complained, """ "reason":"Spam Reporting Address" """),
            Row("dropped", ReceiptKind.Undelivered, """ "reason":"Recipient List over Package Quota" """),
            Row("spamreport", ReceiptKind.Complained),
            Row("unsubscribe", ReceiptKind.OptedOut),
            Row("group_unsubscribe", ReceiptKind.Unsubscribed, """ "asm_group_id":1 """),
            Row("open", ReceiptKind.Opened, """ "useragent":"Mozilla/4.0" """),
            Row("click", ReceiptKind.Read, """ "url":"http://example.com/" """),
            Row("processed", null),
            Row("deferred", null, """ "response":"400 try again later","attempt":"5" """),
        ];

    public static IReceiptReader Reader(TimeProvider clock) => Account($"{Public(AnotherKey)} {Public(Key)}", clock);

    public static IReceiptReader ReaderWithoutSecret(TimeProvider clock) => Account(null, clock);

    public static ReceiptRequest Post(string body, DateTimeOffset at) => Signed(body, at, Key);

    public static ReceiptRequest Forge(string body, DateTimeOffset at)
    {
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Signed(body, at, stranger);
    }

    [Fact]
    public void Should_believe_the_example_of_the_vendors_own_libraries()
    {
        // The key, time and signature in the tests of SendGrid's libraries.
        const string Body = "{\"category\":\"example_payload\",\"event\":\"test_event\",\"message_id\":\"message_id\"}";
        var at = DateTimeOffset.FromUnixTimeSeconds(1588788367);
        var reader = Account(
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==",
            new Standing(at)
        );

        ReadBy(
                reader,
                Request(
                    Body,
                    (
                        "X-Twilio-Email-Event-Webhook-Signature",
                        "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="
                    ),
                    ("X-Twilio-Email-Event-Webhook-Timestamp", "1588788367")
                )
            )
            .ShouldBeOfType<ReceiptReading.Genuine>();
    }

    [Fact]
    public void Should_read_many_reports_at_once()
    {
        var body = $"[{string.Join(',', Reports.Select(report => report.Body.Trim('[', ']')))}]";

        var receipts = ((ReceiptReading.Genuine)Read(Post(body, new(2026, 3, 14, 9, 26, 53, TimeSpan.Zero)))).Receipts;

        receipts.Select(receipt => receipt.Kind).ShouldBe(Reports.Select(report => report.Kind).OfType<ReceiptKind>());
    }

    static Report Row(string type, ReceiptKind? kind, string more = """ "ip":"127.0.0.1" """) =>
        new(
            $"{type}: {more.Trim()}",
            $$"""
            [{"email":"somchai@example.net","timestamp":1773480410,"smtp-id":"<14c5d75ce93.dfd.64b469@ismtpd-555>","event":"{{type}}",
              "sg_event_id":"ZGVsaXZlcmVk","sg_message_id":"14c5d75ce93.recvd-84c77499d8-zwnzx-1-6655BD46-40.0",
              "delivery_id":"{{Mail.Id}}",{{more}}}]
            """,
            kind
        )
        {
            ProviderMessageId = "14c5d75ce93",
        };

    static ReceiptRequest Signed(string body, DateTimeOffset at, ECDsa key) => Request(body, [.. Signatures.SendGrid(body, at, key)]);

    static string Public(ECDsa key) => Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());

    static SendGridEmailProvider Account(string? key, TimeProvider clock) =>
        new(
            "account",
            new SendGridOptions
            {
                ApiKey = "SG.abc",
                From = Mail.From,
                ReceiptKey = key,
            },
            clock
        );

    sealed class Standing(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
