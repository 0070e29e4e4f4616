using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Email.Providers;

public sealed class When_SendGrid_sends : Any_vendor_of_mail<When_SendGrid_sends>, IVendorSituation
{
    const string ApiKey = "SG.abcdefgh.ijklmnop";

    public static bool StatusSaysItAll => true;

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("accepted", "202 Accepted", "", Outcome.Accepted) { Headers = "X-Message-Id: 14c5d75ce93\r\n", MessageId = "14c5d75ce93" },
            new("accepted, without an id", "202 Accepted", "", Outcome.Accepted),
            new("accepted, the last call for now", "202 Accepted", "", Outcome.Accepted)
            {
                Headers =
                    "X-Message-Id: 14c5d75ce93\r\nX-RateLimit-Limit: 600\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1773480433\r\n",
                MessageId = "14c5d75ce93",
                RateLimit = new RateLimit(0, TimeSpan.FromSeconds(20)),
            },
            new("sandbox mode", "200 OK", "", Outcome.Misconfigured) { Says = "sandbox" },
            new(
                "bad request",
                "400 Bad Request",
                """{"errors":[{"message":"Does not contain a valid """
                    + """address.","field":"personalizations.0.to.0.email","help":"http://sendgrid.com/docs/errors.html"}]}""",
                Outcome.Declined
            )
            {
                Says = "valid address",
            },
            new("not found", "404 Not Found", """{"errors":[{"message":"Not Found"}]}""", Outcome.Declined),
            new(
                "too large",
                "413 Payload Too Large",
                """{"errors":[{"message":"The JSON payload you have included in your request is too large."}]}""",
                Outcome.Declined
            ),
            new("throttled", "429 Too Many Requests", """{"errors":[{"field":null,"message":"too many requests"}]}""", Outcome.Throttled)
            {
                Headers = "X-RateLimit-Limit: 500\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1773480443\r\n",
                RetryAfter = TimeSpan.FromSeconds(30),
                RateLimit = new RateLimit(0, TimeSpan.FromSeconds(30)),
            },
            new("throttled until a moment that is over", "429 Too Many Requests", "", Outcome.Throttled)
            {
                Headers = "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1500000000\r\n",
            },
            new(
                "no key",
                "401 Unauthorized",
                """{"errors":[{"message":"The provided authorization grant is invalid, expired, or revoked"}]}""",
                Outcome.Misconfigured
            )
            {
                Says = "check ApiKey",
            },
            new(
                "unverified sender",
                "403 Forbidden",
                """{"errors":[{"message":"The from address does not match a verified Sender Identity."}]}""",
                Outcome.Misconfigured
            )
            {
                Says = "verified sender",
            },
            new(
                "temporary block",
                "403 Forbidden",
                """{"errors":[{"message":"You are temporarily blocked from sending emails due to repeated bad requests."}]}""",
                Outcome.Misconfigured
            )
            {
                Says = "temporarily blocked",
            },
            new("wrong method", "405 Method Not Allowed", "", Outcome.Misconfigured),
            new("wrong form", "415 Unsupported Media Type", "", Outcome.Misconfigured),
            new("server error", "500 Internal Server Error", """{"errors":[{"message":"internal error"}]}""", Outcome.Unavailable),
            new("gateway", "502 Bad Gateway", "<html>", Outcome.InDoubt),
            new("unavailable", "503 Service Unavailable", "", Outcome.Unavailable),
            new("for legal reasons", "451 Unavailable For Legal Reasons", "", Outcome.Declined),
        ];

    public static IReadOnlyList<string> Secrets => [ApiKey];

    public static Delivery ADelivery => Mail.ToSomchai;

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new SendGridEmailProvider(
            "account",
            new SendGridOptions
            {
                Url = url,
                Timeout = timeout,
                ApiKey = ApiKey,
                From = Mail.From,
                FromName = Mail.FromName,
            },
            clock
        );

    [Fact]
    public async Task Should_be_in_doubt_when_what_may_be_the_sandbox_breaks_off()
    {
        Vendor.BreaksOff("200 OK", "{");

        (await Provider().Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.InDoubt>();
    }

    [Fact]
    public async Task Should_say_everything_once()
    {
        Vendor.Answers("202 Accepted");

        await Provider().Send(ADelivery, Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /v3/mail/send HTTP/1.1");
        head.ShouldContain($"Authorization: Bearer {ApiKey}");
        head.ShouldContain("Content-Type: application/json");
        var json = JsonElement.Parse(body);
        var personalization = json.GetProperty("personalizations").EnumerateArray().ShouldHaveSingleItem();
        personalization.GetProperty("to")[0].GetRawText().ShouldBe("""{"email":"somchai@example.net","name":"Somchai"}""");
        personalization.GetProperty("custom_args").GetProperty("delivery_id").GetGuid().ShouldBe(Mail.Id);
        json.GetProperty("from").GetProperty("email").GetString().ShouldBe(Mail.From);
        json.GetProperty("from").GetProperty("name").GetString().ShouldBe(Mail.FromName);
        json.GetProperty("subject").GetString().ShouldBe("ขายแล้ว: \"bowl\"");
        json.GetProperty("content")
            .GetRawText()
            .ShouldBe("""[{"type":"text/plain","value":"Sold & paid."},{"type":"text/html","value":"<p>Sold &amp; paid</p>"}]""");
        json.GetProperty("headers").GetProperty("Message-ID").GetString().ShouldBe("<22222222222222222222222222222222@example.com>");
    }

    [Theory]
    [InlineData("someone@example.net\r\nBcc: all@example.net", null, true)]
    [InlineData(null, "Sold\nBcc: all@example.net", false)]
    public async Task Should_refuse_a_header_of_somebody_elses(string? address, string? subject, bool addressIsWrong)
    {
        Vendor.Answers("202 Accepted");
        var mail = (NotificationBus.Channels.Email.EmailContent)ADelivery.Content;

        var result = await Provider()
            .Send(
                ADelivery with
                {
                    Address = address ?? ADelivery.Address,
                    Content = mail with { Subject = subject ?? mail.Subject },
                },
                Cancellation
            );

        result.ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBe(addressIsWrong);
        Vendor.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", Mail.From, null, null, nameof(SendGridOptions.ApiKey))]
    [InlineData("two words", Mail.From, null, null, nameof(SendGridOptions.ApiKey))]
    [InlineData(ApiKey, "", null, null, nameof(SendGridOptions.From))]
    [InlineData(ApiKey, "no mailbox", null, null, nameof(SendGridOptions.From))]
    [InlineData(ApiKey, Mail.From, "http://api.example.com", null, nameof(SendGridOptions.Url))]
    [InlineData(ApiKey, Mail.From, "https://user:password@api.example.com", null, nameof(SendGridOptions.Url))]
    [InlineData(ApiKey, Mail.From, "https://api.example.com?key=1", null, nameof(SendGridOptions.Url))]
    [InlineData(ApiKey, Mail.From, "api.example.com", null, nameof(SendGridOptions.Url))]
    [InlineData(ApiKey, Mail.From, null, "no key", nameof(SendGridOptions.ReceiptKey))]
    [InlineData(ApiKey, Mail.From, "http://localhost:8080", null, null)]
    [InlineData(ApiKey, Mail.From, "https://api.eu.sendgrid.com", null, null)]
    public void Should_refuse_what_cannot_work(string key, string from, string? url, string? receiptKey, string? member)
    {
        var options = new SendGridOptions
        {
            ApiKey = key,
            From = from,
            Url = url,
            ReceiptKey = receiptKey,
        };
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(options, new(options), results, validateAllProperties: true);

        results.SelectMany(result => result.MemberNames).Distinct(StringComparer.Ordinal).ShouldBe(member is null ? [] : [member]);
    }
}
