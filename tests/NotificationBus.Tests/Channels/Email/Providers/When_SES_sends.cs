using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Email.Providers;

public sealed class When_SES_sends : Any_vendor_of_mail<When_SES_sends>, IVendorSituation
{
    const string KeyId = "AKIDEXAMPLE";
    const string Key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("accepted", "200 OK", """{"MessageId":"0107018f-000000"}""", Outcome.Accepted) { MessageId = "0107018f-000000" },
            new("accepted without an id", "200 OK", "{}", Outcome.InDoubt),
            Error("BadRequestException", 400, Outcome.Declined),
            Error("MessageRejected", 400, Outcome.Declined),
            Error("MessageRejected", 400, Outcome.Misconfigured, NotVerified("shop@example.com")) with
            {
                Says = "check From",
            },
            Error("MessageRejected", 400, Outcome.Misconfigured, NotVerified("somchai@example.net, Shop <Shop@Example.com>")) with
            {
                Says = "check From",
            },
            Error("MessageRejected", 400, Outcome.Misconfigured, "Email address is not verified.") with
            {
                Says = "check From",
            },
            Error("MessageRejected", 400, Outcome.Unavailable, NotVerified("Somchai@Example.net")) with
            {
                OnlyThisDelivery = true,
                Says = "sandbox",
            },
            Error("MailFromDomainNotVerifiedException", 400, Outcome.Misconfigured),
            Error("AccountSuspendedException", 400, Outcome.Misconfigured),
            Error("SendingPausedException", 400, Outcome.Misconfigured),
            Error("NotFoundException", 404, Outcome.Misconfigured, "Configuration set <none> does not exist.") with
            {
                Says = "ConfigurationSet",
            },
            Error("TooManyRequestsException", 429, Outcome.Throttled, "Maximum sending rate exceeded."),
            Error("ThrottlingException", 400, Outcome.Throttled, "Rate exceeded"),
            Error("LimitExceededException", 400, Outcome.Throttled),
            Error("TooManyRequestsException", 429, Outcome.Throttled, "Daily message quota exceeded.") with
            {
                RetryAfter = TimeSpan.FromHours(1),
            },
            Error("SignatureDoesNotMatch", 403, Outcome.Misconfigured) with
            {
                Says = "SecretAccessKey",
            },
            Error("UnrecognizedClientException", 403, Outcome.Misconfigured),
            Error("AccessDeniedException", 403, Outcome.Misconfigured),
            Error("IncompleteSignature", 400, Outcome.Misconfigured),
            new(
                "an error named in the body",
                "400 Bad Request",
                """{"__type":"com.amazonaws.sesv2#SendingPausedException","message":"paused"}""",
                Outcome.Misconfigured
            ),
            Error("InternalFailure", 500, Outcome.Unavailable),
            Error("ServiceUnavailable", 503, Outcome.Unavailable),
            new("for legal reasons", "451 Unavailable For Legal Reasons", "", Outcome.Declined),
        ];

    public static IReadOnlyList<string> Secrets => [KeyId, Key];

    public static Delivery ADelivery => Mail.ToSomchai;

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new SesEmailProvider(
            "account",
            new SesOptions
            {
                Url = url,
                Timeout = timeout,
                Region = "eu-central-1",
                AccessKeyId = KeyId,
                SecretAccessKey = Key,
                From = Mail.From,
                FromName = Mail.FromName,
                ConfigurationSet = "notifications",
            },
            clock
        );

    [Fact]
    public async Task Should_say_everything_once()
    {
        Vendor.Answers("200 OK", """{"MessageId":"1"}""");

        await Provider().Send(ADelivery, Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /v2/email/outbound-emails HTTP/1.1");
        var json = JsonElement.Parse(body);
        json.GetProperty("Destination").GetRawText().ShouldBe("""{"ToAddresses":["somchai@example.net"]}""");
        json.GetProperty("EmailTags").GetRawText().ShouldBe($$"""[{"Name":"delivery_id","Value":"{{Mail.Id}}"}]""");
        json.GetProperty("ConfigurationSetName").GetString().ShouldBe("notifications");
        var mail = Encoding.ASCII.GetString(json.GetProperty("Content").GetProperty("Raw").GetProperty("Data").GetBytesFromBase64());
        mail.ShouldContain("To: Somchai <somchai@example.net>\r\n");
        mail.ShouldContain("Message-ID: <22222222222222222222222222222222@example.com>\r\n");
        mail.ShouldContain("Date: Sat, 14 Mar 2026 09:26:53 +0000\r\n");
    }

    [Fact]
    public async Task Should_sign_what_goes_out()
    {
        Vendor.Answers("200 OK", """{"MessageId":"1"}""");

        await Provider().Send(ADelivery, Cancellation);

        // Signed again from what came in, as AWS does it.
        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        using var again = new HttpRequestMessage(
            HttpMethod.Post,
            new Uri($"{Vendor.Url.GetLeftPart(UriPartial.Authority)}/v2/email/outbound-emails")
        )
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        again.Content.Headers.Add("Content-Type", "application/json");
        AwsSignature.Sign(again, Encoding.UTF8.GetBytes(body), new AwsCredentials(KeyId, Key), "eu-central-1", "ses", Clock.GetUtcNow());
        head.ShouldContain($"Authorization: {again.Headers.GetValues("Authorization").Single()}");
        head.ShouldContain("SignedHeaders=content-type;host;x-amz-date");
        head.ShouldContain("X-Amz-Date: 20260314T092653Z");
    }

    static string NotVerified(string identities) =>
        $"Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: {identities}";

    static VendorAnswer Error(string name, int status, Outcome expected, string message = "What is wrong.") =>
        new($"{name}: {message}", $"{status} Status", $$"""{"message":"{{message}}"}""", expected)
        {
            Headers = $"x-amzn-ErrorType: {name}:http://internal.amazon.com/coral/com.amazonaws.ses/\r\n",
        };
}
