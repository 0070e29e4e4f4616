using System.Globalization;
using System.Net;

namespace NotificationBus.Tests.Host;

/// <summary>18.1, A25</summary>
public sealed class When_a_notification_is_asked_for_later(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task Should_say_when_it_is_sent_and_be_cancelled_before()
    {
        var at = TimeProvider.System.GetUtcNow().AddDays(40);

        var answer = await Ask($"\"sendAt\":\"{Text(at)}\"");

        answer.Status.ShouldBe(HttpStatusCode.Accepted, answer.Body);
        answer.Json.GetProperty("sendAt").GetDateTimeOffset().ShouldBe(at);
        var self = answer.Json.GetProperty("links").GetProperty("self").GetString()!;
        var waiting = await host.Until(self, notification => notification.GetProperty("status").GetString() == "sending");
        waiting.GetProperty("deliveries")[0].GetProperty("waitingCode").GetString().ShouldBe("scheduled");
        waiting.GetProperty("deliveries")[0].GetProperty("waitingUntil").GetDateTimeOffset().ShouldBe(at, TimeSpan.FromSeconds(2));
        (await host.Post($"{self}/cancel", """{"by":"ann","why":"sold"}""")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(
        "\"sendAt\":\"2026-01-01T09:00:00\",\"timeZone\":\"Asia/Bangkok\"",
        "sendAt is past (2026-01-01T02:00:00Z): it is sent at once",
        "delivered"
    )]
    [InlineData("\"expiresAt\":\"2026-01-01T09:00:00Z\"", "expiresAt is past (2026-01-01T09:00:00Z): nothing is sent", "expired")]
    public async Task Should_say_that_the_time_is_past_and_what_is_done(string fields, string note, string status)
    {
        var answer = await Ask(fields);

        answer.Status.ShouldBe(HttpStatusCode.Accepted, answer.Body);
        answer.Json.GetProperty("note").GetString().ShouldBe(note);
        var ended = await host.Outcome(answer.Json.GetProperty("links").GetProperty("self").GetString()!);
        ended.GetProperty("status").GetString().ShouldBe(status);
    }

    [Fact]
    public async Task Should_refuse_another_time_under_the_same_key()
    {
        var key = $"{Guid.NewGuid():N}";
        (await Ask($"\"delay\":\"P1D\",\"eventId\":\"{key}\"")).Status.ShouldBe(HttpStatusCode.Accepted);
        (await Ask($"\"delay\":\"P1D\",\"eventId\":\"{key}\"")).Status.ShouldBe(HttpStatusCode.Accepted);

        (await Ask($"\"delay\":\"P2D\",\"eventId\":\"{key}\"")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "another-event");
    }

    [Theory]
    [InlineData("\"sendAt\":\"9998-01-01T00:00:00Z\"", "sendAt")]
    [InlineData("\"sendAt\":\"2027-02-30T10:00:00Z\"", "sendAt")]
    [InlineData("\"sendAt\":\"2027-01-01T10:00:00\"", "sendAt")]
    [InlineData("\"sendAt\":\"2027-01-01T10:00:00\",\"timeZone\":\"Mars/Olympus\"", "timeZone")]
    [InlineData("\"delay\":\"PT1H\",\"sendAt\":\"2027-01-01T10:00:00Z\"", "delay")]
    [InlineData("\"expiresAt\":\"soon\"", "expiresAt")]
    public async Task Should_name_the_field_that_is_wrong(string said, string field) =>
        (await Ask(said)).ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe([field]);

    Task<Answer> Ask(string said) =>
        host.Post(
            "/v1/notifications",
            $$"""
            {"category":"announcement","recipient":{"id":"seller-42","email":"som@example.com"},"channels":["email"],
             "data":{"title":"Hours","text":"Open on Sunday."},{{said}}}
            """
        );

    static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffffK", CultureInfo.InvariantCulture);
}
