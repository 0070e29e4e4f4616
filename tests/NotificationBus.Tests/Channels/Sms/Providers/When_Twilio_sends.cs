using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using NotificationBus.Channels.Sms;
using NotificationBus.Channels.Sms.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Sms.Providers;

public sealed class When_Twilio_sends : Any_vendor<When_Twilio_sends>, IVendorSituation
{
    const string Account = "AC0123456789abcdef0123456789abcdef";
    const string AuthToken = "a-token-of-twilio-0123456789";
    const string Accepted = """{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued","error_code":null,"num_segments":"1"}""";

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("queued", "201 Created", Accepted, Outcome.Accepted) { MessageId = "SM0123456789abcdef0123456789abcdef" },
            new("21617, too long", "400 Bad Request", Error(21617), Outcome.Declined),
            new("21602, no text", "400 Bad Request", Error(21602), Outcome.Declined),
            new("30007, filtered", "400 Bad Request", Error(30007), Outcome.Declined),
            .. new[] { 21211, 21610, 21614, 21635, 30005, 30006 }.Select(code => new VendorAnswer(
                $"{code}, the number",
                "400 Bad Request",
                Error(code),
                Outcome.Rejected
            )
            {
                AddressIsWrong = true,
            }),
            .. new[] { 30001, 30003, 30008 }.Select(code => new VendorAnswer(
                $"{code}, the phone for now",
                "400 Bad Request",
                Error(code),
                Outcome.Unavailable
            )
            {
                OnlyThisDelivery = true,
            }),
            new("another fault of ours", "400 Bad Request", Error(21604), Outcome.Declined),
            new("20429", "429 Too Many Requests", Error(20429, 429), Outcome.Throttled),
            new("20429, with a pause", "429 Too Many Requests", Error(20429, 429), Outcome.Throttled)
            {
                Headers = "Retry-After: 3\r\n",
                RetryAfter = TimeSpan.FromSeconds(3),
            },
            new("20003", "401 Unauthorized", Error(20003, 401), Outcome.Misconfigured) { Says = "check AccountSid and AuthToken" },
            new("21408, the country", "403 Forbidden", Error(21408, 403), Outcome.Unavailable)
            {
                OnlyThisDelivery = true,
                Says = "country",
            },
            new("21608, a number that is not on the list of a trial", "400 Bad Request", Error(21608), Outcome.Unavailable)
            {
                OnlyThisDelivery = true,
                Says = "trial",
            },
            new("21606, the sender", "400 Bad Request", Error(21606), Outcome.Misconfigured) { Says = "check From" },
            new("21659, the sender", "400 Bad Request", Error(21659), Outcome.Misconfigured) { Says = "check From" },
            .. new[] { 30002, 30004 }.Select(code => new VendorAnswer(
                $"{code}, the account",
                "400 Bad Request",
                Error(code),
                Outcome.Misconfigured
            )
            {
                Says = "account",
            }),
            new("20404", "404 Not Found", Error(20404, 404), Outcome.Misconfigured) { Says = "check AccountSid" },
            new("30410, its provider", "400 Bad Request", Error(30410), Outcome.InDoubt),
            new("internal", "500 Internal Server Error", Error(20500, 500), Outcome.InDoubt),
            new("unavailable", "503 Service Unavailable", "", Outcome.Unavailable),
        ];

    public static IReadOnlyList<string> Secrets => [AuthToken];

    public static Delivery ADelivery => AnSms.ToSomchai;

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new TwilioSmsProvider("account", Options(options => (options.Url, options.Timeout) = (url, timeout)), clock);

    [Fact]
    public async Task Should_send_from_its_applications_own_sender_and_not_from_the_service()
    {
        Vendor.Answers("201 Created", Accepted);

        await using var provider = new TwilioSmsProvider(
            "account",
            Options(options =>
            {
                options.Url = Vendor.Url.GetLeftPart(UriPartial.Authority);
                options.MessagingServiceSid = "MG0123456789abcdef0123456789abcdef";
            }),
            Clock
        );

        await provider.Send(ADelivery with { Sender = new Sender("CupAndCo") }, Cancellation);

        var fields = QueryHelpers.ParseQuery(Vendor.Requests.ShouldHaveSingleItem().Body);
        $"{fields["From"]}".ShouldBe("CupAndCo");
        fields.ContainsKey("MessagingServiceSid").ShouldBeFalse();
    }

    [Fact]
    public async Task Should_say_everything_once()
    {
        Vendor.Answers("201 Created", Accepted);

        await Provider().Send(ADelivery, Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith($"POST /2010-04-01/Accounts/{Account}/Messages.json HTTP/1.1");
        head.ShouldContain($"Authorization: Basic {Basic(Account, AuthToken)}");
        head.ShouldContain("Content-Type: application/x-www-form-urlencoded");
        QueryHelpers
            .ParseQuery(body)
            .Select(field => $"{field.Key}={field.Value}")
            .ShouldBe([
                $"To={AnSms.Number}",
                "From=+15005550006",
                $"Body={AnSms.Text}",
                $"StatusCallback=https://notifications.example.com/v1/receipts/account?delivery={AnSms.Id}",
                "ValidityPeriod=600",
            ]);
    }

    [Fact]
    public async Task Should_send_with_a_key_and_a_service()
    {
        Vendor.Answers("201 Created", Accepted);
        await using var provider = new TwilioSmsProvider(
            "account",
            Options(options =>
            {
                options.Url = Vendor.Url.GetLeftPart(UriPartial.Authority);
                (options.ApiKey, options.ApiKeySecret) = ("SK0123456789abcdef0123456789abcdef", "the-secret-of-a-key");
                (options.From, options.MessagingServiceSid, options.ReceiptUrl) = ("", "MG0123456789abcdef0123456789abcdef", null);
            }),
            Clock
        );

        await provider.Send(ADelivery with { ExpiresAt = null }, Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldContain($"Authorization: Basic {Basic("SK0123456789abcdef0123456789abcdef", "the-secret-of-a-key")}");
        QueryHelpers.ParseQuery(body).Keys.ShouldBe(["To", "MessagingServiceSid", "Body"]);
    }

    [Theory]
    [InlineData("0812345678", 1, true)]
    [InlineData(AnSms.Number, 700, false)]
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
        var options = new TwilioOptions { AccountSid = "AC1", ReceiptUrl = "http://example.com/" };
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true).ShouldBeFalse();

        results.SelectMany(result => result.MemberNames).ShouldBe(["ReceiptUrl", "AccountSid", "AuthToken", "From"]);
    }

    [Theory]
    [InlineData("+66812345678", true)]
    [InlineData("12345", true)]
    [InlineData("Example", true)]
    [InlineData("Longer than 11", false)]
    [InlineData("Shop!", false)]
    public void Should_know_a_sender(string from, bool isFine)
    {
        var options = Options(options => options.From = from);

        Validator.TryValidateObject(options, new ValidationContext(options), [], validateAllProperties: true).ShouldBe(isFine);
    }

    static TwilioOptions Options(Action<TwilioOptions> change)
    {
        var options = new TwilioOptions
        {
            AccountSid = Account,
            AuthToken = AuthToken,
            From = "+15005550006",
            ReceiptUrl = "https://notifications.example.com/v1/receipts/account",
        };
        change(options);
        return options;
    }

    static string Basic(string user, string password) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user}:{password}"));

    static string Error(int code, int status = 400) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"code":{{code}},"message":"What Twilio says of """
                + $$"""{{code}}","more_info":"https://www.twilio.com/docs/errors/{{code}}","status":{{status}}}"""
        );
}
