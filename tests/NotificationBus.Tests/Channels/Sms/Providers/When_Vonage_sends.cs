using System.ComponentModel.DataAnnotations;
using System.Text;
using NotificationBus.Channels.Sms;
using NotificationBus.Channels.Sms.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Sms.Providers;

public sealed class When_Vonage_sends : Any_vendor<When_Vonage_sends>, IVendorSituation
{
    const string ApiKey = "abcd1234";
    const string ApiSecret = "a-secret-of-vonage";
    const string Accepted = """{"message_uuid":"aaaaaaaa-bbbb-cccc-dddd-0123456789ab"}""";

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("submitted", "202 Accepted", Accepted, Outcome.Accepted) { MessageId = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab" },
            new("invalid parameters", "422 Unprocessable Entity", Problem("1020", "Invalid params"), Outcome.Declined)
            {
                Says = "Invalid params",
            },
            new(
                "unauthorized",
                "401 Unauthorized",
                Problem("unauthorized", "You did not provide correct credentials."),
                Outcome.Misconfigured
            )
            {
                Says = "check ApiKey",
            },
            new("no credit", "402 Payment Required", Problem("1070", "Partner quota exceeded"), Outcome.Misconfigured) { Says = "credit" },
            new("forbidden", "403 Forbidden", Problem("forbidden", "Your account does not have permission"), Outcome.Misconfigured),
            new("not found", "404 Not Found", Problem("not-found", "Not found"), Outcome.Misconfigured) { Says = "check Url" },
            new("throttled", "429 Too Many Requests", Problem("1000", "Throttled"), Outcome.Throttled),
            new("internal", "500 Internal Server Error", Problem("1030", "Internal error"), Outcome.Unavailable),
            new("unavailable", "503 Service Unavailable", "", Outcome.Unavailable),
        ];

    public static IReadOnlyList<string> Secrets => [ApiSecret];

    public static Delivery ADelivery => AnSms.ToSomchai;

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new VonageSmsProvider(
            "account",
            new VonageOptions
            {
                Url = url,
                Timeout = timeout,
                ApiKey = ApiKey,
                ApiSecret = ApiSecret,
                From = "+15005550006",
                ReceiptUrl = "https://notifications.example.com/v1/receipts/account",
            },
            clock
        );

    [Theory]
    [InlineData(AnSms.Text, "text")]
    [InlineData("ขายแล้ว", "unicode")]
    public async Task Should_say_everything_once(string text, string encoding)
    {
        Vendor.Answers("202 Accepted", Accepted);

        await Provider().Send(ADelivery with { Content = SmsContent.Of(text) }, Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /v1/messages HTTP/1.1");
        head.ShouldContain($"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ApiKey}:{ApiSecret}"))}");
        head.ShouldContain("Content-Type: application/json");
        body.ShouldBe(
            $$$"""
            {"message_type":"text","channel":"sms","to":"66812345678","from":"15005550006","text":"{{{text}}}",
            "client_ref":"{{{AnSms.Id}}}","ttl":600,"webhook_url":"https://notifications.example.com/v1/receipts/account",
            "sms":{"encoding_type":"{{{encoding}}}"}}
            """.ReplaceLineEndings("")
        );
    }

    [Theory]
    [InlineData("0812345678", 1, true)]
    [InlineData(AnSms.Number, 613, false)]
    public async Task Should_not_send_what_cannot_arrive_or_costs_too_much(string number, int length, bool addressIsWrong)
    {
        var result = await Provider()
            .Send(ADelivery with { Address = number, Content = SmsContent.Of(new string('a', length)) }, Cancellation);

        if (addressIsWrong)
            result.ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBeTrue();
        else
            result.ShouldBeOfType<ProviderResult.Declined>();
        Vendor.Requests.ShouldBeEmpty();
    }

    [Fact]
    public void Should_name_every_setting_that_is_wrong()
    {
        var options = new VonageOptions { ReceiptSecret = "short" };
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true).ShouldBeFalse();

        results.SelectMany(result => result.MemberNames).ShouldBe(["ApiKey", "ApiSecret", "ReceiptSecret", "From"]);
    }

    static string Problem(string code, string title) =>
        $$"""{"type":"https://developer.vonage.com/api-errors/messages#{{code}}","title":"{{title}}","detail":"What Vonage """
        + """says","instance":"bf0ca0bf927b3b52e3cb03217e1a1ddf"}""";
}
