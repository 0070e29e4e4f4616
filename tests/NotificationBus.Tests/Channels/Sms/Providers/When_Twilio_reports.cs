using System.Security.Cryptography;
using System.Text;
using NotificationBus.Channels.Sms.Providers;
using NotificationBus.Emulators;
using NotificationBus.Receipts;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Sms.Providers;

public sealed class When_Twilio_reports
{
    const string Token = "12345";
    const string Form = "application/x-www-form-urlencoded";

    static readonly Uri Url = new($"https://notifications.example.com/v1/receipts/account?delivery={AnSms.Id}");
    static readonly FakeTimeProvider Clock = new(A.Time);

    [Fact]
    public void Should_be_believed_with_the_published_example_of_a_signature() =>
        // From the tests of Twilio's own libraries.
        Read(
                new ReceiptRequest
                {
                    Url = new Uri("https://mycompany.com/myapp.php?foo=1&bar=2"),
                    Headers = Headers("RSOYDt4T1cUTdK1PDd93/VVr8B8="),
                    Body = Encoding.UTF8.GetBytes(
                        "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
                    ),
                }
            )
            .ShouldBeOfType<ReceiptReading.Genuine>()
            .Receipts.ShouldBeEmpty();

    [Theory]
    [InlineData("delivered", null, ReceiptKind.Confirmed)]
    [InlineData("read", null, ReceiptKind.Read)]
    [InlineData("undelivered", "30005", ReceiptKind.HardBounce)]
    [InlineData("undelivered", "30006", ReceiptKind.HardBounce)]
    [InlineData("failed", "21211", ReceiptKind.HardBounce)]
    [InlineData("failed", "21610", ReceiptKind.OptedOut)]
    [InlineData("undelivered", "30003", ReceiptKind.Undelivered)]
    [InlineData("undelivered", "30007", ReceiptKind.Undelivered)]
    [InlineData("undelivered", null, ReceiptKind.Undelivered)]
    [InlineData("queued", null, null)]
    [InlineData("sent", null, null)]
    [InlineData("whatever", null, null)]
    public void Should_say_what_became_of_a_message(string status, string? error, ReceiptKind? kind)
    {
        var request = Signed(
            $"MessageSid=SM0123&MessageStatus={status}&To=%2B66812345678&From=Shop+%26+Co{(error is null ? "" : $"&ErrorCode={error}")}"
        );
        var receipts = Read(request).ShouldBeOfType<ReceiptReading.Genuine>().Receipts;

        receipts.Select(receipt => (ReceiptKind?)receipt.Kind).ShouldBe(kind is null ? [] : [kind]);
        foreach (var receipt in receipts)
        {
            receipt.DeliveryId.ShouldBe(AnSms.Id);
            receipt.ProviderMessageId.ShouldBe("SM0123");
            receipt.Id.ShouldBe(((ReceiptReading.Genuine)Read(request)).Receipts[0].Id);
            (receipt.Reason ?? "").ShouldNotContain("66812345678");
        }
    }

    [Theory]
    [InlineData("https://notifications.example.com:443/v1/receipts/account?delivery=x")]
    [InlineData("https://notifications.example.com/v1/receipts/account?delivery=x")]
    public void Should_be_believed_with_and_without_the_usual_port(string url)
    {
        const string Body = "MessageSid=SM0123&MessageStatus=delivered";

        Read(Signed(Body, url: new Uri("https://notifications.example.com/v1/receipts/account?delivery=x"), signedUrl: url))
            .ShouldBeOfType<ReceiptReading.Genuine>();
    }

    [Fact]
    public void Should_be_believed_with_a_body_that_is_named_in_the_address()
    {
        const string Body = """{"a":1}""";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Body)));
        var request = Signed("", url: new Uri($"{Url}&bodySHA256={hash}")) with { Body = Encoding.UTF8.GetBytes(Body) };

        Read(request with { Headers = Headers(request.Headers["X-Twilio-Signature"], "application/json") })
            .ShouldBeOfType<ReceiptReading.Genuine>();
        Read(
                request with
                {
                    Headers = Headers(request.Headers["X-Twilio-Signature"], "application/json"),
                    Body = Encoding.UTF8.GetBytes("""{"a":2}"""),
                }
            )
            .ShouldBeOfType<ReceiptReading.Refused>();
    }

    [Fact]
    public void Should_be_refused_when_anything_was_changed_or_added()
    {
        var request = Signed("MessageSid=SM0123&MessageStatus=delivered");

        foreach (
            var forged in (ReceiptRequest[])
                [
                    request with
                    {
                        Body = Encoding.UTF8.GetBytes("MessageSid=SM0124&MessageStatus=delivered"),
                    },
                    request with
                    {
                        Body = Encoding.UTF8.GetBytes("MessageSid=SM0123&MessageStatus=delivered&ErrorCode=21610"),
                    },
                    request with
                    {
                        Url = new Uri($"https://notifications.example.com/v1/receipts/account?delivery={Guid.Empty}"),
                    },
                    request with
                    {
                        Headers = Headers(""),
                    },
                    request with
                    {
                        Headers = Headers("no base64"),
                    },
                    request with
                    {
                        Headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase),
                    },
                    request with
                    {
                        Headers = Headers(request.Headers["X-Twilio-Signature"], "application/json"),
                    },
                    Signed("MessageSid=SM0123&MessageStatus=delivered", token: "12346"),
                    request with
                    {
                        Body = ReadOnlyMemory<byte>.Empty,
                    },
                    request with
                    {
                        Body = new byte[] { 0xff, 0xfe, 0x00 },
                    },
                ]
        )
        {
            Read(forged).ShouldBeOfType<ReceiptReading.Refused>();
        }
    }

    [Fact]
    public void Should_be_believed_with_the_old_and_the_new_token_while_it_is_changed()
    {
        var reader = Reader(options => options.ReceiptToken = "old-token new-token");

        ReadBy(reader, Signed("MessageSid=SM0123", token: "old-token")).ShouldBeOfType<ReceiptReading.Genuine>();
        ReadBy(reader, Signed("MessageSid=SM0123", token: "new-token")).ShouldBeOfType<ReceiptReading.Genuine>();
        ReadBy(reader, Signed("MessageSid=SM0123")).ShouldBeOfType<ReceiptReading.Refused>();
    }

    [Fact]
    public void Should_be_refused_until_a_token_is_set() =>
        ReadBy(Reader(options => options.AuthToken = ""), Signed("MessageSid=SM0123", token: ""))
            .ShouldBeOfType<ReceiptReading.Refused>()
            .Reason.ShouldContain("Providers:account:ReceiptToken");

    static ReceiptReading Read(ReceiptRequest request) => ReadBy(Reader(_ => { }), request);

    static ReceiptReading ReadBy(TwilioSmsProvider reader, ReceiptRequest request) => reader.Read(request).GetAwaiter().GetResult();

    static TwilioSmsProvider Reader(Action<TwilioOptions> change)
    {
        var options = new TwilioOptions { AuthToken = Token };
        change(options);
        return new TwilioSmsProvider("account", options, Clock);
    }

    /// <summary>B: work before proof. All of them are sorted before the signature can be told.</summary>
    [Theory]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public void Should_not_be_read_with_more_parameters_than_Twilio_has(int parameters, bool isRead)
    {
        var form = string.Join('&', Enumerable.Range(1, parameters).Select(number => $"p{number:0000}=1"));

        (Read(Signed(form)) is ReceiptReading.Genuine).ShouldBe(isRead);
    }

    [Fact]
    public void Should_not_be_believed_with_a_part_of_its_signature()
    {
        var posted = Signed("MessageSid=SM0123&MessageStatus=delivered&To=%2B66812345678");
        var signature = posted.Headers["X-Twilio-Signature"];
        for (var length = 0; length < signature.Length; length++)
            Read(posted with { Headers = Headers(signature[..length]) }).ShouldBeOfType<ReceiptReading.Refused>(signature[..length]);
    }

    static ReceiptRequest Signed(string form, string token = Token, Uri? url = null, string? signedUrl = null) =>
        new()
        {
            Url = url ?? Url,
            Headers = Headers(Signatures.Twilio(signedUrl ?? (url ?? Url).OriginalString, form, token)),
            Body = Encoding.UTF8.GetBytes(form),
        };

    static Dictionary<string, string> Headers(string signature, string contentType = Form) =>
        new(StringComparer.OrdinalIgnoreCase) { ["Content-Type"] = contentType, ["X-Twilio-Signature"] = signature };
}
