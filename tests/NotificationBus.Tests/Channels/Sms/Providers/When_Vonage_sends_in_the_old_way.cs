using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Sms;
using NotificationBus.Channels.Sms.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Sms.Providers;

/// <summary>The SMS API, which answers 200 to everything.</summary>
public sealed class When_Vonage_sends_in_the_old_way : Any_vendor<When_Vonage_sends_in_the_old_way>, IVendorSituation
{
    const string ApiKey = "abcd1234";
    const string ApiSecret = "a-secret-of-vonage";

    public static IEnumerable<VendorAnswer> Answers =>
        [
            Row("success", Outcome.Accepted, "0") with
            {
                MessageId = "0A0000000123ABCD1",
            },
            Row("success, two parts", Outcome.Accepted, "0", "0") with
            {
                MessageId = "0A0000000123ABCD1",
            },
            Row("throttled", Outcome.Throttled, "1"),
            Row("missing parameters", Outcome.Declined, "2"),
            Row("invalid parameters", Outcome.Declined, "3"),
            Row("invalid credentials", Outcome.Misconfigured, "4") with
            {
                Says = "check ApiKey",
            },
            Row("internal error", Outcome.InDoubt, "5"),
            Row("invalid message", Outcome.Declined, "6"),
            Row("number barred", Outcome.Rejected, "7") with
            {
                AddressIsWrong = true,
            },
            Row("partner account barred", Outcome.Misconfigured, "8"),
            Row("partner quota violation", Outcome.Misconfigured, "9") with
            {
                Says = "credit",
            },
            Row("too many existing binds", Outcome.Throttled, "10"),
            Row("account not enabled for HTTP", Outcome.Misconfigured, "11"),
            Row("message too long", Outcome.Declined, "12"),
            Row("invalid signature", Outcome.Misconfigured, "14"),
            Row("invalid sender address", Outcome.Misconfigured, "15") with
            {
                Says = "check From",
            },
            Row("not on the list of a trial", Outcome.Unavailable, "29") with
            {
                OnlyThisDelivery = true,
                Says = "trial",
            },
            Row("signature and secret disallowed", Outcome.Misconfigured, "32"),
            Row("a status nobody knows", Outcome.InDoubt, "99"),
            Row("sent in part", Outcome.Rejected, "0", "1") with
            {
                Says = "in part",
            },
            Row("sent in part, the first one not", Outcome.Rejected, "5", "0") with
            {
                Says = "in part",
            },
            Row("no part sent", Outcome.Throttled, "1", "1", "1"),
            Row("no part sent for certain", Outcome.InDoubt, "1", "5"),
            new("no parts", "200 OK", """{"message-count":"0","messages":[]}""", Outcome.InDoubt),
            new("a part without a status", "200 OK", """{"messages":[{"to":"66812345678"}]}""", Outcome.InDoubt),
            new("the other API's yes", "202 Accepted", """{"message_uuid":"aaaaaaaa-bbbb-cccc-dddd-0123456789ab"}""", Outcome.InDoubt),
            new("not found", "404 Not Found", "", Outcome.Misconfigured) { Says = "check Url" },
            new("unavailable", "503 Service Unavailable", "", Outcome.Unavailable),
        ];

    public static IReadOnlyList<string> Secrets => [ApiSecret];

    public static Delivery ADelivery => AnSms.ToSomchai;

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new VonageSmsProvider("account", Options(url, timeout), clock);

    [Theory]
    [InlineData(AnSms.Text, "Sold+%26+paid%3A+590+THB", "text")]
    [InlineData("ขาย", "%E0%B8%82%E0%B8%B2%E0%B8%A2", "unicode")]
    public async Task Should_say_everything_once(string text, string written, string type)
    {
        Vendor.Answers("200 OK", Answers.First().Body);

        await Provider().Send(ADelivery with { Content = SmsContent.Of(text) }, Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /sms/json HTTP/1.1");
        head.ShouldContain($"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ApiKey}:{ApiSecret}"))}");
        head.ShouldContain("Content-Type: application/x-www-form-urlencoded");
        body.ShouldBe($"to=66812345678&from=15005550006&text={written}&type={type}&client-ref={AnSms.Id}&ttl=600000");
    }

    [Theory]
    [InlineData(5, "ttl=20000")]
    [InlineData(100 * 3600, null)]
    public async Task Should_give_Vonage_no_longer_than_it_may_take(int seconds, string? written)
    {
        Vendor.Answers("200 OK", Answers.First().Body);

        await Provider().Send(ADelivery with { ExpiresAt = Clock.GetUtcNow() + TimeSpan.FromSeconds(seconds) }, Cancellation);

        var fields = Vendor.Requests.ShouldHaveSingleItem().Body.Split('&');
        fields.SingleOrDefault(field => field.StartsWith("ttl=", StringComparison.Ordinal)).ShouldBe(written);
    }

    [Fact]
    public void Should_turn_to_the_host_of_that_API() =>
        new VonageOptions { Api = VonageApi.Sms }.BaseAddress.ShouldBe(new Uri("https://rest.nexmo.com/"));

    [Fact]
    public void Should_promise_no_receipts()
    {
        var options = Options("https://rest.nexmo.com", TimeSpan.FromSeconds(15));
        (options.ReceiptUrl, options.ReceiptSecret) = (
            "https://notifications.example.com/v1/receipts/account",
            "a-signature-secret-of-vonage-32-b"
        );
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true).ShouldBeFalse();

        results.SelectMany(result => result.MemberNames).ShouldBe(["ReceiptUrl", "ReceiptSecret"]);
    }

    static VonageOptions Options(string url, TimeSpan timeout) =>
        new()
        {
            Api = VonageApi.Sms,
            Url = url,
            Timeout = timeout,
            ApiKey = ApiKey,
            ApiSecret = ApiSecret,
            From = "+15005550006",
        };

    static VendorAnswer Row(string name, Outcome expected, params string[] statuses) =>
        new(
            name,
            "200 OK",
            JsonSerializer.Serialize(
                new Dictionary<string, object>(StringComparer.Ordinal)
                {
                    ["message-count"] = $"{statuses.Length}",
                    ["messages"] = statuses.Select(
                        (status, part) =>
                            status == "0"
                                ? new Dictionary<string, string>(StringComparer.Ordinal)
                                {
                                    ["to"] = "66812345678",
                                    ["message-id"] = $"0A0000000123ABCD{part + 1}",
                                    ["status"] = status,
                                    ["remaining-balance"] = "3.14159265",
                                    ["message-price"] = "0.03330000",
                                }
                                : new Dictionary<string, string>(StringComparer.Ordinal) { ["status"] = status, ["error-text"] = name }
                    ),
                }
            ),
            expected
        );
}
