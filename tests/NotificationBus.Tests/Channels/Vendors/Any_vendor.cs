using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Sms;
using NotificationBus.Channels.Webhook;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Vendors;

/// <summary>What is promised of every vendor, over real HTTP. A vendor's tests inherit it and add what goes over the wire.</summary>
public abstract class Any_vendor<TVendor> : IAsyncLifetime
    where TVendor : IVendorSituation
{
    readonly List<IProvider> _providers = [];
    IScriptedServer? _vendor;

    /// <summary>Answers that break the rules of the vendor's own documentation, and every row of it.</summary>
    public static TheoryData<VendorAnswer> Rows => [.. TVendor.Answers];

    internal IScriptedServer Vendor => _vendor!;

    internal static FakeTimeProvider Clock { get; } = new(A.Time);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static VendorAnswer Accepted => TVendor.Answers.First();

    string VendorUrl => Vendor.Url.GetLeftPart(UriPartial.Authority);

    public async ValueTask InitializeAsync() => _vendor = await StartServer();

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers.OfType<IAsyncDisposable>())
            await provider.DisposeAsync();
        await Vendor.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Should_know_what_its_answers_mean(VendorAnswer row)
    {
        Vendor.Answers(row.Status, row.Body, row.Headers);

        row.ShouldMean(await Provider().Send(DeliveryTo(), Cancellation));
    }

    [Fact]
    public async Task Should_be_in_doubt_when_it_does_not_answer()
    {
        var result = await Provider(timeout: TimeSpan.FromSeconds(1), clock: TimeProvider.System).Send(DeliveryTo(), Cancellation);

        result.ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("in time");
        Vendor.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_in_doubt_when_it_resets_the_connection_instead_of_answering()
    {
        Vendor.Resets = true;

        var result = await Provider().Send(DeliveryTo(), Cancellation);

        result.ShouldBeOfType<ProviderResult.InDoubt>();
        Vendor.Requests.Count.ShouldBe(1, "nobody may try again by himself");
    }

    [Fact]
    public async Task Should_be_unavailable_when_the_handshake_fails()
    {
        await using var server = new ScriptedHttpServer { ResetsAtFirstBytes = true };

        var result = await Provider($"https://127.0.0.1:{server.Port}").Send(DeliveryTo($"https://127.0.0.1:{server.Port}"), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
    }

    [Fact]
    public async Task Should_be_unavailable_when_nobody_listens()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();

        var result = await Provider($"http://127.0.0.1:{port}").Send(DeliveryTo($"http://127.0.0.1:{port}"), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
    }

    [Fact]
    public async Task Should_be_in_doubt_when_something_else_says_that_all_is_well()
    {
        Vendor.Answers(TVendor.Malformed.Status, TVendor.Malformed.Body, TVendor.Malformed.Headers);

        var result = await Provider().Send(DeliveryTo(), Cancellation);

        if (TVendor.AnyYesIsOne)
            result.ShouldBeOfType<ProviderResult.Accepted>();
        else
            result.ShouldBeOfType<ProviderResult.InDoubt>();
    }

    [Fact]
    public async Task Should_be_in_doubt_when_the_answer_is_long_unless_its_status_says_it_all()
    {
        Vendor.Answers(Accepted.Status, Accepted.Body + new string(' ', 300 * 1024), Accepted.Headers);

        var result = await Provider().Send(DeliveryTo(), Cancellation);

        if (TVendor.StatusSaysItAll)
            result.ShouldBeOfType<ProviderResult.Accepted>();
        else
            result.ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("256 KB");
    }

    [Fact]
    public async Task Should_be_in_doubt_when_the_answer_breaks_off_unless_its_status_says_it_all()
    {
        Vendor.BreaksOff(Accepted.Status, "{");

        var result = await Provider().Send(DeliveryTo(), Cancellation);

        if (TVendor.StatusSaysItAll)
            result.ShouldBeOfType<ProviderResult.Accepted>();
        else
            result.ShouldBeOfType<ProviderResult.InDoubt>();
    }

    [Fact]
    public async Task Should_send_nothing_when_the_caller_has_given_up()
    {
        using var gaveUp = new CancellationTokenSource();
        await gaveUp.CancelAsync();

        var result = await Provider().Send(DeliveryTo(), gaveUp.Token);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
        Vendor.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_in_doubt_when_the_caller_gives_up_while_it_waits()
    {
        using var givesUp = new CancellationTokenSource();
        var sending = Provider().Send(DeliveryTo(), givesUp.Token);
        while (Vendor.Requests.IsEmpty && !sending.IsCompleted)
            await Task.Yield();
        await givesUp.CancelAsync();

        (await sending).ShouldBeOfType<ProviderResult.InDoubt>();
    }

    [Fact]
    public async Task Should_not_follow_it_elsewhere()
    {
        await using var elsewhere = new ScriptedHttpServer();
        elsewhere.Answers("200 OK");
        Vendor.Answers("307 Temporary Redirect", headers: $"Location: {elsewhere.Url}\r\n");

        var result = await Provider().Send(DeliveryTo(), Cancellation);

        if (TVendor.EndpointIsRecipients)
            result.ShouldBeOfType<ProviderResult.Unavailable>().OnlyThisDelivery.ShouldBeTrue();
        else
            result.ShouldBeOfType<ProviderResult.Misconfigured>();
        elsewhere.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("86401", 86_400)]
    [InlineData("Sat, 14 Mar 2026 09:27:23 GMT", 30)]
    [InlineData("Sat, 14 Mar 2026 09:00:00 GMT", null)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    [InlineData("", null)]
    public async Task Should_leave_it_alone_for_as_long_as_it_asks(string retryAfter, int? seconds)
    {
        Vendor.Answers("429 Too Many Requests", TVendor.BodyOfThrottled, $"Retry-After: {retryAfter}\r\n");

        var result = await Provider().Send(DeliveryTo(), Cancellation);

        var expected = seconds is { } asked ? TimeSpan.FromSeconds(asked) : TVendor.UsualPause;
        if (TVendor.EndpointIsRecipients || TVendor.LimitsEachPlace)
            result.ShouldBe(new ProviderResult.Unavailable(((ProviderResult.Unavailable)result).Reason, expected, OnlyThisDelivery: true));
        else
            result.ShouldBeOfType<ProviderResult.Throttled>().RetryAfter.ShouldBe(expected);
    }

    [Theory]
    [InlineData("200 OK")]
    [InlineData("400 Bad Request")]
    [InlineData("401 Unauthorized")]
    [InlineData("403 Forbidden")]
    [InlineData("404 Not Found")]
    [InlineData("409 Conflict")]
    [InlineData("418 Teapot")]
    [InlineData("422 Unprocessable Content")]
    [InlineData("429 Too Many Requests")]
    [InlineData("500 Internal Server Error")]
    public async Task Should_repeat_no_secret(string status)
    {
        string[] hidden = [.. TVendor.Secrets, TVendor.ADelivery.Address, TVendor.ADelivery.RecipientName!];
        Vendor.Answers(
            status,
            JsonSerializer.Serialize(
                new
                {
                    ok = false,
                    code = 1,
                    name = "none",
                    type = "none",
                    errors = hidden,
                    message = string.Join(' ', hidden),
                    error = new { message = string.Join(',', hidden) },
                }
            )
        );

        var result = await Provider().Send(DeliveryTo(), Cancellation);

        foreach (var secret in hidden)
            $"{result}".ShouldNotContain(secret, Case.Insensitive);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Should_repeat_no_secret_whose_characters_are_written_as_numbers(int depth)
    {
        string[] hidden = [.. TVendor.Secrets, TVendor.ADelivery.Address, TVendor.ADelivery.RecipientName!];
        var body = string.Join(" and ", hidden.Select(secret => string.Concat(secret.Select(c => $"\\u{(int)c:x4}"))));
        for (var quoted = 1; quoted < depth; quoted++)
            body = JsonSerializer.Serialize(new { message = body });
        Vendor.Answers("400 Bad Request", body);

        var result = await Provider().Send(DeliveryTo(), Cancellation);

        foreach (var secret in hidden)
            $"{result}".ShouldNotContain(secret, Case.Insensitive);
        $"{result}".ShouldNotContain(@"\u");
    }

    /// <summary>C: text in log and record. A vendor may repeat what it was told to send, in whatever dress.</summary>
    [Theory]
    [InlineData("400 Bad Request")]
    [InlineData("401 Unauthorized")]
    [InlineData("404 Not Found")]
    [InlineData("409 Conflict")]
    [InlineData("418 Teapot")]
    [InlineData("429 Too Many Requests")]
    [InlineData("500 Internal Server Error")]
    [InlineData("200 OK")]
    public async Task Should_repeat_nothing_of_what_the_recipient_is_told(string status)
    {
        const string told = "Your code is 493817 or 27 53 19, คุณสมชาย; keep it to yourself";
        string[] dresses =
        [
            told,
            told.ToUpperInvariant(),
            Uri.EscapeDataString(told),
            System.Net.WebUtility.HtmlEncode(told),
            string.Concat(told.Select(c => $"\\u{(int)c:x4}")),
            told[10..],
            "code=493817&more",
        ];
        foreach (var dress in dresses)
        {
            Vendor.Answers(
                status,
                JsonSerializer.Serialize(
                    new
                    {
                        ok = false,
                        code = 1,
                        name = "none",
                        type = "none",
                        message = dress,
                        errors = new[] { dress },
                        error = new { message = dress },
                    }
                )
            );

            var result = await Provider().Send(DeliveryTo() with { Content = Saying(told) }, Cancellation);

            foreach (var part in (string[])["493817", "27 53 19", "Your code", "คุณสมชาย", "yourself"])
                $"{result}".ShouldNotContain(part, Case.Insensitive);
        }
    }

    static Content Saying(string text) =>
        TVendor.ADelivery.Content switch
        {
            EmailContent email => email with { Text = text, Html = $"<p>{System.Net.WebUtility.HtmlEncode(text)}</p>" },
            PushContent push => push with { Body = text },
            ChatContent => new ChatContent(text),
            SmsContent => SmsContent.Of(text),
            WebhookContent => new WebhookContent(JsonSerializer.SerializeToElement(new { lines = new[] { text }, code = 493817 })),
            var other => throw new NotSupportedException($"{other.GetType()} says nothing here yet"),
        };

    /// <summary>A delivery, for the vendor unless it is for somebody else in his place.</summary>
    protected Delivery DeliveryTo(string? url = null) => TVendor.Readdress(TVendor.ADelivery, url ?? VendorUrl);

    protected IProvider Provider(string? url = null, TimeSpan? timeout = null, TimeProvider? clock = null)
    {
        var provider = TVendor.Create(url ?? VendorUrl, timeout ?? TimeSpan.FromSeconds(15), clock ?? Clock);
        _providers.Add(provider);
        return provider;
    }

    internal virtual Task<IScriptedServer> StartServer() => Task.FromResult<IScriptedServer>(new ScriptedHttpServer());
}
