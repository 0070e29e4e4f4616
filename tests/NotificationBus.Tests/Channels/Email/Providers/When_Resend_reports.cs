using NotificationBus.Channels.Email.Providers;
using NotificationBus.Emulators;
using NotificationBus.Receipts;
using NotificationBus.Tests.Channels.Vendors;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Email.Providers;

public sealed class When_Resend_reports : Any_reader_of_signed_receipts<When_Resend_reports>, IReceiptSituation
{
    const string Old = "whsec_b2xkLXNlY3JldC1vZi10aGUtd2ViaG9vaw==";
    const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    public static IEnumerable<Report> Reports =>
        [
            Row("email.delivered", ReceiptKind.Confirmed),
            Row(
                "email.bounced",
                ReceiptKind.HardBounce,
                """ "bounce":{"message":"The mailbox somchai@example.net does not exist","subType":"General","type":"Permanent"} """
            ),
            Row(
                "email.bounced",
                ReceiptKind.Undelivered,
                """ "bounce":{"message":"Mailbox full","subType":"MailboxFull","type":"Transient"} """
            ),
            Row("email.suppressed", ReceiptKind.HardBounce),
            Row("email.failed", ReceiptKind.Undelivered, """ "failed":{"reason":"reached_daily_quota"} """),
            Row("email.complained", ReceiptKind.Complained),
            Row("email.opened", ReceiptKind.Opened),
            Row("email.clicked", ReceiptKind.Read, """ "click":{"link":"https://example.com"} """),
            Row(
                "email.delivered",
                ReceiptKind.Confirmed,
                tags: $$"""[{"name":"category","value":"x"},{"name":"delivery_id","value":"{{Mail.Id}}"}]"""
            ),
            Row("email.sent", null),
            Row("email.delivery_delayed", null),
            Row("domain.updated", null),
        ];

    public static IReceiptReader Reader(TimeProvider clock) => Account($"{Old} {Secret}", clock);

    public static IReceiptReader ReaderWithoutSecret(TimeProvider clock) => Account(null, clock);

    public static ReceiptRequest Post(string body, DateTimeOffset at) => Signed(body, at, Secret);

    public static ReceiptRequest Forge(string body, DateTimeOffset at) => Signed(body, at, "whsec_c29tZWJvZHktZWxzZXMtc2VjcmV0LWtleQ==");

    [Fact]
    public void Should_believe_the_published_example()
    {
        // docs.svix.com/receiving/verifying-payloads/how-manual
        const string Body = """{"test": 2432232314}""";
        var clock = new FakeTimeProvider(A.Time);
        var ago = clock.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(1614265330);

        var reading = ReadBy(
            Account(Secret, new Shifted(clock, -ago)),
            Request(
                Body,
                ("svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                ("svix-timestamp", "1614265330"),
                ("svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
            )
        );

        reading.ShouldBeOfType<ReceiptReading.Genuine>();
    }

    static Report Row(string type, ReceiptKind? kind, string more = """ "subject":"x" """, string? tags = null) =>
        new(
            $"{type}: {more.Trim()} {tags}",
            $$"""{"type":"{{type}}","created_at":"2026-03-14T09:26:50.000Z","data":{"email_id":"56761188-7520","from":"Shop """
                + """<shop@example.com>","to":["somchai@example.net"],"tags":"""
                + $$"""{{tags ?? $$"""{"delivery_id":"{{Mail.Id}}"}"""}},{{more}} } }""",
            kind
        )
        {
            ProviderMessageId = "56761188-7520",
        };

    static ReceiptRequest Signed(string body, DateTimeOffset at, string secret) =>
        Request(body, [.. Signatures.Svix("msg_1", body, at, secret)]);

    static ResendEmailProvider Account(string? secret, TimeProvider clock) =>
        new(
            "account",
            new ResendOptions
            {
                ApiKey = "re_abc",
                From = Mail.From,
                ReceiptSecret = secret,
            },
            clock
        );

    sealed class Shifted(TimeProvider clock, TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + by;
    }
}
