using System.Net;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Providers.Accounts;

namespace NotificationBus.Tests.Host;

public sealed class When_operators_ask_what_is_wrong : IAsyncLifetime
{
    readonly RunningHost _host = new();

    public async ValueTask InitializeAsync() => await _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Should_answer_that_nothing_is()
    {
        var answer = await _host.Get("/v1/status");

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Json.GetProperty("problems").GetArrayLength().ShouldBe(0, answer.Body);
    }

    /// <summary>As the lists do: whoever believes that this one filters would read that all is well.</summary>
    [Fact]
    public async Task Should_refuse_what_nobody_knows() =>
        (await _host.Get("/v1/status?code=channel-paused"))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .ShouldBe([KeyValuePair.Create("code", "is unknown, none is allowed")]);

    [Fact]
    public async Task Should_name_a_channel_that_is_paused()
    {
        (await _host.Put("/v1/channels/sms", """{"paused":true,"by":"ann","why":"test"}""")).Status.ShouldBe(HttpStatusCode.OK);

        var problem = await TheProblem();

        Text(problem, "code").ShouldBe("channel-paused");
        Text(problem, "where").ShouldBe("sms");
        problem.GetProperty("since").GetDateTimeOffset().ShouldBeLessThanOrEqualTo(TimeProvider.System.GetUtcNow());
    }

    [Theory]
    [InlineData("""{"switch":"off","by":"ann","why":"test"}""")]
    [InlineData("""{"switch":"drain","by":"ann","why":"test"}""")]
    [InlineData("""{"pin":"open","by":"ann","why":"test"}""")]
    public async Task Should_name_an_account_that_is_switched_off_once(string setting)
    {
        (await _host.Put("/v1/providers/sandbox", setting)).Status.ShouldBe(HttpStatusCode.OK);

        var problem = await TheProblem();

        (Text(problem, "code"), Text(problem, "where")).ShouldBe(("provider-off", "sandbox"));
    }

    [Theory]
    [InlineData(false, "circuit-open", "it is not called for a while: 503 from it")]
    [InlineData(true, "provider-needs-attention", "nothing is taken before somebody mends the account: 503 from it")]
    public async Task Should_name_an_account_whose_circuit_is_open_until_it_closes(bool needsAttention, string code, string detail)
    {
        await _host.Of<IProviderHealth>().Open("sandbox", TimeSpan.FromHours(1), "503 from it", needsAttention);

        var problem = await TheProblem();
        (Text(problem, "code"), Text(problem, "where"), Text(problem, "detail")).ShouldBe((code, "sandbox", detail));

        await _host.Of<IProviderHealth>().ProbePassed("sandbox", needed: 1);
        await _host.Until("/v1/status", answer => answer.GetProperty("problems").GetArrayLength() == 0);
    }

    [Fact]
    public async Task Should_count_what_is_held()
    {
        await using var services = new HostWithServices();
        await services.InitializeAsync();
        (services.Gateway.Answer, services.Gateway.Resets) = ([], true);
        await services.Host.Outcome(await services.PlaceOrder("som@example.com"));

        var problem = (await services.Host.Get("/v1/status")).Json.GetProperty("problems").EnumerateArray().ShouldHaveSingleItem();

        Text(problem, "code").ShouldBe("notifications-held");
        Text(problem, "detail").ShouldStartWith("1 may or may not have been sent");
    }

    [Fact]
    public async Task Should_count_what_was_set_aside()
    {
        await _host.Bus.Publish(
            new NotificationRequested
            {
                Category = "nothing",
                Recipient = new Contact { Id = "ann" },
            },
            TestContext.Current.CancellationToken
        );

        var problem = await TheProblem();

        Text(problem, "code").ShouldBe("failed-messages");
        Text(problem, "detail").ShouldStartWith("1 ");
    }

    static string? Text(JsonElement problem, string name) => problem.GetProperty(name).GetString();

    async Task<JsonElement> TheProblem()
    {
        var status = await _host.Until("/v1/status", answer => answer.GetProperty("problems").GetArrayLength() > 0);
        return status.GetProperty("problems").EnumerateArray().ShouldHaveSingleItem();
    }
}
