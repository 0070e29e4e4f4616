using System.Text.Json;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Email.Providers;

public sealed class When_Brevo_sends : Any_vendor_of_mail<When_Brevo_sends>, IVendorSituation
{
    const string ApiKey = "xkeysib-0123456789abcdef";

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("accepted", "201 Created", """{"messageId":"<201798300811.5787683@smtp-relay.mailin.fr>"}""", Outcome.Accepted)
            {
                MessageId = "<201798300811.5787683@smtp-relay.mailin.fr>",
            },
            new("scheduled", "202 Accepted", """{"messageId":"<2@mailin.fr>"}""", Outcome.Accepted) { MessageId = "<2@mailin.fr>" },
            new("accepted without an id", "201 Created", "{}", Outcome.InDoubt),
            new("the key was used", "400 Bad Request", Error("duplicate_parameter"), Outcome.Accepted),
            new("invalid_parameter", "400 Bad Request", Error("invalid_parameter"), Outcome.Declined) { Says = "invalid_parameter" },
            new("missing_parameter", "400 Bad Request", Error("missing_parameter"), Outcome.Declined),
            new("out_of_range", "400 Bad Request", Error("out_of_range"), Outcome.Declined),
            new("not_enough_credits", "400 Bad Request", Error("not_enough_credits"), Outcome.Misconfigured) { Says = "credits" },
            new("account_under_validation", "400 Bad Request", Error("account_under_validation"), Outcome.Misconfigured),
            new("no key, or our address", "401 Unauthorized", Error("unauthorized"), Outcome.Misconfigured) { Says = "check ApiKey" },
            new("no credit", "402 Payment Required", Error("not_enough_credits"), Outcome.Misconfigured) { Says = "credits" },
            new("forbidden", "403 Forbidden", Error("permission_denied"), Outcome.Misconfigured),
            new("no such path", "404 Not Found", Error("document_not_found"), Outcome.Misconfigured) { Says = "check Url" },
            new("method_not_allowed", "405 Method Not Allowed", Error("method_not_allowed"), Outcome.Misconfigured),
            new("throttled", "429 Too Many Requests", Error("too_many_requests"), Outcome.Throttled)
            {
                Headers = "x-sib-ratelimit-limit: 100\r\nx-sib-ratelimit-remaining: 0\r\nx-sib-ratelimit-reset: 42\r\n",
                RetryAfter = TimeSpan.FromSeconds(42),
                RateLimit = new RateLimit(0, TimeSpan.FromSeconds(42)),
            },
            new("server error", "500 Internal Server Error", "", Outcome.Unavailable),
            new("unavailable", "503 Service Unavailable", "", Outcome.Unavailable),
            new("for legal reasons", "451 Unavailable For Legal Reasons", "", Outcome.Declined),
        ];

    public static VendorAnswer Malformed => new("something else's answer", "201 Created", "<html>It works!</html>", Outcome.InDoubt);

    public static IReadOnlyList<string> Secrets => [ApiKey];

    public static Delivery ADelivery => Mail.ToSomchai;

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new BrevoEmailProvider(
            "account",
            new BrevoOptions
            {
                Url = url,
                Timeout = timeout,
                ApiKey = ApiKey,
                From = Mail.From,
            },
            clock
        );

    [Fact]
    public async Task Should_say_everything_once()
    {
        Vendor.Answers("201 Created", """{"messageId":"1"}""");

        await Provider().Send(ADelivery, Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /v3/smtp/email HTTP/1.1");
        head.ShouldContain($"api-key: {ApiKey}");
        JsonElement
            .Parse(body)
            .ToString()
            .ShouldBe(
                """{"sender":{"email":"shop@example.com"},"to":[{"email":"somchai@example.net","name":"Somchai"}],"subject":"ขายแล้ว: """
                    + """\"bowl\"","htmlContent":"<p>Sold &amp; paid</p>","textContent":"Sold & paid.","headers":"""
                    + $$"""{"idempotencyKey":"{{Mail.Id}}","X-Mailin-custom":"{{Mail.Id}}"}"""
                    + "}"
            );
    }

    static string Error(string code) => $$"""{"code":"{{code}}","message":"What is wrong."}""";
}
