using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NotificationBus.Host.Http;
using NotificationBus.Receipts;

namespace NotificationBus.Tests.Host;

public sealed class When_a_vendor_posts_receipts : IAsyncLifetime
{
    const string Address = "/v1/receipts/letters";
    const string ConfirmationUrl = "https://vendor.example/confirm?token=1";

    readonly ReportingProvider _provider = new("letters");
    readonly ScriptedConfirmation _vendor = new();
    readonly RunningHost _host;

    public When_a_vendor_posts_receipts() =>
        _host = new RunningHost
        {
            Settings =
            [
                "--Channels:email:Providers=letters",
                "--Providers:letters:Type=reporting",
                "--EventTypes:order-placed:Channels=email,push",
                "--EventTypes:order-placed:Mode=FirstThatWorks",
            ],
            Configure = services =>
            {
                _provider.AddTo(services);
                services.AddSingleton(new SubscriptionConfirmation(_vendor, NullLogger<SubscriptionConfirmation>.Instance));
            },
        };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Should_show_in_the_API_that_it_arrived()
    {
        var self = await Deliver();

        (await Post(ReportingProvider.Report(ReceiptKind.Confirmed, MessageId()))).Status.ShouldBe(HttpStatusCode.OK);

        var delivery = await Until(self, notification => Status(notification, 0) == "confirmed");
        delivery.GetProperty("status").GetString().ShouldBe("delivered");
        delivery.GetProperty("deliveries")[0].GetProperty("confirmedAt").GetDateTimeOffset().ShouldBe(DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public async Task Should_suppress_the_address_and_use_the_next_channel_when_it_comes_back()
    {
        var self = await Deliver();

        (await Post(ReportingProvider.Report(ReceiptKind.HardBounce, MessageId()))).Status.ShouldBe(HttpStatusCode.OK);

        var notification = await Until(self, notification => Status(notification, 1) == "sent");
        Status(notification, 0).ShouldBe("failed");
        (await _host.Get("/v1/suppressions")).Json.GetProperty("suppressions")[0].GetProperty("source").GetString().ShouldBe("letters");
    }

    [Theory]
    [InlineData("/v1/receipts/nobody")]
    [InlineData("/v1/receipts/sandbox")]
    [InlineData("/v1/receipts/LETTERS")]
    public async Task Should_say_that_nobody_takes_them(string address)
    {
        (await _host.Post(address, "{}", (ReportingProvider.Signature, ReportingProvider.Genuine))).ShouldBeProblem(
            HttpStatusCode.NotFound,
            "no-receipts"
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData("forged")]
    public async Task Should_refuse_what_the_vendor_has_not_signed(string? signature)
    {
        var self = await Deliver();
        var body = ReportingProvider.Report(ReceiptKind.HardBounce, MessageId());

        var answer = await (
            signature is null ? _host.Post(Address, body) : _host.Post(Address, body, (ReportingProvider.Signature, signature))
        );

        answer.ShouldBeProblem(HttpStatusCode.Unauthorized, "refused-receipt");
        Status((await _host.Get(self)).Json, 0).ShouldBe("sent");
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("")]
    [InlineData("""{"fail":true}""")]
    public async Task Should_say_that_it_cannot_be_read(string body)
    {
        (await Post(body)).ShouldBeProblem(HttpStatusCode.BadRequest, "unreadable-receipt");
    }

    [Fact]
    public async Task Should_ask_for_it_again_when_nobody_can_tell_now_who_has_sent_it()
    {
        var answer = await Post("""{"notNow":true}""");

        answer.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "unavailable");
        answer.Headers.RetryAfter.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"kind":"Read","messageId":"somebody else's"}""")]
    public async Task Should_take_what_is_of_no_use_here(string body)
    {
        (await Post(body)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Should_read_a_megabyte_and_refuse_more()
    {
        (await Post($$"""{"filler":"{{new string('x', 1024 * 1024 - 13)}}"}""")).Status.ShouldBe(HttpStatusCode.OK);

        (await Post($$"""{"filler":"{{new string('x', 1024 * 1024)}}"}""")).ShouldBeProblem(
            HttpStatusCode.RequestEntityTooLarge,
            "too-large"
        );
    }

    [Fact]
    public async Task Should_hand_the_call_to_the_reader_as_it_came()
    {
        var body = Encoding.UTF8.GetBytes("{ \"ไทย\" : 1 }");

        await _host.Post(
            $"{Address}?a=1&b=%20x",
            RunningHost.Json(body),
            (ReportingProvider.Signature, ReportingProvider.Genuine),
            ("X-Twice", "1"),
            ("X-Twice", "2")
        );

        var request = _provider.Requests.ShouldHaveSingleItem();
        request.Body.ToArray().ShouldBe(body);
        request.Url.ShouldBe(new Uri(_host.Client.BaseAddress!, $"{Address}?a=1&b=%20x"));
        request.Headers["x-twice"].Replace(" ", "", StringComparison.Ordinal).ShouldBe("1,2");
    }

    [Fact]
    public async Task Should_confirm_that_receipts_are_wanted()
    {
        (await Post($$"""{"confirm":"{{ConfirmationUrl}}"}""")).Status.ShouldBe(HttpStatusCode.OK);

        _vendor.Fetched.ShouldBe([ConfirmationUrl]);
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.Redirect)]
    [InlineData(null)]
    public async Task Should_ask_the_vendor_to_come_again_when_it_cannot_confirm(HttpStatusCode? answered)
    {
        _vendor.Answer = answered;

        var answer = await Post($$"""{"confirm":"{{ConfirmationUrl}}"}""");

        answer.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "unavailable");
        answer.Headers.RetryAfter.ShouldNotBeNull();
        _vendor.Fetched.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_not_fetch_what_is_not_https()
    {
        (await Post("""{"confirm":"http://vendor.example/confirm"}""")).ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "unavailable");

        _vendor.Fetched.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_check_the_signature_for_the_public_address()
    {
        await using var host = new RunningHost
        {
            Settings =
            [
                "--Channels:email:Providers=letters",
                "--Providers:letters:Type=reporting",
                "--Receipts:PublicUrl=https://notify.example.com/bus/",
            ],
            Configure = _provider.AddTo,
        };
        await host.InitializeAsync();

        await host.Post($"{Address}?a=1", "{}", (ReportingProvider.Signature, ReportingProvider.Genuine));

        _provider.Requests.ShouldHaveSingleItem().Url.ShouldBe(new Uri("https://notify.example.com/bus/v1/receipts/letters?a=1"));
    }

    Task<Answer> Post(string body) => _host.Post(Address, body, (ReportingProvider.Signature, ReportingProvider.Genuine));

    string MessageId() => ReportingProvider.MessageIdOf(_provider.Calls.Last().Id);

    async Task<string> Deliver()
    {
        var self = (await _host.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"])).Self;
        (await _host.Outcome(self)).GetProperty("status").GetString().ShouldBe("delivered");
        return self;
    }

    async Task<JsonElement> Until(string self, Func<JsonElement, bool> condition)
    {
        var waiting = Stopwatch.StartNew();
        while (waiting.Elapsed < RunningHost.Patience)
        {
            var notification = (await _host.Get(self)).Json;
            if (condition(notification))
                return notification;

            await Task.Delay(5);
        }

        throw new TimeoutException($"{self} is still {(await _host.Get(self)).Body}");
    }

    static string? Status(JsonElement notification, int delivery) =>
        notification.GetProperty("deliveries")[delivery].GetProperty("status").GetString();

    /// <summary>The vendor's side of a confirmation.</summary>
    sealed class ScriptedConfirmation : HttpMessageHandler
    {
        readonly List<string> _fetched = [];

        /// <summary>What it answers; null breaks the connection.</summary>
        public HttpStatusCode? Answer { get; set; } = HttpStatusCode.OK;

        public IReadOnlyList<string> Fetched => _fetched;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            _fetched.Add($"{request.RequestUri}");
            return Answer is { } status
                ? Task.FromResult(new HttpResponseMessage(status))
                : throw new HttpRequestException(HttpRequestError.ConnectionError);
        }
    }
}
