using System.Net;
using System.Text.Json;
using NotificationBus.Channels.Http;
using NotificationBus.Channels.Webhook;
using NotificationBus.Subscriptions;

namespace NotificationBus.Tests.Host;

/// <summary>18.2: what anybody may send about subscriptions, and where they may lead.</summary>
public sealed class When_a_subscription_is_wrong(RunningHost host) : IClassFixture<RunningHost>
{
    const string Good = "\"url\":\"https://shop.example.com/hooks\"";

    [Theory]
    [InlineData("{}", "url")]
    [InlineData("{\"url\":null}", "url")]
    [InlineData("{\"url\":\"\"}", "url")]
    [InlineData("{\"url\":\"hooks\"}", "url")]
    [InlineData("{\"url\":\"http://shop.example.com/\"}", "url")]
    [InlineData("{\"url\":\"https://user:secret@shop.example.com/\"}", "url")]
    [InlineData("{\"url\":\"https://shop.example.com:8443/\"}", "url")]
    [InlineData("{\"url\":\"https://127.0.0.1/\"}", "url")]
    [InlineData("{\"url\":\"https://0x7f000001/\"}", "url")]
    [InlineData("{\"url\":\"https://[::1]/\"}", "url")]
    [InlineData("{\"url\":\"https://169.254.169.254/latest/meta-data\"}", "url")]
    [InlineData("{\"url\":\"https://localhost/\"}", "url")]
    [InlineData("{" + Good + ",\"events\":[]}", "events")]
    [InlineData("{" + Good + ",\"events\":[\"notification.deliverd\"]}", "events[0]")]
    [InlineData("{" + Good + ",\"events\":[\"test\"]}", "events[0]")]
    [InlineData("{" + Good + ",\"events\":[\"delivery.sent\",\"delivery.sent\"]}", "events")]
    [InlineData("{" + Good + ",\"events\":[null]}", "events[0]")]
    [InlineData("{" + Good + ",\"events\":\"delivery.sent\"}", "events")]
    [InlineData("{" + Good + ",\"categories\":[\"no-such\"]}", "categories[0]")]
    [InlineData("{" + Good + ",\"why\":\"\"}", "why")]
    [InlineData("{" + Good + ",\"by\":\"a\\u0000b\"}", "by")]
    [InlineData("{" + Good + ",\"secret\":\"whsec_mine\"}", "secret")]
    public async Task Should_be_refused_with_the_place_and_nothing_stored(string body, string place)
    {
        var answer = await host.Post("/v1/subscriptions", body);

        answer.Status.ShouldBe(HttpStatusCode.BadRequest, answer.Body);
        answer
            .Json.GetProperty("errors")
            .EnumerateObject()
            .Select(error => error.Name)
            .ShouldContain(name => name.EndsWith(place), answer.Body);
        answer.Body.ShouldNotContain("secret@");
        (await host.Get("/v1/subscriptions")).Json.GetProperty("subscriptions").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_refused_when_there_are_fifty_one_of_anything()
    {
        var many = JsonSerializer.Serialize(Enumerable.Range(0, 51).Select(number => $"category-{number}"));

        var answer = await host.Post("/v1/subscriptions", $$"""{ {{Good}},"categories":{{many}} }""");

        answer.Status.ShouldBe(HttpStatusCode.BadRequest, answer.Body);
        answer.Json.GetProperty("errors").TryGetProperty("categories", out _).ShouldBeTrue(answer.Body);
    }

    [Theory]
    [InlineData("GET", "", null)]
    [InlineData("PATCH", "", "{\"enabled\":false}")]
    [InlineData("DELETE", "", null)]
    [InlineData("POST", "/rotate", "{}")]
    [InlineData("POST", "/test", null)]
    [InlineData("POST", "/recover", "{\"since\":\"2026-11-30T09:00:00Z\"}")]
    [InlineData("GET", "/deliveries", null)]
    [InlineData("POST", "/deliveries/01993a6e-4c1f-7f3a-9d3e-0a1b2c3d4e5f/resend", null)]
    public async Task Should_be_told_that_there_is_none(string method, string path, string? body)
    {
        var answer = await Call(method, $"/v1/subscriptions/{Guid.NewGuid()}{path}", body);

        answer.Status.ShouldBe(HttpStatusCode.NotFound, answer.Body);
        answer.Json.GetProperty("type").GetString().ShouldBe("urn:notificationbus:problem:unknown-subscription");
    }

    [Theory]
    [InlineData("POST", "/rotate", "{\"graceSeconds\":-1}", "graceSeconds")]
    [InlineData("POST", "/rotate", "{\"graceSeconds\":604801}", "graceSeconds")]
    [InlineData("POST", "/recover", "{}", "since")]
    [InlineData("POST", "/recover", "{\"since\":\"yesterday\"}", "since")]
    [InlineData("PATCH", "", "{\"url\":\"https://10.0.0.1/\"}", "url")]
    [InlineData("PATCH", "", "{\"enabled\":\"yes\"}", "enabled")]
    [InlineData("GET", "/deliveries?status=lost", null, "status")]
    [InlineData("GET", "/deliveries?after=1", null, "after")]
    [InlineData("GET", "/deliveries?limit=0", null, "limit")]
    public async Task Should_say_what_to_change(string method, string path, string? body, string place)
    {
        var answer = await Call(method, $"/v1/subscriptions/{Guid.NewGuid()}{path}", body);

        answer.Status.ShouldBe(HttpStatusCode.BadRequest, answer.Body);
        answer
            .Json.GetProperty("errors")
            .EnumerateObject()
            .Select(error => error.Name)
            .ShouldContain(name => name.EndsWith(place), answer.Body);
    }

    /// <summary>A name may lead elsewhere than when it was subscribed.</summary>
    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:192.168.1.1")]
    [InlineData("fd00:ec2::254")]
    public async Task Should_not_be_called_where_its_name_leads_to_a_private_network(string address)
    {
        using var caller = new WebhookCaller(
            new WebhooksOptions(),
            TimeProvider.System,
            new AddressGuard((_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("1.1.1.1"), IPAddress.Parse(address)]))
        );

        var answer = await caller.Post(
            new WebhookCall("https://shop.example.com/hooks", Guid.NewGuid(), [new byte[32]], "{}"u8.ToArray()),
            TestContext.Current.CancellationToken
        );

        answer.Verdict.ShouldBe(WebhookVerdict.Failed);
        answer.Result.ShouldContain("leads to");
    }

    Task<Answer> Call(string method, string path, string? body) =>
        host.Send(
            new HttpMethod(method),
            path,
            body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json")
        );
}
