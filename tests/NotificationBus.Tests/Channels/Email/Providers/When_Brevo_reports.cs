using NotificationBus.Channels.Email.Providers;
using NotificationBus.Receipts;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Email.Providers;

public sealed class When_Brevo_reports : Any_reader_of_receipts<When_Brevo_reports>, IReceiptSituation
{
    const string Token = "a-long-token-of-the-webhook";
    const string Pair = "brevo:another-long-password";

    public static IEnumerable<Report> Reports =>
        [
            Row("delivered", ReceiptKind.Confirmed),
            Row("hard_bounce", ReceiptKind.HardBounce, """ "reason":"550 <somchai@example.net> unknown" """),
            Row("invalid_email", ReceiptKind.HardBounce),
            Row("blocked", ReceiptKind.HardBounce),
            Row("soft_bounce", ReceiptKind.SoftBounce, """ "reason":"452 mailbox full" """),
            Row("error", ReceiptKind.Undelivered),
            Row("spam", ReceiptKind.Complained),
            Row("complaint", ReceiptKind.Complained),
            Row("unsubscribed", ReceiptKind.Unsubscribed),
            Row("opened", ReceiptKind.Opened),
            Row("unique_opened", ReceiptKind.Opened),
            Row("proxy_open", ReceiptKind.Opened),
            Row("unique_proxy_open", ReceiptKind.Opened),
            Row("click", ReceiptKind.Read, """ "link":"https://example.com/1" """),
            Row("click", ReceiptKind.Read, """ "link":"https://example.com/2" """),
            Row("request", null),
            Row("deferred", null),
        ];

    public static IReceiptReader Reader(TimeProvider clock) => Account($"{Pair} {Token}", clock);

    public static IReceiptReader ReaderWithoutSecret(TimeProvider clock) => Account(null, clock);

    public static ReceiptRequest Post(string body, DateTimeOffset at) => Request(body, ("Authorization", $"Bearer {Token}"));

    public static ReceiptRequest Forge(string body, DateTimeOffset at) =>
        Request(body, ("Authorization", "Bearer a-long-token-of-the-webhooj"));

    [Theory]
    [InlineData("bearer a-long-token-of-the-webhook", true)]
    [InlineData("Basic YnJldm86YW5vdGhlci1sb25nLXBhc3N3b3Jk", true)]
    [InlineData("Basic YnJldm86YW5vdGhlci1sb25nLXBhc3N3b3Jl", false)]
    [InlineData("Basic ???", false)]
    [InlineData("Basic", false)]
    [InlineData("Digest a-long-token-of-the-webhook", false)]
    [InlineData("a-long-token-of-the-webhook", false)]
    [InlineData("Bearer ", false)]
    public void Should_take_either_way_to_prove_it(string authorization, bool isGood) =>
        (Read(Request(Row("delivered", ReceiptKind.Confirmed).Body, ("authorization", authorization))) is ReceiptReading.Genuine).ShouldBe(
            isGood
        );

    [Fact]
    public void Should_read_a_batch()
    {
        var body = $"[{string.Join(',', Reports.Select(report => report.Body))}]";

        var receipts = ((ReceiptReading.Genuine)Read(Post(body, default))).Receipts;

        receipts.Select(receipt => receipt.Kind).ShouldBe(Reports.Select(report => report.Kind).OfType<ReceiptKind>());
        receipts.Select(receipt => receipt.Id).ShouldBeUnique();
    }

    static Report Row(string type, ReceiptKind? kind, string more = """ "subject":"x" """) =>
        new(
            $"{type}: {more.Trim()}",
            $$"""{"event":"{{type}}","email":"somchai@example.net","id":26224,"date":"2026-03-14 10:26:50","ts":"""
                + $$"""1773480410,"message-id":"<2017@mailin.fr>","ts_event":1773480410,"X-Mailin-custom":"{{Mail.Id}}",{{more}}}""",
            kind
        )
        {
            ProviderMessageId = "<2017@mailin.fr>",
        };

    static BrevoEmailProvider Account(string? secret, TimeProvider clock) =>
        new(
            "account",
            new BrevoOptions
            {
                ApiKey = "xkeysib-abc",
                From = Mail.From,
                ReceiptSecret = secret,
            },
            clock
        );
}
