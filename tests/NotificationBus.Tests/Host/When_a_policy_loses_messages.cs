using System.Net;
using NotificationBus.Intake;
using NotificationBus.Receipts;

namespace NotificationBus.Tests.Host;

/// <summary>A6: what a policy of the operator would throw away is not taken, on whichever way it comes.</summary>
public sealed class When_a_policy_loses_messages : IAsyncLifetime
{
    const string Reason = "policy 'limit-all' gives queue 'send-email' max-length 5";
    const string By = "\"by\":\"ann\",\"why\":\"a test\"";

    readonly ReportingProvider _provider = new("letters");
    readonly RunningHost _host;

    public When_a_policy_loses_messages() =>
        _host = new RunningHost
        {
            Settings = ["--Channels:email:Providers=letters", "--Providers:letters:Type=reporting"],
            Configure = _provider.AddTo,
        };

    public async ValueTask InitializeAsync()
    {
        await _host.InitializeAsync();
        _host.Of<IntakeGate>().Close(Reason);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("/v1/failed-messages/replay", $$"""{"all":true,{{By}}}""")]
    [InlineData("/v1/decisions", $$"""{"filter":{},"decision":"resend",{{By}}}""")]
    public async Task Should_not_take_what_is_published_later(string path, string body)
    {
        var answer = await _host.Post(path, body);

        answer.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "would-be-lost");
        answer.Body.ShouldContain("queue 'send-email'");
        _host.Of<IntakeGate>().Open();
        ((int)(await _host.Post(path, body)).Status).ShouldBeLessThan(300);
    }

    [Theory]
    [InlineData("/v1/failed-messages/archive", $$"""{"all":true,{{By}}}""")]
    [InlineData("/v1/decisions", """{"filter":{},"preview":true}""")]
    public async Task Should_do_what_publishes_nothing(string path, string body) =>
        (await _host.Post(path, body)).Status.ShouldBe(HttpStatusCode.OK);

    /// <summary>Which queue and which policy is nothing for the world.</summary>
    [Fact]
    public async Task Should_tell_a_vendor_only_to_come_again()
    {
        var answer = await _host.Post(
            "/v1/receipts/letters",
            ReportingProvider.Report(ReceiptKind.Confirmed, "reporting-1"),
            (ReportingProvider.Signature, ReportingProvider.Genuine)
        );

        answer.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "unavailable");
        answer.Headers.RetryAfter.ShouldNotBeNull();
        answer.Body.ShouldNotContain("send-email");
        answer.Body.ShouldNotContain("policy");
    }
}
