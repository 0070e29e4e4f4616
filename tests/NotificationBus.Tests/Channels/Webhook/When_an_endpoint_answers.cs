using System.Net;

using NotificationBus.Channels.Http;
using NotificationBus.Channels.Webhook.Providers;
using NotificationBus.Sending;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.Tests.Channels.Webhook;

public sealed class When_an_endpoint_answers : With_an_endpoint
{
    [Theory]
    [InlineData("200 OK", "")]
    [InlineData("200 OK", "<html>It works!</html>")]
    [InlineData("201 Created", "{}")]
    [InlineData("202 Accepted", "")]
    [InlineData("204 No Content", "")]
    [InlineData("299 Fine", "")]
    public async Task Should_take_every_2xx_for_a_yes(string status, string body)
    {
        Endpoint.Answers(status, body);

        (await Provider().Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();
    }

    [Theory]
    [InlineData("400 Bad Request")]
    [InlineData("401 Unauthorized")]
    [InlineData("403 Forbidden")]
    [InlineData("404 Not Found")]
    [InlineData("409 Conflict")]
    [InlineData("413 Content Too Large")]
    [InlineData("500 Internal Server Error")]
    [InlineData("503 Service Unavailable")]
    public async Task Should_try_again_whatever_else_it_says(string status)
    {
        Endpoint.Answers(status, "no");

        var unavailable = (await Provider().Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>();

        unavailable.OnlyThisDelivery.ShouldBeTrue("an endpoint that fails is its owner's, and no failure of ours");
        unavailable.RetryAfter.ShouldBeNull();
    }

    [Fact]
    public async Task Should_never_call_one_again_that_is_gone()
    {
        Endpoint.Answers("410 Gone");

        (await Provider().Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBeTrue();
    }

    [Theory]
    [InlineData("429 Too Many Requests", "Retry-After: 120\r\n", 120)]
    [InlineData("429 Too Many Requests", "", 60)]
    [InlineData("502 Bad Gateway", "", 60)]
    [InlineData("504 Gateway Timeout", "Retry-After: 5\r\n", 5)]
    [InlineData("503 Service Unavailable", "Retry-After: 30\r\n", 30)]
    public async Task Should_leave_it_alone_and_no_other(string status, string headers, int seconds)
    {
        Endpoint.Answers(status, headers: headers);

        var unavailable = (await Provider().Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>();

        unavailable.RetryAfter.ShouldBe(TimeSpan.FromSeconds(seconds));
        unavailable.OnlyThisDelivery.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_not_follow_it_elsewhere()
    {
        await using var elsewhere = new ScriptedHttpServer();
        elsewhere.Answers("200 OK");
        Endpoint.Answers("307 Temporary Redirect", headers: $"Location: {elsewhere.Url}\r\n");

        (await Provider().Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>();

        elsewhere.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_know_a_repetition_when_it_is_silent()
    {
        var inDoubt = (await Provider(timeout: TimeSpan.FromSeconds(1), clock: TimeProvider.System).Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.InDoubt>();

        (inDoubt.OnlyThisDelivery, inDoubt.RepetitionIsKnown).ShouldBe((true, true));
        inDoubt.Reason.ShouldContain("may have it");
        Endpoint.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_know_a_repetition_when_it_resets_the_connection()
    {
        Endpoint.Resets = true;

        (await Provider().Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("may have it");
    }

    [Fact]
    public async Task Should_repeat_no_secret()
    {
        Endpoint.Answers("500 Internal Server Error", $"{Secret} {ADelivery.Address} a-secret-of-the-receiver Somchai");

        var result = $"{await Provider().Send(ADelivery, Cancellation)}";

        foreach (var hidden in new[] { Secret, ADelivery.Address, "a-secret-of-the-receiver", "Somchai" })
            result.ShouldNotContain(hidden);
    }

    [Theory]
    [InlineData("http://receiver.example/hook")]
    [InlineData("https://127.0.0.1/hook")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://receiver.example:8443/hook")]
    public async Task Should_not_be_called_inside_the_house_unless_that_is_allowed(string url)
    {
        var result = await Provider(allowPrivateAddresses: false).Send(ADelivery with { Address = url }, Cancellation);

        result.ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_not_be_called_inside_the_house_by_a_name_that_leads_there()
    {
        var guard = new AddressGuard((_, _) => Task.FromResult(new[] { IPAddress.Parse("8.8.8.8"), IPAddress.Loopback }));
        await using var provider = new WebhookProvider("webhook", new WebhookOptions { Secret = Secret }, Clock, guard);

        var result = await provider.Send(ADelivery with { Address = "https://receiver.example/hook" }, Cancellation);

        result.ShouldBeOfType<ProviderResult.Rejected>().Reason.ShouldContain("not public");
        Endpoint.Requests.ShouldBeEmpty();
    }
}
