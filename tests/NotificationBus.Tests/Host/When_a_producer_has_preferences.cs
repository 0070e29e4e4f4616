using System.Net;

namespace NotificationBus.Tests.Host;

/// <summary>Debts: <c>Prefer: wait</c> on events; an unknown preference is answered (RFC 7240).</summary>
public sealed class When_a_producer_has_preferences(RunningHost host) : IClassFixture<RunningHost>
{
    const string Notifications = "/v1/notifications";

    public static TheoryData<string> Events => [.. Occurrence.ByName.Keys.Where(name => name != "notification-requested")];

    [Theory]
    [MemberData(nameof(Events))]
    public async Task Should_tell_the_outcome_of_an_event(string name)
    {
        var answer = await host.Post($"/v1/events/{name}", Occurrence.ByName[name], ("Prefer", "wait=30"));

        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Body);
        answer.Headers.GetValues("Preference-Applied").ShouldBe(["wait=30"]);
        var notification = answer.Json.GetProperty("notifications").EnumerateArray().ShouldHaveSingleItem();
        notification.GetProperty("status").GetString().ShouldBe("delivered");
        notification.GetProperty("deliveries").GetArrayLength().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Should_not_wait_for_an_outcome_that_nobody_asked_for()
    {
        var answer = await host.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"], ("Prefer", "wait=0"));

        answer.Status.ShouldBe(HttpStatusCode.Accepted);
        answer.Self.ShouldStartWith("/v1/notifications/");
    }

    [Theory]
    [InlineData("respond-async", "respond-async")]
    [InlineData("respond-async, wait=0", "respond-async, wait=0")]
    [InlineData("handling=strict, WAIT=\"0\"", "wait=0, handling=strict")]
    [InlineData("wait=0, wait=31", "wait=0")]
    [InlineData("wait=0;foo=\"bar\", return=minimal", "wait=0")]
    [InlineData("handling=lenient, return=minimal, wait=0", "wait=0")]
    public async Task Should_name_what_it_followed(string preferences, string applied)
    {
        foreach (var (path, body) in Places)
        {
            var answer = await host.Post(path, body, ("Prefer", preferences));

            answer.Status.ShouldBe(HttpStatusCode.Accepted, path);
            answer.Headers.GetValues("Preference-Applied").ShouldBe([applied], path);
        }
    }

    /// <summary>Debts: an unknown preference is answered.</summary>
    [Theory]
    [InlineData("waits=10", "waits;meant=wait")]
    [InlineData("wait=0, return=minimal, Respond_Async", "return, Respond_Async;meant=respond-async")]
    [InlineData("handling=stric", "handling")]
    [InlineData("wait=0, bad name, a/b=1, <b>", null)]
    [InlineData("wait=0", null)]
    public async Task Should_name_what_it_did_not_understand(string preferences, string? ignored)
    {
        foreach (var (path, body) in Places)
        {
            var answer = await host.Post(path, body, ("Prefer", preferences));

            answer.Status.ShouldBe(HttpStatusCode.Accepted, path);
            answer.Headers.TryGetValues("Preference-Ignored", out var named).ShouldBe(ignored is not null, path);
            named?.ShouldBe([ignored!], path);
        }
    }

    [Theory]
    [InlineData("handling=strict, return=minimal")]
    [InlineData("wait=0, depth-noroot, handling=\"strict\"")]
    [InlineData("handling=strict, waits=10")]
    public async Task Should_refuse_one_it_does_not_know_when_told_to_be_strict(string preferences)
    {
        foreach (var (path, body) in Places)
        {
            var problem = (await host.Post(path, body, ("Prefer", preferences))).ShouldBeProblem(HttpStatusCode.BadRequest, "validation");

            problem["Prefer"].ShouldContain("known are wait, respond-async, handling", Case.Sensitive, path);
        }
    }

    [Fact]
    public async Task Should_refuse_a_wait_it_cannot_keep()
    {
        foreach (var (path, body) in Places)
            (await host.Post(path, body, ("Prefer", "wait=31")))
                .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")["Prefer"]
                .ShouldBe("wait must be 0 to 30 seconds");
    }

    static (string Path, string Body)[] Places =>
        [("/v1/events/order-placed", Occurrence.ByName["order-placed"]), (Notifications, Occurrence.ByName["notification-requested"])];
}
