using System.Net;

namespace NotificationBus.Tests.Host;

/// <summary>A12: one key, two bodies, over HTTP; and a repetition of what has ended says how it ended.</summary>
public sealed class When_a_key_is_used_twice(RunningHost host) : IClassFixture<RunningHost>
{
    static readonly string Request = Occurrence.ByName["notification-requested"];
    static readonly string Another = Occurrence.With("notification-requested", "data.text", "On Tuesday.");

    [Theory]
    [InlineData("")]
    [InlineData("wait=10")]
    public async Task Should_refuse_another_body_and_name_the_first(string preference)
    {
        var first = await host.Post(Occurrence.Announcement, Request, ("Idempotency-Key", $"closing{preference}"), ("Prefer", preference));

        var atOnce = await host.Post(Occurrence.Announcement, Another, ("Idempotency-Key", $"closing{preference}"), ("Prefer", preference));
        await host.Outcome($"/v1/notifications/{first.Json.GetProperty("id")}");
        var afterItsEnd = await host.Post(
            Occurrence.Announcement,
            Another,
            ("Idempotency-Key", $"closing{preference}"),
            ("Prefer", preference)
        );

        foreach (var refused in (Answer[])[atOnce, afterItsEnd])
        {
            refused.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "another-event");
            refused.Json.GetProperty("detail").GetString()!.ShouldContain($"/v1/notifications/{first.Json.GetProperty("id")}");
        }
    }

    [Fact]
    public async Task Should_refuse_another_event_of_the_same_name()
    {
        var first = await host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "eventId", "twice"));
        await host.Outcome(first.Self);
        var json = Occurrence
            .With("order-placed", "eventId", "twice")
            .Replace("\"Blue ceramic bowl\"", "\"Red vase\"", StringComparison.Ordinal);

        (await host.Post("/v1/events/order-placed", json)).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "another-event");
    }

    [Fact]
    public async Task Should_say_how_it_ended_when_it_is_repeated()
    {
        var json = Occurrence.With("order-placed", "eventId", "repeated");
        var first = await host.Post("/v1/events/order-placed", json);
        await host.Outcome(first.Self);

        var again = await host.Post("/v1/events/order-placed", json);

        again.Status.ShouldBe(HttpStatusCode.Accepted);
        again.Self.ShouldBe(first.Self);
        again.Json.GetProperty("notifications")[0].GetProperty("status").GetString().ShouldBe("delivered");
    }
}
