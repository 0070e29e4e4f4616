using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace NotificationBus.Emulators.Vendors;

/// <summary>
/// Amazon SES, API version 2, and its events through SNS. They are signed with a certificate of the emulator's own, which a host does not
/// believe: SNS's certificates come from Amazon.
/// </summary>
sealed class Ses : Vendor
{
    const string Topic = "arn:aws:sns:eu-central-1:123456789012:emulator";

    readonly RSA _key = RSA.Create(2048);

    public override string Name => "ses";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [
            ("Region", "eu-central-1"),
            ("AccessKeyId", "AKIAOFTHEEMULATOR"),
            ("SecretAccessKey", "of-the-emulator"),
            ("From", "shop@example.com"),
            ("ReceiptTopic", Topic),
        ];

    /// <summary>The certificate, PEM, for whoever believes it.</summary>
    public string Certificate(DateTimeOffset now)
    {
        var request = new CertificateRequest("CN=sns.amazonaws.com", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return certificate.ExportCertificatePem();
    }

    public override Answer? Refuse(ReceivedRequest request) =>
        request is not { Method: "POST", Path: "/v2/email/outbound-emails" } ? Error(404, "NotFoundException", "no such operation")
        : !request.HasAuthorization("AWS4-HMAC-SHA256") ? Error(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        : request.Find("Destination.ToAddresses.0") is null ? Error(400, "BadRequestException", "Destination is missing")
        : null;

    public override Answer Deny() => Error(403, "UnrecognizedClientException", "The security token included in the request is invalid.");

    public override Taken Take(ReceivedRequest request)
    {
        var id = $"0107{Guid.NewGuid()}-000000";
        return new Taken(id, request.Find("EmailTags.0.Value"), request, Answer.Json(200, new { MessageId = id }));
    }

    // SES says nothing of how long.
    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Error(429, "TooManyRequestsException", "Maximum sending rate exceeded.");

    public override Answer Fail(int status) => Error(status, "InternalFailure", "");

    public override Callback? Tell(Taken taken, ReportKind kind, Uri url, DateTimeOffset happened, DateTimeOffset now)
    {
        var (time, address) = (Time(happened), taken.Request.Find("Destination.ToAddresses.0"));
        var mail = new
        {
            timestamp = Time(taken.Request.At),
            messageId = taken.Id,
            destination = new[] { address },
            tags = new Dictionary<string, string?[]>(StringComparer.Ordinal) { ["delivery_id"] = [taken.Reference] },
        };
        object report = kind switch
        {
            ReportKind.Delivered => new
            {
                eventType = "Delivery",
                mail,
                delivery = new { timestamp = time, smtpResponse = "250 ok" },
            },
            ReportKind.Bounced => new
            {
                eventType = "Bounce",
                mail,
                bounce = new
                {
                    timestamp = time,
                    bounceType = "Permanent",
                    bounceSubType = "General",
                    bouncedRecipients = new[] { new { emailAddress = address, diagnosticCode = "smtp; 550 5.1.1 unknown" } },
                },
            },
            ReportKind.Complained => new
            {
                eventType = "Complaint",
                mail,
                complaint = new
                {
                    timestamp = time,
                    complaintFeedbackType = "abuse",
                    complainedRecipients = new[] { new { emailAddress = address } },
                },
            },
            _ => new
            {
                eventType = "Open",
                mail,
                open = new { timestamp = time, userAgent = "Mozilla" },
            },
        };
        var message = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Type"] = "Notification",
            ["MessageId"] = $"{taken.Id}-{kind}",
            ["TopicArn"] = Topic,
            ["Subject"] = "Amazon SES Email Event Notification",
            ["Message"] = JsonSerializer.Serialize(report),
            ["Timestamp"] = Time(now),
            ["SigningCertURL"] = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        };
        return new Callback(url, Signatures.Sns(message, _key), ("x-amz-sns-message-type", "Notification")) { ContentType = "text/plain" };
    }

    static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    static Answer Error(int status, string type, string message) => Answer.Json(status, new { message }, ("x-amzn-ErrorType", type));
}
