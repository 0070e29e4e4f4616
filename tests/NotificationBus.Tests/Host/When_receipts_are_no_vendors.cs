using System.Net;
using System.Text;
using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Host.Http;
using NotificationBus.Providers;
using NotificationBus.Receipts;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Host;

/// <summary>B: work before proof. Strangers post to the addresses of the vendors, much and slowly.</summary>
[Collection(nameof(ProcessorTime))]
public sealed class When_receipts_are_no_vendors : IAsyncLifetime
{
    const int Megabyte = 1024 * 1024;
    const string Form = "application/x-www-form-urlencoded";

    static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(50);

    static readonly string[] Vendors = ["twilio", "vonage", "sendgrid", "brevo", "postmark", "resend", "ses"];

    readonly ReportingProvider _provider = new("letters");
    readonly FakeTimeProvider _clock = new(A.Time);
    readonly RequestBodies _bodies;
    readonly RunningHost _host;

    public When_receipts_are_no_vendors()
    {
        _bodies = new RequestBodies(_clock);
        _host = new RunningHost
        {
            Settings =
            [
                "--Channels:email:Providers=letters,sendgrid,brevo,postmark,resend,ses",
                "--Providers:letters:Type=reporting",
                "--Channels:sms:Providers=twilio,vonage",
                "--Providers:twilio:Type=twilio",
                $"--Providers:twilio:AccountSid=AC{new string('0', 32)}",
                $"--Providers:twilio:AuthToken={new string('1', 32)}",
                "--Providers:twilio:From=+15005550006",
                "--Providers:vonage:Type=vonage",
                "--Providers:vonage:ApiKey=abcd1234",
                "--Providers:vonage:ApiSecret=abcd1234abcd1234",
                "--Providers:vonage:From=Shop",
                $"--Providers:vonage:ReceiptSecret={new string('s', 32)}",
                "--Providers:sendgrid:Type=sendgrid",
                "--Providers:sendgrid:ApiKey=SG.abcdefghij.klmnopqrst",
                "--Providers:sendgrid:From=shop@example.com",
                "--Providers:brevo:Type=brevo",
                "--Providers:brevo:ApiKey=xkeysib-0123456789",
                "--Providers:brevo:From=shop@example.com",
                $"--Providers:brevo:ReceiptSecret={new string('s', 32)}",
                "--Providers:postmark:Type=postmark",
                "--Providers:postmark:ServerToken=0123456789abcdef",
                "--Providers:postmark:From=shop@example.com",
                $"--Providers:postmark:ReceiptSecret={new string('s', 32)}",
                "--Providers:resend:Type=resend",
                "--Providers:resend:ApiKey=re_0123456789",
                "--Providers:resend:From=shop@example.com",
                $"--Providers:resend:ReceiptSecret=whsec_{Convert.ToBase64String(new byte[24])}",
                "--Providers:ses:Type=ses",
                "--Providers:ses:Region=eu-west-1",
                "--Providers:ses:AccessKeyId=AKIA0123456789ABCDEF",
                "--Providers:ses:SecretAccessKey=0123456789abcdef0123456789abcdef01234567",
                "--Providers:ses:From=shop@example.com",
                "--Providers:ses:ReceiptTopic=arn:aws:sns:eu-west-1:123456789012:receipts",
            ],
            Configure = services =>
            {
                _provider.AddTo(services);
                services.AddSingleton(_bodies);
            },
        };
    }

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>B: work before proof</summary>
    [Fact]
    public async Task Should_cost_little_whatever_is_posted()
    {
        string[] bodies =
        [
            string.Join('&', Enumerable.Range(0, 100_000).Select(number => $"k{number}=")),
            new string('&', Megabyte - 1_000),
            $"a={new string('%', Megabyte - 1_000)}",
            $"[{string.Join(',', Enumerable.Repeat("{}", 300_000))}]",
            new string('[', Megabyte - 1_000),
            $$"""{"TopicArn":"arn:aws:sns:eu-west-1:123456789012:receipts","Message":"{{new string('x', Megabyte - 1_000)}}"}""",
        ];

        foreach (var vendor in Vendors)
        {
            foreach (var body in bodies)
            {
                var bytes = Encoding.UTF8.GetBytes(body);
                HttpStatusCode? status = null;
                var took = await ProcessorTime.Of(
                    Bound,
                    async () => status = await StatusOf(vendor, bytes, body[0] is '[' or '{' ? "application/json" : Form)
                );

                status.ShouldBeOneOf(HttpStatusCode.Unauthorized, HttpStatusCode.RequestEntityTooLarge, null);
                took.ShouldBeLessThan(Bound, $"{vendor}: {body[..20]}");
            }
        }
    }

    /// <summary>B: work before proof</summary>
    [Theory]
    [InlineData("twilio", "")]
    [InlineData("vonage", "Authorization: Bearer a.b.c\n")]
    [InlineData("sendgrid", "")]
    [InlineData("brevo", "Authorization: Bearer wrong\n")]
    [InlineData("postmark", "Authorization: Basic d3Jvbmc6d3Jvbmc=\n")]
    [InlineData("resend", "svix-id: 1\nsvix-signature: v1,AAAA\nsvix-timestamp: 1\n")]
    public async Task Should_be_refused_before_the_body_has_come(string vendor, string headers)
    {
        using var request = await RawRequest.Begin(
            _host.Client.BaseAddress!,
            $"POST /v1/receipts/{vendor} HTTP/1.1\nHost: a\nContent-Type: application/json\nContent-Length: 60000\n{headers}\n"
        );

        (await request.Answer(RunningHost.Patience)).ShouldStartWith("HTTP/1.1 401 ");
    }

    /// <summary>B: work before proof</summary>
    [Fact]
    public async Task Should_be_let_go_when_they_stop_a_byte_short()
    {
        const int Callers = 300;
        var body = new byte[Megabyte - 1];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var callers = new List<RawRequest>();
        for (var number = 0; number < Callers; number++)
        {
            var caller = await RawRequest.Begin(
                _host.Client.BaseAddress!,
                $"POST /v1/receipts/letters HTTP/1.1\nHost: a\nContent-Type: application/json\nContent-Length: {Megabyte}\n\n"
            );
            callers.Add(caller);
            _ = caller.Write(body);
        }

        await Until(() => _bodies.LargeNow == RequestBodies.LargeOfACaller);
        // Strangers take no place from who calls the API with much to say.
        var large = JsonSerializer.Serialize(new { padding = new string('x', 100_000) });
        (await _host.Post("/v1/notifications", large)).Status.ShouldBe(HttpStatusCode.BadRequest);
        // They go on standing there, and what the refused ones had is given back.
        await Until(() => GC.GetTotalMemory(forceFullCollection: true) - before < 200 * Megabyte, 5 * RunningHost.Patience);
        // Who has little to say is heard meanwhile.
        (await _host.Post("/v1/receipts/letters", "{}", (ReportingProvider.Signature, ReportingProvider.Genuine))).Status.ShouldBe(
            HttpStatusCode.OK
        );

        await Until(() =>
        {
            _clock.Advance(RequestBodies.Patience);
            return _bodies.LargeNow == 0;
        });
        foreach (var caller in callers)
        {
            (await caller.Answer(RunningHost.Patience)).ShouldNotContain("200 OK");
            caller.Dispose();
        }
    }

    /// <summary>B: work before proof. SNS shows nothing before its body.</summary>
    [Theory]
    [InlineData("ses", Megabyte)]
    [InlineData("letters", Megabyte)]
    [InlineData("twilio", 64 * 1024)]
    public async Task Should_be_refused_when_they_are_larger_than_the_vendor_sends(string vendor, int longest)
    {
        using var request = await RawRequest.Begin(
            _host.Client.BaseAddress!,
            $"POST /v1/receipts/{vendor} HTTP/1.1\nHost: a\nContent-Type: application/json\nX-Twilio-Signature: AAAA\n"
                + $"Content-Length: {longest + 1}\n\n"
        );

        (await request.Answer(RunningHost.Patience)).ShouldStartWith("HTTP/1.1 413 ");
    }

    /// <summary>B: work before proof</summary>
    [Fact]
    public async Task Should_not_be_sorted_when_they_are_a_thousand_parameters()
    {
        var reader =
            _host
                .Services.GetRequiredService<ProviderChains>()
                .All.SelectMany(chain => chain.Accounts)
                .First(account => account.Name == "twilio")
                .Provider as IReceiptReader;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["X-Twilio-Signature"] = "AAAA",
            ["Content-Type"] = Form,
        };
        var request = new ReceiptRequest
        {
            Url = new Uri("https://a.example/"),
            Headers = headers,
            Body = Encoding.UTF8.GetBytes(new string('&', 1_000)),
        };

        (await reader!.Read(request)).ShouldBeOfType<ReceiptReading.Refused>().Reason.ShouldBe("it has more than 1000 parameters");
    }

    /// <summary>B: one call, many</summary>
    [Fact]
    public async Task Should_be_published_a_few_at_a_time()
    {
        var sends = new Sends();
        using var connected = _host.Bus.ConnectSendObserver(sends);

        (
            await _host.Post("/v1/receipts/letters", """{"many":2000}""", (ReportingProvider.Signature, ReportingProvider.Genuine))
        ).Status.ShouldBe(HttpStatusCode.OK);

        sends.Sent.ShouldBe(2_000);
        sends.MostAtOnce.ShouldBeLessThanOrEqualTo(50);
    }

    /// <summary>Null when the host has broken off, because it would not read what came.</summary>
    async Task<HttpStatusCode?> StatusOf(string vendor, byte[] body, string type)
    {
        try
        {
            return (
                await _host.Post(
                    $"/v1/receipts/{vendor}",
                    OfType(body, type),
                    ("X-Twilio-Signature", "AAAA"),
                    ("Authorization", "Bearer a.b.c"),
                    ("svix-id", "1"),
                    ("svix-signature", "v1,AAAA"),
                    ("svix-timestamp", $"{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}")
                )
            ).Status;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    static ByteArrayContent OfType(byte[] body, string type) => new(body) { Headers = { ContentType = new(type) } };

    static async Task Until(Func<bool> condition, TimeSpan? longest = null)
    {
        using var patience = new CancellationTokenSource(longest ?? RunningHost.Patience);
        while (!condition())
            await Task.Delay(20, patience.Token);
    }

    sealed class Sends : ISendObserver
    {
        int _now;
        int _sent;

        public int Sent => _sent;

        public int MostAtOnce { get; private set; }

        public async Task PreSend<T>(SendContext<T> context)
            where T : class
        {
            if (typeof(T) != typeof(LocateReceipt))
                return;

            Interlocked.Increment(ref _sent);
            lock (this)
                MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _now));
            // As long as the others take to begin.
            await Task.Delay(1);
        }

        public Task PostSend<T>(SendContext<T> context)
            where T : class
        {
            if (typeof(T) == typeof(LocateReceipt))
                Interlocked.Decrement(ref _now);
            return Task.CompletedTask;
        }

        public Task SendFault<T>(SendContext<T> context, Exception exception)
            where T : class => Task.CompletedTask;
    }
}

/// <summary>B: work before proof. A log of warnings that repeat themselves.</summary>
public sealed class When_a_warning_is_repeated
{
    /// <summary>B: work before proof</summary>
    [Fact]
    public void Should_be_said_once_a_minute_and_counted()
    {
        var clock = new FakeTimeProvider(A.Time);
        var warnings = new CountedWarnings(clock);

        warnings.Count("twilio: the signature is wrong").ShouldBe(1);
        for (var again = 0; again < 500; again++)
            warnings.Count("twilio: the signature is wrong").ShouldBeNull();
        warnings.Count("vonage: the signature is wrong").ShouldBe(1);

        clock.Advance(TimeSpan.FromMinutes(1));
        warnings.Count("twilio: the signature is wrong").ShouldBe(501);
    }
}
