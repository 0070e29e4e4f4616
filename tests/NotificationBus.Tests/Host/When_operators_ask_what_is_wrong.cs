using System.Net;
using System.Text.Json;

using NotificationBus.Contracts;

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

    [Fact]
    public async Task Should_name_a_channel_that_is_paused()
    {
        (await _host.Put("/v1/channels/sms", """{"paused":true,"by":"ann","why":"test"}""")).Status.ShouldBe(HttpStatusCode.OK);

        var problem = await TheProblem();

        Text(problem, "code").ShouldBe("channel-paused");
        Text(problem, "where").ShouldBe("sms");
        problem.GetProperty("since").GetDateTimeOffset().ShouldBeLessThanOrEqualTo(TimeProvider.System.GetUtcNow());
    }

    [Fact]
    public async Task Should_count_what_was_set_aside()
    {
        await _host.Bus.Publish(new NotificationRequested { Category = "nothing", Recipient = new Contact { Id = "ann" } }, TestContext.Current.CancellationToken);

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
