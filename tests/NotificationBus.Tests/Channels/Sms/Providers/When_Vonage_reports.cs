using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Sms.Providers;
using NotificationBus.Emulators;
using NotificationBus.Receipts;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Sms.Providers;

public sealed class When_Vonage_reports : Any_reader_of_receipts<When_Vonage_reports>, IReceiptSituation
{
    const string Secret = "a-signature-secret-of-vonage-32-b";
    const string MessageId = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab";

    public static IEnumerable<Report> Reports =>
        [
            Row("delivered", null, ReceiptKind.Confirmed),
            Row("read", null, ReceiptKind.Read),
            .. new[] { "1050", "1170", "1190", "1240" }.Select(error => Row("rejected", error, ReceiptKind.HardBounce)),
            Row("rejected", "1210", ReceiptKind.Undelivered),
            Row("undeliverable", "1180", ReceiptKind.Undelivered),
            Row("undeliverable", null, ReceiptKind.Undelivered),
            Row("submitted", null, null),
        ];

    public static IReceiptReader Reader(TimeProvider clock) => Reader(clock, $"an-older-secret-of-the-account {Secret}");

    public static IReceiptReader ReaderWithoutSecret(TimeProvider clock) => Reader(clock, null);

    public static ReceiptRequest Post(string body, DateTimeOffset at) => Signed(body, at, Secret);

    public static ReceiptRequest Forge(string body, DateTimeOffset at) => Signed(body, at, "a-secret-of-somebody-elses-mind");

    [Fact]
    public void Should_be_refused_in_every_other_way_to_sign()
    {
        var body = Reports.First().Body;
        foreach (
            var (header, claims) in ((string, object)[])
                [
                    ("""{"alg":"none","typ":"JWT"}""", Claims(body)),
                    ("""{"alg":"HS512","typ":"JWT"}""", Claims(body)),
                    ("""{"alg":"hs256","typ":"JWT"}""", Claims(body)),
                    ("""{"alg":"HS256","typ":"JWT"}""", new { iat = Now.ToUnixTimeSeconds(), api_key = "abcd1234" }),
                    (
                        """{"alg":"HS256","typ":"JWT"}""",
                        new
                        {
                            iat = Now.ToUnixTimeSeconds(),
                            api_key = "abcd1235",
                            payload_hash = Hash(body),
                        }
                    ),
                    ("""{"alg":"HS256","typ":"JWT"}""", new { api_key = "abcd1234", payload_hash = Hash(body) }),
                ]
        )
        {
            Read(Request(body, ("Authorization", $"Bearer {Signatures.JsonWebToken(header, claims, Secret)}")))
                .ShouldBeOfType<ReceiptReading.Refused>();
        }

        Read(Request(body, ("Authorization", $"Bearer {Signatures.JsonWebToken("""{"alg":"HS256","typ":"JWT"}""", Claims(body), Secret)}")))
            .ShouldBeOfType<ReceiptReading.Genuine>();
    }

    static VonageSmsProvider Reader(TimeProvider clock, string? secret) =>
        new("account", new VonageOptions { ApiKey = "abcd1234", ReceiptSecret = secret }, clock);

    static Report Row(string status, string? error, ReceiptKind? kind) =>
        new(
            $"{status} {error}",
            JsonSerializer.Serialize(
                new
                {
                    message_uuid = MessageId,
                    to = "66812345678",
                    from = "15005550006",
                    timestamp = "2026-03-14T09:26:50.000Z",
                    status,
                    client_ref = $"{AnSms.Id}",
                    channel = "sms",
                    error = error is null
                        ? null
                        : new
                        {
                            type = $"https://developer.vonage.com/api-errors/messages#{error}",
                            title = error,
                            detail = "for somchai@example.net",
                        },
                }
            ),
            kind
        )
        {
            ProviderMessageId = MessageId,
        };

    static ReceiptRequest Signed(string body, DateTimeOffset at, string secret) =>
        Request(
            body,
            ("Content-Type", "application/json"),
            ("Authorization", $"Bearer {Signatures.JsonWebToken("""{"typ":"JWT","alg":"HS256"}""", Claims(body, at), secret)}")
        );

    static object Claims(string body, DateTimeOffset? at = null) =>
        new
        {
            iat = (at ?? Now).ToUnixTimeSeconds(),
            jti = "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
            iss = "Vonage",
            payload_hash = Hash(body),
            api_key = "abcd1234",
        };

    static string Hash(string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
}
