using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using NotificationBus.Channels.Push.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Push.Providers;

public sealed class When_FCM_sends : Any_vendor<When_FCM_sends>, IVendorSituation
{
    const string Token = "dGhpcyBpcyBhIHRva2Vu:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ";
    const string AccessToken = "ya29.c.an-access-token";
    const string Scope = "https://www.googleapis.com/auth/firebase.messaging";
    const string FcmError = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
    const string QuotaFailure = "type.googleapis.com/google.rpc.QuotaFailure";
    const string Accepted = """{"name":"projects/shop-4711/messages/0:1500415314455276%31bd1c9631bd1c96"}""";

    const string NoToken =
        """{"error":{"code":400,"message":"The registration token is not a valid FCM registration token","status":"INVALID_ARGUMENT"}}""";
    const string Mismatch = """{"error":{"code":403,"message":"SenderId mismatch","status":"PERMISSION_DENIED"}}""";

    static readonly RSA Key = RSA.Create(2048);
    static readonly ScriptedHttpServer Google = Answering(
        "200 OK",
        $$"""{"access_token":"{{AccessToken}}","expires_in":3599,"token_type":"Bearer"}"""
    );

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("accepted", "200 OK", Accepted, Outcome.Accepted)
            {
                MessageId = "projects/shop-4711/messages/0:1500415314455276%31bd1c9631bd1c96",
            },
            new(
                "a value that is wrong",
                "400 Bad Request",
                """{"error":{"code":400,"message":"Invalid value at 'message.data[0].value' (TYPE_STRING), """
                    + """12","status":"INVALID_ARGUMENT","details":"""
                    + """[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"message.data[0].value"}]}]}}""",
                Outcome.Declined
            )
            {
                Says = "Invalid value",
            },
            new(
                "no token of FCM",
                "400 Bad Request",
                Error(
                    400,
                    "The registration token is not a valid FCM registration token",
                    "INVALID_ARGUMENT",
                    FcmError,
                    "INVALID_ARGUMENT"
                ),
                Outcome.Rejected
            )
            {
                AddressIsWrong = true,
            },
            new(
                "the same words of a field",
                "400 Bad Request",
                """{"error":{"code":400,"message":"not a valid FCM registration token","status":"INVALID_ARGUMENT","details":"""
                    + """[{"@type":"type.googleapis.com/google.rpc.BadRequest"}]}}""",
                Outcome.Declined
            ),
            new(
                "too large",
                "400 Bad Request",
                """{"error":{"code":400,"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT"}}""",
                Outcome.Declined
            ),
            new(
                "unregistered",
                "404 Not Found",
                Error(404, "Requested entity was not found.", "NOT_FOUND", FcmError, "UNREGISTERED"),
                Outcome.Rejected
            )
            {
                AddressIsWrong = true,
            },
            new(
                "unregistered, without a detail",
                "404 Not Found",
                """{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}""",
                Outcome.Rejected
            )
            {
                AddressIsWrong = true,
            },
            new("no such path", "404 Not Found", "<html>Not Found</html>", Outcome.Misconfigured) { Says = "check ProjectId" },
            new(
                "sender mismatch",
                "403 Forbidden",
                Error(403, "SenderId mismatch", "PERMISSION_DENIED", FcmError, "SENDER_ID_MISMATCH"),
                Outcome.Rejected
            )
            {
                Says = "another project",
            },
            new("sender mismatch, without a detail", "403 Forbidden", Mismatch, Outcome.Rejected) { Says = "another project" },
            new("no token of FCM, without a detail", "400 Bad Request", NoToken, Outcome.Rejected) { AddressIsWrong = true },
            new(
                "no token of FCM, by its field",
                "400 Bad Request",
                """{"error":{"code":400,"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT","details":"""
                    + """[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":"""
                    + """[{"field":"message.token","description":"Invalid registration token"}]}]}}""",
                Outcome.Rejected
            )
            {
                AddressIsWrong = true,
            },
            new(
                "the words in what we said",
                "400 Bad Request",
                """{"error":{"code":400,"message":"Invalid value: The registration token is not a valid FCM registration """
                    + """token","status":"INVALID_ARGUMENT"}}""",
                Outcome.Declined
            ),
            new(
                "the key of APNs, without a detail",
                "401 Unauthorized",
                """{"error":{"code":401,"message":"Auth error from APNS or Web Push Service","status":"UNAUTHENTICATED"}}""",
                Outcome.Unavailable
            )
            {
                OnlyThisDelivery = true,
                Says = "key of APNs",
            },
            new(
                "permission denied",
                "403 Forbidden",
                """{"error":{"code":403,"message":"Permission denied","status":"PERMISSION_DENIED"}}""",
                Outcome.Misconfigured
            )
            {
                Says = "role",
            },
            new(
                "unauthenticated",
                "401 Unauthorized",
                """{"error":{"code":401,"message":"Request had invalid authentication credentials.","status":"UNAUTHENTICATED"}}""",
                Outcome.Misconfigured
            )
            {
                Says = "service account",
            },
            new(
                "the key of APNs",
                "401 Unauthorized",
                Error(401, "Auth error from APNS or Web Push Service", "UNAUTHENTICATED", FcmError, "THIRD_PARTY_AUTH_ERROR"),
                Outcome.Unavailable
            )
            {
                OnlyThisDelivery = true,
                Says = "key of APNs",
            },
            new(
                "quota",
                "429 Too Many Requests",
                Error(429, "Quota exceeded", "RESOURCE_EXHAUSTED", FcmError, "QUOTA_EXCEEDED"),
                Outcome.Throttled
            ),
            new(
                "quota, with a pause",
                "429 Too Many Requests",
                Error(429, "Quota exceeded", "RESOURCE_EXHAUSTED", FcmError, "QUOTA_EXCEEDED"),
                Outcome.Throttled
            )
            {
                Headers = "Retry-After: 30\r\n",
                RetryAfter = TimeSpan.FromSeconds(30),
            },
            new(
                "quota of the device",
                "429 Too Many Requests",
                $$$"""{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":"{{{QuotaFailure}}}","violations":"""
                    + """[{"description":"Device message rate exceeded"}]}]}}""",
                Outcome.Unavailable
            )
            {
                OnlyThisDelivery = true,
            },
            new(
                "internal",
                "500 Internal Server Error",
                Error(500, "Internal error encountered.", "INTERNAL", FcmError, "INTERNAL"),
                Outcome.Unavailable
            ),
            new(
                "unavailable",
                "503 Service Unavailable",
                Error(503, "The service is currently unavailable.", "UNAVAILABLE", FcmError, "UNAVAILABLE"),
                Outcome.Unavailable
            )
            {
                Headers = "Retry-After: 20\r\n",
                RetryAfter = TimeSpan.FromSeconds(20),
            },
            new("gateway", "502 Bad Gateway", "<html>", Outcome.InDoubt),
        ];

    public static IReadOnlyList<string> Secrets => [AccessToken];

    public static Delivery ADelivery => APush.To(Token);

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) => Create(url, timeout, clock, Google);

    [Fact]
    public async Task Should_say_everything_once()
    {
        Vendor.Answers("200 OK", Accepted);

        await Provider().Send(APush.To($"fcm:{Token}"), Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /v1/projects/shop-4711/messages:send HTTP/1.1");
        head.ShouldContain($"Authorization: Bearer {AccessToken}");
        var message = JsonElement.Parse(body).GetProperty("message");
        message.GetProperty("token").GetString().ShouldBe(Token);
        message.GetProperty("notification").GetRawText().ShouldBe("""{"title":"ขายแล้ว","body":"\"Bowl\" & more"}""");
        message.GetProperty("data").GetProperty("deliveryId").GetGuid().ShouldBe(APush.Id);
        message
            .GetProperty("android")
            .GetRawText()
            .ShouldBe("""{"priority":"HIGH","ttl":"600s","notification":{"tag":"11111111-1111-1111-1111-111111111111"}}""");
        message
            .GetProperty("apns")
            .GetRawText()
            .ShouldBe("""{"headers":{"apns-collapse-id":"11111111-1111-1111-1111-111111111111","apns-expiration":"1773481013"}}""");
        message
            .GetProperty("webpush")
            .GetProperty("headers")
            .GetRawText()
            .ShouldBe("""{"TTL":"600","Topic":"11111111111111111111111111111111"}""");
    }

    /// <summary>
    /// C: a form the vendor does not report. A token of another project is never used again, unless it is the service account that is of
    /// another one.
    /// </summary>
    [Theory]
    [InlineData(30, typeof(ProviderResult.Rejected))]
    [InlineData(0, typeof(ProviderResult.Misconfigured))]
    public async Task Should_blame_a_token_of_another_project_when_most_are_of_ours_and_the_account_when_they_are_not(
        int ours,
        Type expected
    )
    {
        var provider = Provider();
        Vendor.Answers("200 OK", Accepted);
        for (var i = 0; i < ours; i++)
            await provider.Send(ADelivery, Cancellation);

        Vendor.Answers("403 Forbidden", Mismatch);
        for (var i = ours; i < 19; i++)
            (await provider.Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBeFalse();

        var result = await provider.Send(ADelivery, Cancellation);
        result.ShouldBeOfType(expected);
        (result as ProviderResult.Rejected)?.AddressIsWrong.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_ask_for_an_access_token_as_the_service_account()
    {
        await using var google = Answering("200 OK", $$"""{"access_token":"{{AccessToken}}","expires_in":3599}""");
        Vendor.Answers("200 OK", Accepted);

        await Own(google).Send(ADelivery, Cancellation);

        var (head, body) = google.Requests.ShouldHaveSingleItem();
        head.ShouldContain("Content-Type: application/x-www-form-urlencoded");
        var form = QueryHelpers.ParseQuery(body);
        form["grant_type"].ToString().ShouldBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
        var parts = form["assertion"].ToString().Split('.');
        Key.VerifyData(
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
                Base64Url.DecodeFromChars(parts[2]),
                HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            )
            .ShouldBeTrue();
        JsonElement.Parse(Base64Url.DecodeFromChars(parts[0])).GetRawText().ShouldBe("""{"alg":"RS256","typ":"JWT","kid":"key-1"}""");
        JsonElement
            .Parse(Base64Url.DecodeFromChars(parts[1]))
            .GetRawText()
            .ShouldBe(
                $$"""{"iss":"sender@shop-4711.iam.gserviceaccount.com","scope":"{{Scope}}","aud":"{{google.Url}}","iat":"""
                    + """1773480413,"exp":1773484013}"""
            );
    }

    [Fact]
    public async Task Should_keep_the_access_token_until_shortly_before_its_end()
    {
        await using var google = Answering("200 OK", $$"""{"access_token":"{{AccessToken}}","expires_in":3600}""");
        Vendor.Answers("200 OK", Accepted);
        var clock = new FakeTimeProvider(A.Time);
        var provider = Own(google, clock);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => provider.Send(ADelivery, Cancellation)));
        google.Requests.Count.ShouldBe(1);

        clock.Advance(TimeSpan.FromMinutes(54));
        await provider.Send(ADelivery, Cancellation);
        google.Requests.Count.ShouldBe(1);

        clock.Advance(TimeSpan.FromMinutes(2));
        await provider.Send(ADelivery, Cancellation);
        google.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_ask_for_another_access_token_once_when_it_is_refused()
    {
        await using var google = Answering("200 OK", $$"""{"access_token":"{{AccessToken}}","expires_in":3599}""");
        Vendor.Answers("401 Unauthorized", """{"error":{"code":401,"status":"UNAUTHENTICATED"}}""");

        var result = await Own(google).Send(ADelivery, Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>();
        google.Requests.Count.ShouldBe(2);
        Vendor.Requests.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(
        "400 Bad Request",
        """{"error":"invalid_grant","error_description":"Invalid JWT Signature."}""",
        typeof(ProviderResult.Misconfigured),
        "Invalid JWT Signature"
    )]
    [InlineData("401 Unauthorized", """{"error":"invalid_client"}""", typeof(ProviderResult.Misconfigured), "check the service account")]
    [InlineData("429 Too Many Requests", "", typeof(ProviderResult.Unavailable), "429")]
    [InlineData("503 Service Unavailable", "", typeof(ProviderResult.Unavailable), "503")]
    [InlineData("200 OK", "<html>", typeof(ProviderResult.Unavailable), "without an access token")]
    public async Task Should_send_nothing_without_an_access_token(string status, string body, Type expected, string says)
    {
        await using var google = Answering(status, body);

        var result = await Own(google).Send(ADelivery, Cancellation);

        result.ShouldBeOfType(expected);
        $"{result}".ShouldContain(says);
        Vendor.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0")]
    [InlineData("apns:00fc13ad")]
    [InlineData("""{"endpoint":"https://fcm.googleapis.com/fcm/send/abc"}""")]
    public async Task Should_leave_other_vendors_tokens_alone(string address)
    {
        Provider().Serves(APush.To(address)).ShouldBeFalse();
        Provider().Serves(ADelivery).ShouldBeTrue();
        (await Provider().Send(APush.To(address), Cancellation))
            .ShouldBeOfType<ProviderResult.Unavailable>()
            .OnlyThisDelivery.ShouldBeTrue();
        Vendor.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null, "ServiceAccountFile")]
    [InlineData("{}", "ServiceAccount")]
    [InlineData("no json", "ServiceAccount")]
    [InlineData(
        """{"project_id":"p","client_email":"e","private_key":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE """
            + """KEY-----","token_uri":"https://oauth2.googleapis.com/token"}""",
        "ServiceAccount"
    )]
    public void Should_name_the_setting_that_is_wrong(string? account, string setting)
    {
        var options = new FcmOptions { ServiceAccount = account };
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true).ShouldBeFalse();

        results.ShouldHaveSingleItem().MemberNames.ShouldBe([setting]);
    }

    static FcmPushProvider Create(string url, TimeSpan timeout, TimeProvider clock, ScriptedHttpServer google)
    {
        var account = JsonSerializer.Serialize(
            new
            {
                type = "service_account",
                project_id = "shop-4711",
                private_key_id = "key-1",
                private_key = Key.ExportPkcs8PrivateKeyPem(),
                client_email = "sender@shop-4711.iam.gserviceaccount.com",
                token_uri = google.Url,
            }
        );
        return new FcmPushProvider(
            "account",
            new FcmOptions
            {
                Url = url,
                Timeout = timeout,
                ServiceAccount = account,
            },
            clock
        );
    }

    static ScriptedHttpServer Answering(string status, string body)
    {
        var server = new ScriptedHttpServer();
        server.Answers(status, body);
        return server;
    }

    static string Error(int code, string message, string status, string type, string errorCode) =>
        JsonSerializer.Serialize(
            new
            {
                error = new
                {
                    code,
                    message,
                    status,
                    details = new[]
                    {
                        new Dictionary<string, string>(StringComparer.Ordinal) { ["@type"] = type, ["errorCode"] = errorCode },
                    },
                },
            }
        );

    FcmPushProvider Own(ScriptedHttpServer google, TimeProvider? clock = null) =>
        Create(Vendor.Url.GetLeftPart(UriPartial.Authority), TimeSpan.FromSeconds(15), clock ?? Clock, google);
}
