using System.Text.Json;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Email.Providers;

public sealed class When_Postmark_sends : Any_vendor_of_mail<When_Postmark_sends>, IVendorSituation
{
    const string Token = "8d3a1b2c-0000-1111-2222-333344445555";

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new(
                "accepted",
                "200 OK",
                """
                {"To":"somchai@example.net","SubmittedAt":"2026-03-14T09:26:53Z","MessageID":"0a129aee-e1cd-480d-b08d-4f48548ff48d",
                 "ErrorCode":0,"Message":"OK"}
                """,
                Outcome.Accepted
            )
            {
                MessageId = "0a129aee-e1cd-480d-b08d-4f48548ff48d",
            },
            new("accepted without an id", "200 OK", """{"ErrorCode":0}""", Outcome.InDoubt),
            new("inactive recipient, as success", "200 OK", Error(406), Outcome.Rejected) { AddressIsWrong = true },
            new("invalid request, as success", "200 OK", Error(300), Outcome.Declined),
            new("no sender, as success", "200 OK", Error(400), Outcome.Misconfigured),
            new("300 invalid e-mail request", "422 Unprocessable Entity", Error(300), Outcome.Declined) { Says = "300" },
            new("400 sender signature not found", "422 Unprocessable Entity", Error(400), Outcome.Misconfigured)
            {
                Says = "check ServerToken, From",
            },
            new("401 sender signature not confirmed", "422 Unprocessable Entity", Error(401), Outcome.Misconfigured),
            new("402 invalid JSON", "422 Unprocessable Entity", Error(402), Outcome.Declined),
            new("405 not allowed to send", "422 Unprocessable Entity", Error(405), Outcome.Misconfigured),
            new("406 inactive recipient", "422 Unprocessable Entity", Error(406), Outcome.Rejected) { AddressIsWrong = true },
            new("412 account is pending", "422 Unprocessable Entity", Error(412), Outcome.Misconfigured),
            new("10 bad token", "401 Unauthorized", Error(10), Outcome.Misconfigured) { Says = "check ServerToken" },
            new("forbidden", "403 Forbidden", "", Outcome.Misconfigured),
            new("no such path", "404 Not Found", "", Outcome.Misconfigured) { Says = "check Url" },
            new("too large", "413 Payload Too Large", "", Outcome.Declined),
            new("wrong form", "415 Unsupported Media Type", "", Outcome.Misconfigured),
            new("throttled", "429 Too Many Requests", "", Outcome.Throttled),
            new("server error", "500 Internal Server Error", Error(0), Outcome.InDoubt),
            new("maintenance", "503 Service Unavailable", Error(100), Outcome.Unavailable),
            new("for legal reasons", "451 Unavailable For Legal Reasons", "", Outcome.Declined),
        ];

    public static IReadOnlyList<string> Secrets => [Token];

    public static Delivery ADelivery => Mail.ToSomchai;

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new PostmarkEmailProvider(
            "account",
            new PostmarkOptions
            {
                Url = url,
                Timeout = timeout,
                ServerToken = Token,
                From = Mail.From,
                FromName = "Shop",
            },
            clock
        );

    [Fact]
    public async Task Should_say_everything_once()
    {
        Vendor.Answers("200 OK", """{"ErrorCode":0,"MessageID":"1"}""");

        await Provider().Send(ADelivery, Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /email HTTP/1.1");
        head.ShouldContain($"X-Postmark-Server-Token: {Token}");
        JsonElement
            .Parse(body)
            .ToString()
            .ShouldBe(
                """{"From":"Shop <shop@example.com>","To":"Somchai <somchai@example.net>","Subject":"ขายแล้ว: """
                    + """\"bowl\"","HtmlBody":"<p>Sold &amp; paid</p>","TextBody":"Sold & paid.","MessageStream":"outbound","Metadata":"""
                    + $$"""{"delivery_id":"{{Mail.Id}}"},"Headers":"""
                    + """[{"Name":"Message-ID","Value":"<22222222222222222222222222222222@example.com>"},"""
                    + """{"Name":"X-PM-KeepID","Value":"true"}]}"""
            );
    }

    /// <summary>C: Postmark takes 255 characters of a name with its mailbox; the name only decorates.</summary>
    [Theory]
    [InlineData(240, "สมชาย รักไทย")]
    [InlineData(254, "Somchai")]
    [InlineData(
        170,
        "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""
    )]
    public async Task Should_cut_a_name_that_is_too_long_with_its_mailbox(int mailbox, string name)
    {
        Vendor.Answers("200 OK", """{"ErrorCode":0,"MessageID":"1"}""");
        var domain =
            $"{string.Join('.', Enumerable.Repeat(new string('d', 60), 4))}"[..(mailbox - "somchai@".Length - ".net".Length)].TrimEnd('.')
            + ".net";

        (
            await Provider().Send(ADelivery with { Address = $"somchai@{domain}", RecipientName = name }, Cancellation)
        ).ShouldBeOfType<ProviderResult.Accepted>();

        var to = JsonElement.Parse(Vendor.Requests.ShouldHaveSingleItem().Body).GetProperty("To").GetString()!;
        to.Length.ShouldBeLessThanOrEqualTo(255);
        to.ShouldContain($"somchai@{domain}");
    }

    static string Error(int code) => $$"""{"ErrorCode":{{code}},"Message":"What is wrong."}""";
}
