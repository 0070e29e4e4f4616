using System.Net;
using NotificationBus.Channels.Http;
using NotificationBus.Channels.Webhook.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Webhook;

public sealed class When_an_endpoint_answers : Any_vendor_of_recipients_endpoints<When_an_endpoint_answers>, IVendorSituation
{
    const string Path = "/hooks/a-secret-of-the-receiver";

    static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    public static bool EndpointIsRecipients => true;

    public static bool AnyYesIsOne => true;

    public static bool StatusSaysItAll => true;

    public static TimeSpan? UsualPause => Pause;

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("taken", "200 OK", "", Outcome.Accepted),
            new("taken, with words", "200 OK", "<html>It works!</html>", Outcome.Accepted),
            .. new[] { "201 Created", "202 Accepted", "204 No Content", "299 Fine" }.Select(status => new VendorAnswer(
                "taken",
                status,
                "",
                Outcome.Accepted
            )),
            new("gone", "410 Gone", "", Outcome.Rejected) { AddressIsWrong = true },
            // An endpoint that fails is its owner's: he may mend it.
            .. new[]
            {
                "302 Found",
                "400 Bad Request",
                "401 Unauthorized",
                "403 Forbidden",
                "404 Not Found",
                "409 Conflict",
                "413 Content Too Large",
                "500 Internal Server Error",
                "503 Service Unavailable",
            }.Select(status => new VendorAnswer("not now", status, "no", Outcome.Unavailable) { OnlyThisDelivery = true }),
            .. new[] { "429 Too Many Requests", "502 Bad Gateway", "504 Gateway Timeout" }.SelectMany(status =>
                new VendorAnswer[]
                {
                    new("slower", status, "", Outcome.Unavailable) { OnlyThisDelivery = true, RetryAfter = Pause },
                    new("slower, and how much", status, "", Outcome.Unavailable)
                    {
                        OnlyThisDelivery = true,
                        Headers = "Retry-After: 120\r\n",
                        RetryAfter = TimeSpan.FromMinutes(2),
                    },
                }
            ),
            new("away for a while", "503 Service Unavailable", "", Outcome.Unavailable)
            {
                OnlyThisDelivery = true,
                Headers = "Retry-After: 30\r\n",
                RetryAfter = TimeSpan.FromSeconds(30),
            },
        ];

    public static IReadOnlyList<string> Secrets => [With_an_endpoint.Secret, Path];

    public static Delivery ADelivery => With_an_endpoint.DeliveryTo($"https://receiver.example{Path}");

    public static Delivery Readdress(Delivery delivery, string url) => delivery with { Address = url + Path };

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) => Create(clock, timeout);

    [Fact]
    public async Task Should_know_a_repetition_when_it_is_silent()
    {
        var inDoubt = (
            await Provider(timeout: TimeSpan.FromSeconds(1), clock: TimeProvider.System).Send(DeliveryTo(), Cancellation)
        ).ShouldBeOfType<ProviderResult.InDoubt>();

        (inDoubt.OnlyThisDelivery, inDoubt.RepetitionIsKnown).ShouldBe((true, true));
        inDoubt.Reason.ShouldContain("may have it");
    }

    [Fact]
    public async Task Should_know_a_repetition_when_it_resets_the_connection()
    {
        Vendor.Resets = true;

        (await Provider().Send(DeliveryTo(), Cancellation)).ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("may have it");
    }

    [Theory]
    [InlineData("http://receiver.example/hook")]
    [InlineData("https://127.0.0.1/hook")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://receiver.example:8443/hook")]
    public async Task Should_not_be_called_inside_the_house_unless_that_is_allowed(string url)
    {
        await using var provider = Create(Clock, allowPrivateAddresses: false);

        (await provider.Send(ADelivery with { Address = url }, Cancellation))
            .ShouldBeOfType<ProviderResult.Rejected>()
            .AddressIsWrong.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_not_be_called_inside_the_house_by_a_name_that_leads_there()
    {
        var guard = new AddressGuard((_, _) => Task.FromResult(new[] { IPAddress.Parse("8.8.8.8"), IPAddress.Loopback }));
        await using var provider = new WebhookProvider("webhook", new WebhookOptions { Secret = With_an_endpoint.Secret }, Clock, guard);

        var result = await provider.Send(ADelivery, Cancellation);

        result.ShouldBeOfType<ProviderResult.Rejected>().Reason.ShouldContain("not public");
        Vendor.Requests.ShouldBeEmpty();
    }

    static WebhookProvider Create(TimeProvider clock, TimeSpan? timeout = null, bool allowPrivateAddresses = true) =>
        new(
            "webhook",
            new WebhookOptions
            {
                Secret = With_an_endpoint.Secret,
                AllowPrivateAddresses = allowPrivateAddresses,
                Timeout = timeout ?? TimeSpan.FromSeconds(30),
            },
            clock
        );
}
