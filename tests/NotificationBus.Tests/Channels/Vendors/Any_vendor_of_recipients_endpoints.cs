using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.Tests.Channels.Vendors;

/// <summary>
/// What is promised besides of every vendor that calls what a recipient has set: one user's endpoint stops nobody else's deliveries.
/// </summary>
public abstract class Any_vendor_of_recipients_endpoints<TVendor> : Any_vendor<TVendor>
    where TVendor : IVendorSituation
{
    [Theory]
    [InlineData("302 Found")]
    [InlineData("401 Unauthorized")]
    [InlineData("402 Payment Required")]
    [InlineData("403 Forbidden")]
    [InlineData("404 Not Found")]
    [InlineData("405 Method Not Allowed")]
    [InlineData("409 Conflict")]
    [InlineData("418 Teapot")]
    [InlineData("429 Too Many Requests")]
    [InlineData("500 Internal Server Error")]
    [InlineData("503 Service Unavailable")]
    [InlineData("504 Gateway Timeout")]
    public async Task Should_not_hold_against_the_account_what_one_endpoint_says(string status)
    {
        Vendor.Answers(status, TVendor.BodyOfThrottled);

        ShouldConcernOnlyThisDelivery(await Provider().Send(DeliveryTo(), Cancellation));
    }

    [Fact]
    public async Task Should_not_hold_against_the_account_that_one_endpoint_breaks_the_connection()
    {
        Vendor.Resets = true;

        ShouldConcernOnlyThisDelivery(await Provider().Send(DeliveryTo(), Cancellation));
    }

    [Fact]
    public async Task Should_not_hold_against_the_account_that_one_endpoint_cannot_be_reached()
    {
        await using var server = new ScriptedHttpServer { ResetsAtFirstBytes = true };

        ShouldConcernOnlyThisDelivery(
            await Provider($"https://127.0.0.1:{server.Port}").Send(DeliveryTo($"https://127.0.0.1:{server.Port}"), Cancellation)
        );
    }

    static void ShouldConcernOnlyThisDelivery(ProviderResult result)
    {
        CircuitBreaker.SpeaksAgainst(result).ShouldBeFalse($"{result}");
        result.ShouldNotBeOfType<ProviderResult.Throttled>();
    }
}
