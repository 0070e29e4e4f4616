using System.Net;
using NotificationBus.Subscriptions;

namespace NotificationBus.Tests.Host;

/// <summary>18.2: <c>GET /v1/events</c>, and what is wrong with asking for it.</summary>
public sealed class When_a_service_reads_all_along(RunningHost host) : IClassFixture<RunningHost>
{
    [Theory]
    [InlineData("events=delivery.snet", "events", "delivery.sent")]
    [InlineData("events=", "events", "empty")]
    [InlineData("events=delivery.sent,", "events", "unknown")]
    [InlineData("category=order-plaecd", "category", "order-placed")]
    [InlineData("key=4711", "key", "")]
    [InlineData("recipient=a&recipient=b", "recipient", "more than once")]
    [InlineData("recipent=a", "recipent", "recipient")]
    public async Task Should_say_what_is_wrong_with_the_filter(string query, string field, string hint)
    {
        var answer = await host.Get($"/v1/events?{query}");

        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Json.GetProperty("errors").GetProperty(field)[0].GetString()!.ShouldContain(hint);
    }

    [Theory]
    [InlineData("nonsense", HttpStatusCode.BadRequest)]
    [InlineData("01993a6e4c1f7f3a9d3e0a1b2c3d4e5f-7", HttpStatusCode.Gone)]
    [InlineData("01993a6e4c1f7f3a9d3e0a1b2c3d4e5f--7", HttpStatusCode.BadRequest)]
    [InlineData("1-1-0-1", HttpStatusCode.BadRequest)]
    public async Task Should_not_take_a_place_for_one_that_is_none(string place, HttpStatusCode status) =>
        (await host.Send(HttpMethod.Get, "/v1/events", null, ("Last-Event-ID", place))).Status.ShouldBe(status);

    [Fact]
    public async Task Should_open_no_more_than_are_kept_and_none_for_whoever_comes_again()
    {
        await using var own = new RunningHost();
        await own.InitializeAsync();
        var places = new List<string>();
        for (var opened = 0; opened < StreamListener.Most; opened++)
            places.Add(await Opened(own, lastEventId: null));

        (await own.Get("/v1/events")).ShouldBeProblem(HttpStatusCode.Conflict, "too-many-filters");
        (await Opened(own, places[0])).ShouldBe(places[0]);
        own.Of<SubscriptionBoard>().Streams.Length.ShouldBe(StreamListener.Most);
    }

    static async Task<string> Opened(RunningHost host, string? lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        using var answer = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var body = new StreamReader(await answer.Content.ReadAsStreamAsync());
        (await body.ReadLineAsync()).ShouldBe(": open");
        return (await body.ReadLineAsync())!["id: ".Length..];
    }
}
