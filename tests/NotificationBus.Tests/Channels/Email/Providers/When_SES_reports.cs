using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Channels.Http;
using NotificationBus.Emulators;
using NotificationBus.Receipts;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Email.Providers;

public sealed class When_SES_reports : Any_reader_of_signed_receipts<When_SES_reports>, IReceiptSituation
{
    const string Topic = "arn:aws:sns:eu-central-1:123456789012:mail";
    const string CertificateUrl = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";
    const string SubscribeUrl =
        "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-central-1:123456789012:mail"
        + "&Token=2336412f37";

    static readonly RSA Key = RSA.Create(2048);
    static readonly byte[] Certificate = Make(Key);

    public static IEnumerable<Report> Reports =>
        [
            Row("Delivery", ReceiptKind.Confirmed, "delivery", """ "smtpResponse":"250 ok" """),
            Row(
                "Bounce",
                ReceiptKind.HardBounce,
                "bounce",
                """ "bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":"""
                    + """[{"diagnosticCode":"smtp; 550 5.1.1 <somchai@example.net> unknown"}] """
            ),
            Row(
                "Bounce",
                ReceiptKind.HardBounce,
                "bounce",
                """ "bounceType":"Permanent","bounceSubType":"OnAccountSuppressionList","bouncedRecipients":[] """
            ),
            Row(
                "Bounce",
                ReceiptKind.Undelivered,
                "bounce",
                """ "bounceType":"Transient","bounceSubType":"MailboxFull","bouncedRecipients":[] """
            ),
            Row(
                "Bounce",
                ReceiptKind.Undelivered,
                "bounce",
                """ "bounceType":"Undetermined","bounceSubType":"Undetermined","bouncedRecipients":[] """
            ),
            Row("Complaint", ReceiptKind.Complained, "complaint", """ "complaintFeedbackType":"abuse" """),
            Row("Reject", ReceiptKind.Undelivered, "reject", """ "reason":"Bad content" """),
            Row("Open", ReceiptKind.Opened, "open", """ "userAgent":"Mozilla" """),
            Row("Click", ReceiptKind.Read, "click", """ "link":"http://example.com" """),
            Row("Subscription", ReceiptKind.OptedOut, "subscription", """ "newTopicPreferences":{"unsubscribeAll":true} """),
            Row("Subscription", null, "subscription", """ "newTopicPreferences":{"unsubscribeAll":false} """),
            Row("Send", null, "send", """ "x":1 """),
            Row("DeliveryDelay", null, "deliveryDelay", """ "delayType":"InternalFailure" """),
            new("hello", "Successfully validated SNS topic for Amazon SES event publishing.", null),
        ];

    public static TimeSpan Oldest => TimeSpan.FromMinutes(65);

    public static IReceiptReader Reader(TimeProvider clock) => Account(Topic, clock, (_, _) => Task.FromResult(Certificate));

    public static IReceiptReader ReaderWithoutSecret(TimeProvider clock) => Account(null, clock, (_, _) => Task.FromResult(Certificate));

    public static ReceiptRequest Post(string body, DateTimeOffset at) => Signed(Notification(body, at), Key);

    public static ReceiptRequest Forge(string body, DateTimeOffset at)
    {
        using var stranger = RSA.Create(2048);
        return Signed(Notification(body, at), stranger);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public void Should_ask_for_a_subscription_to_be_confirmed(string version) =>
        Read(Signed(Confirmation(SubscribeUrl), Key, version)).ShouldBeOfType<ReceiptReading.Confirm>().Url.ShouldBe(new Uri(SubscribeUrl));

    [Theory]
    [InlineData("https://example.com/?Action=ConfirmSubscription")]
    [InlineData("http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription")]
    [InlineData("https://sns.eu-central-1.amazonaws.com.example.com/?Action=ConfirmSubscription")]
    [InlineData("https://sns.eu-central-1.amazonaws.com:444/?Action=ConfirmSubscription")]
    [InlineData("https://sns.eu-central-1.amazonaws.com@example.com/")]
    public void Should_not_be_sent_elsewhere_to_confirm(string url) =>
        Read(Signed(Confirmation(url), Key)).ShouldBeOfType<ReceiptReading.Unreadable>();

    [Theory]
    [InlineData("https://somebody@sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem")]
    [InlineData("https://evil.sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem")]
    [InlineData("https://evilsns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem")]
    [InlineData("https://example.com/SimpleNotificationService-0123456789abcdef.pem")]
    [InlineData("http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem")]
    [InlineData("https://sns.eu-central-1.amazonaws.com.example.com/SimpleNotificationService-0123456789abcdef.pem")]
    [InlineData("https://example.com/sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/another/file.pem")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/?SimpleNotificationService-0123456789abcdef.pem")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem/x")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem?x=1")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem.html")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-.pem")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.PEM")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/x/SimpleNotificationService-0123456789abcdef.pem")]
    [InlineData("https://s3.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem")]
    [InlineData("")]
    public void Should_not_fetch_a_certificate_from_elsewhere(string url)
    {
        var fetched = new List<Uri>();
        var message = Notification(Reports.First().Body, Now);
        message["SigningCertURL"] = url;

        ReadBy(Account(Topic, new FakeTimeProvider(A.Time), Fetch), Signed(message, Key)).ShouldBeOfType<ReceiptReading.Refused>();

        fetched.ShouldBeEmpty();

        Task<byte[]> Fetch(Uri from, CancellationToken cancellationToken)
        {
            fetched.Add(from);
            return Task.FromResult(Certificate);
        }
    }

    [Fact]
    public void Should_fetch_a_certificate_once()
    {
        var fetches = 0;
        var reader = Account(
            Topic,
            new FakeTimeProvider(A.Time),
            (_, _) => ++fetches == 1 ? Task.FromResult(Certificate) : throw new HttpRequestException()
        );

        for (var i = 0; i < 3; i++)
            ReadBy(reader, Post(Reports.First().Body, Now)).ShouldBeOfType<ReceiptReading.Genuine>();
    }

    [Fact]
    public void Should_ask_for_it_again_and_not_be_made_to_fetch_all_the_time()
    {
        var fetches = 0;
        var clock = new FakeTimeProvider(A.Time);
        var reader = Account(Topic, clock, (_, _) => ++fetches < 3 ? throw new HttpRequestException() : Task.FromResult(Certificate));

        ReadBy(reader, Post(Reports.First().Body, Now)).ShouldBeOfType<ReceiptReading.NotNow>();
        ReadBy(reader, Post(Reports.First().Body, Now)).ShouldBeOfType<ReceiptReading.NotNow>();
        fetches.ShouldBe(1);

        clock.Advance(TimeSpan.FromSeconds(11));
        ReadBy(reader, Post(Reports.First().Body, Now)).ShouldBeOfType<ReceiptReading.NotNow>();
        clock.Advance(TimeSpan.FromSeconds(11));
        ReadBy(reader, Post(Reports.First().Body, Now)).ShouldBeOfType<ReceiptReading.Genuine>();
        fetches.ShouldBe(3);
    }

    /// <summary>B: shared lockout</summary>
    [Theory]
    [InlineData("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-ffffffffffffffff.pem")]
    [InlineData("https://sns.xx-nowhere-9.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem")]
    public void Should_fetch_the_certificate_while_a_stranger_names_others_that_are_not_there(string url)
    {
        var reader = Account(
            Topic,
            new FakeTimeProvider(A.Time),
            (from, _) => from.AbsoluteUri == url ? throw new HttpRequestException() : Task.FromResult(Certificate)
        );
        var forged = Notification(Reports.First().Body, Now);
        forged["SigningCertURL"] = url;

        ReadBy(reader, Signed(forged, Key)).ShouldBeOfType<ReceiptReading.NotNow>();

        ReadBy(reader, Post(Reports.First().Body, Now)).ShouldBeOfType<ReceiptReading.Genuine>();
    }

    /// <summary>B: shared lockout</summary>
    [Fact]
    public async Task Should_fetch_the_certificate_while_those_of_other_regions_do_not_come()
    {
        var fetched = new List<string>();
        var another = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reader = Account(
            Topic,
            new FakeTimeProvider(A.Time),
            async (from, limit) =>
            {
                lock (fetched)
                    fetched.Add(from.Host);
                if (from.AbsoluteUri != CertificateUrl)
                {
                    another.TrySetResult();
                    await Task.Delay(Timeout.Infinite, limit);
                }

                return Certificate;
            }
        );
        for (var number = 0; number < 5; number++)
        {
            var forged = Notification(Reports.First().Body, Now);
            forged["SigningCertURL"] = $"https://sns.xx-nowhere-{number}.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";
            _ = reader.Read(Signed(forged, Key));
        }

        (await reader.Read(Post(Reports.First().Body, Now))).ShouldBeOfType<ReceiptReading.Genuine>();
        // Others have one place among them.
        await another.Task;
        fetched.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_follow_nobody_who_leads_elsewhere_for_a_certificate()
    {
        await using var elsewhere = new ScriptedHttpServer();
        elsewhere.Answers("200 OK");
        await using var server = new ScriptedHttpServer();
        server.Answers("302 Found", headers: $"Location: {elsewhere.Url}\r\n");

        await Should.ThrowAsync<HttpRequestException>(SnsMessages.Download(server.Url, CancellationToken.None));

        elsewhere.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(16 * 1024, true)]
    [InlineData(16 * 1024 + 1, false)]
    public async Task Should_not_fetch_a_certificate_that_is_too_long(int length, bool isFetched)
    {
        await using var server = new ScriptedHttpServer();
        server.Answers("200 OK", new string('x', length));

        var fetching = SnsMessages.Download(server.Url, CancellationToken.None);

        if (isFetched)
            (await fetching).Length.ShouldBe(length);
        else
            await Should.ThrowAsync<HttpRequestException>(fetching);
    }

    /// <summary>B: shared lockout. The stranger names another address each time, of the topic's own region.</summary>
    [Fact]
    public async Task Should_fetch_the_certificate_while_a_stranger_invents_one_after_the_other()
    {
        var clock = new FakeTimeProvider(A.Time);
        var reader = Account(
            Topic,
            clock,
            async (from, limit) =>
            {
                if (from.AbsoluteUri != CertificateUrl)
                    await Task.Delay(Timeout.InfiniteTimeSpan, clock, limit);
                return Certificate;
            }
        );
        var number = 0;
        ReceiptReading? reading = null;
        // SNS says it again, and has more to say.
        for (var time = 0; time < 20 && reading is not ReceiptReading.Genuine; time++)
        {
            Invent(50);
            reading = await reader.Read(Post(Reports.First().Body, Now));
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20);
        }

        reading.ShouldBeOfType<ReceiptReading.Genuine>();

        void Invent(int times)
        {
            for (var time = 0; time < times; time++)
            {
                var forged = Notification(Reports.First().Body, Now);
                forged["SigningCertURL"] = $"https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-{number++:x16}.pem";
                _ = reader.Read(Signed(forged, Key));
            }
        }
    }

    /// <summary>B: shared lockout. A region of the same name in another partition is another one.</summary>
    [Theory]
    [InlineData(Topic, "sns.eu-central-1.amazonaws.com.cn", CertificateUrl)]
    [InlineData(
        "arn:aws-cn:sns:cn-north-1:123456789012:mail",
        "sns.cn-north-1.amazonaws.com",
        "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0123456789abcdef.pem"
    )]
    public async Task Should_fetch_the_certificate_while_those_of_another_partition_do_not_come(string topic, string foreign, string own)
    {
        var reader = Account(
            topic,
            new FakeTimeProvider(A.Time),
            async (from, limit) =>
            {
                if (from.AbsoluteUri != own)
                    await Task.Delay(Timeout.Infinite, limit);
                return Certificate;
            }
        );
        for (var number = 0; number < 10; number++)
            _ = reader.Read(Named($"https://{foreign}/SimpleNotificationService-{number:x16}.pem"));

        (await reader.Read(Named(own))).ShouldBeOfType<ReceiptReading.Genuine>();

        ReceiptRequest Named(string url)
        {
            var message = Notification(Reports.First().Body, Now);
            (message["TopicArn"], message["SigningCertURL"]) = (topic, url);
            return Signed(message, Key);
        }
    }

    [Fact]
    public void Should_refuse_what_does_not_say_when_it_was_sent()
    {
        var timeless = Notification(Reports.First().Body, Now);
        timeless.Remove("Timestamp");

        Read(Signed(timeless, Key)).ShouldBeOfType<ReceiptReading.Refused>();
    }

    [Theory]
    [InlineData("arn:aws:sns:eu-central-1:123456789012:other {0}")]
    [InlineData("{0} arn:aws:sns:eu-central-1:123456789012:other")]
    public void Should_believe_each_of_several_topics(string topics) =>
        ReadBy(
                Account(
                    string.Format(CultureInfo.InvariantCulture, topics, Topic),
                    new FakeTimeProvider(A.Time),
                    (_, _) => Task.FromResult(Certificate)
                ),
                Post(Reports.First().Body, Now)
            )
            .ShouldBeOfType<ReceiptReading.Genuine>();

    [Fact]
    public void Should_ask_for_it_again_when_something_else_than_a_certificate_is_fetched() =>
        ReadBy(
                Account(Topic, new FakeTimeProvider(A.Time), (_, _) => Task.FromResult("<html>"u8.ToArray())),
                Post(Reports.First().Body, Now)
            )
            .ShouldBeOfType<ReceiptReading.NotNow>();

    [Fact]
    public async Task Should_ask_for_it_again_when_the_certificate_takes_too_long()
    {
        var clock = new FakeTimeProvider(A.Time);
        var asked = new TaskCompletionSource();
        var reader = Account(
            Topic,
            clock,
            async (_, limit) =>
            {
                asked.SetResult();
                await Task.Delay(Timeout.Infinite, limit);
                return Certificate;
            }
        );

        var reading = reader.Read(Post(Reports.First().Body, Now));
        await asked.Task;
        reading.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromSeconds(5));

        (await reading).ShouldBeOfType<ReceiptReading.NotNow>();
    }

    [Fact]
    public void Should_refuse_another_topic()
    {
        var message = Notification(Reports.First().Body, Now);
        message["TopicArn"] = "arn:aws:sns:eu-central-1:999999999999:somebody-elses";

        Read(Signed(message, Key)).ShouldBeOfType<ReceiptReading.Refused>().Reason.ShouldContain("ReceiptTopic");
    }

    [Theory]
    [InlineData(-30, -1)]
    [InlineData(1, 30)]
    public void Should_refuse_a_certificate_that_is_over_or_has_not_begun(int fromDay, int toDay)
    {
        var reader = Account(
            Topic,
            new FakeTimeProvider(A.Time),
            (_, _) => Task.FromResult(Make(Key, notBefore: Now.AddDays(fromDay), notAfter: Now.AddDays(toDay)))
        );

        ReadBy(reader, Post(Reports.First().Body, Now)).ShouldBeOfType<ReceiptReading.Refused>();
    }

    static Report Row(string type, ReceiptKind? kind, string part, string more) =>
        new(
            $"{type}: {more.Trim()}",
            $$"""{"eventType":"{{type}}","mail":{"timestamp":"2026-03-14T09:26:50.000Z","messageId":"0107018f-000000","destination":"""
                + $$"""["somchai@example.net"],"tags":{"ses:operation":["SendEmail"],"delivery_id":["{{Mail.Id}}"]} },"{{part}}":"""
                + $$"""{"timestamp":"2026-03-14T09:26:50.000Z",{{more}} } }""",
            kind
        )
        {
            ProviderMessageId = "0107018f-000000",
        };

    static Dictionary<string, string> Notification(string body, DateTimeOffset at) =>
        new(StringComparer.Ordinal)
        {
            ["Type"] = "Notification",
            ["MessageId"] = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            ["TopicArn"] = Topic,
            ["Subject"] = "Amazon SES Email Event Notification",
            ["Message"] = body,
            ["Timestamp"] = at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"),
            ["SigningCertURL"] = CertificateUrl,
        };

    static Dictionary<string, string> Confirmation(string subscribeUrl) =>
        new(StringComparer.Ordinal)
        {
            ["Type"] = "SubscriptionConfirmation",
            ["MessageId"] = "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
            ["Token"] = "2336412f37",
            ["TopicArn"] = Topic,
            ["Message"] =
                "You have chosen to subscribe to the topic.\nTo confirm the subscription, visit the SubscribeURL included in this message.",
            ["SubscribeURL"] = subscribeUrl,
            ["Timestamp"] = Now.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"),
            ["SigningCertURL"] = CertificateUrl,
        };

    static ReceiptRequest Signed(Dictionary<string, string> message, RSA key, string version = "2") =>
        Request(Signatures.Sns(message, key, version), ("x-amz-sns-message-type", message["Type"]));

    static byte[] Make(RSA key, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null)
    {
        var request = new CertificateRequest("CN=sns.amazonaws.com", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(notBefore ?? Now.AddDays(-30), notAfter ?? Now.AddDays(30));
        return Encoding.ASCII.GetBytes(certificate.ExportCertificatePem());
    }

    static SesEmailProvider Account(string? topic, TimeProvider clock, Func<Uri, CancellationToken, Task<byte[]>> fetch) =>
        new(
            "account",
            new SesOptions
            {
                Region = "eu-central-1",
                AccessKeyId = "AKIDEXAMPLE",
                SecretAccessKey = "secret",
                From = Mail.From,
                ReceiptTopic = topic,
            },
            clock,
            new SnsMessages(clock, fetch)
        );
}
