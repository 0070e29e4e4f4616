using System.Net;

namespace NotificationBus.Tests.Host;

public sealed class When_a_notification_is_requested(RunningHost host) : IClassFixture<RunningHost>
{
    const string Path = "/v1/notifications";

    static readonly string Request = Occurrence.ByName["notification-requested"];

    [Fact]
    public async Task Should_answer_202_and_where_to_ask()
    {
        var accepted = await host.Post(Path, Request);

        accepted.Status.ShouldBe(HttpStatusCode.Accepted);
        var id = accepted.Json.GetProperty("id").GetGuid();
        accepted.Body.ShouldBe($$$"""{"id":"{{{id}}}","status":"accepted","links":{"self":"/v1/notifications/{{{id}}}"}}""");
        accepted.Headers.Location!.OriginalString.ShouldBe($"{Path}/{id}");
        accepted.Headers.Contains("Preference-Applied").ShouldBeFalse();
        (await host.Outcome(accepted.Headers.Location.OriginalString)).GetProperty("status").GetString().ShouldBe("delivered");
    }

    [Theory]
    [InlineData("wait=10", "wait=10")]
    [InlineData("WAIT = \"10\"", "wait=10")]
    [InlineData("respond-async, wait=10", "respond-async, wait=10")]
    [InlineData("return=minimal; foo=bar, wait=10, wait=0", "wait=10")]
    public async Task Should_answer_with_the_outcome_to_who_waits(string preference, string applied)
    {
        var answer = await host.Post(Path, Request, ("Prefer", preference));

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Headers.GetValues("Preference-Applied").ShouldBe([applied]);
        answer.Json.GetProperty("status").GetString().ShouldBe("delivered");
        // First that works: the push went out, so no mail was needed.
        answer
            .Json.GetProperty("deliveries")
            .EnumerateArray()
            .Select(delivery => delivery.GetProperty("status").GetString())
            .ShouldBe(["sent", "not-needed"]);
        answer.Json.GetProperty("mode").GetString().ShouldBe("first-that-works");
    }

    [Fact]
    public async Task Should_deliver_data_as_deep_as_a_body_may_be()
    {
        // The body and its data are the first two of 62 levels.
        var answer = await host.Post(
            Path,
            Occurrence.WithRaw("notification-requested", "data.rows", When_a_request_is_wrong.Nested(60, "[", "]")),
            ("Prefer", "wait=10")
        );

        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Body);
        answer.Json.GetProperty("status").GetString().ShouldBe("delivered");
    }

    [Fact]
    public async Task Should_not_wait_when_told_not_to()
    {
        var answer = await host.Post(Path, Request, ("Prefer", "wait=0"));

        answer.Status.ShouldBe(HttpStatusCode.Accepted);
        answer.Headers.GetValues("Preference-Applied").ShouldBe(["wait=0"]);
    }

    [Fact]
    public async Task Should_pass_over_preferences_it_does_not_know()
    {
        var answer = await host.Post(Path, Request, ("Prefer", "return=minimal, depth-noroot, handling=lenient"));

        answer.Status.ShouldBe(HttpStatusCode.Accepted);
        answer.Headers.Contains("Preference-Applied").ShouldBeFalse();
    }

    [Theory]
    [InlineData("wait")]
    [InlineData("wait=")]
    [InlineData("wait=-1")]
    [InlineData("wait=31")]
    [InlineData("wait=1e1")]
    [InlineData("wait=99999999999999999999")]
    public async Task Should_refuse_a_wait_it_cannot_keep(string preference)
    {
        var problem = (await host.Post(Path, Request, ("Prefer", preference))).ShouldBeProblem(HttpStatusCode.BadRequest, "validation");

        problem["Prefer"].ShouldBe("wait must be 0 to 30 seconds");
    }

    [Fact]
    public async Task Should_be_one_notification_for_one_idempotency_key()
    {
        var first = await host.Post(Path, Request, ("Idempotency-Key", "closing-monday"));
        var again = await host.Post(Path, Request, ("Idempotency-Key", "closing-monday"));
        var inTheBody = await host.Post(Path, Occurrence.With("notification-requested", "eventId", "closing-monday"));
        var both = await host.Post(
            Path,
            Occurrence.With("notification-requested", "eventId", "closing-monday"),
            ("Idempotency-Key", "closing-monday")
        );
        var another = await host.Post(Path, Request, ("Idempotency-Key", "closing-tuesday"));

        var id = first.Json.GetProperty("id").GetGuid();
        foreach (var repeated in (Answer[])[again, inTheBody, both])
            repeated.Json.GetProperty("id").GetGuid().ShouldBe(id);
        another.Json.GetProperty("id").GetGuid().ShouldNotBe(id);
    }

    [Fact]
    public async Task Should_answer_a_repetition_with_the_outcome_too()
    {
        var first = await host.Post(Path, Request, ("Idempotency-Key", "said-twice"), ("Prefer", "wait=10"));
        var again = await host.Post(Path, Request, ("Idempotency-Key", "said-twice"), ("Prefer", "wait=10"));

        first.Status.ShouldBe(HttpStatusCode.OK);
        again.Body.ShouldBe(first.Body);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\tb")]
    [InlineData("*256")]
    public async Task Should_refuse_a_key_that_is_none(string key)
    {
        var answer = await host.Post(Path, Request, ("Idempotency-Key", key == "*256" ? new string('k', 256) : key));

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe(["Idempotency-Key"]);
    }

    [Fact]
    public async Task Should_refuse_a_key_that_differs_from_the_event_id()
    {
        var different = await host.Post(Path, Occurrence.With("notification-requested", "eventId", "one"), ("Idempotency-Key", "two"));

        different.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe(["Idempotency-Key"]);
    }

    [Fact]
    public async Task Should_use_the_channels_it_names()
    {
        var answer = await host.Post(
            Path,
            Occurrence.WithRaw("notification-requested", "channels", """["email"]"""),
            ("Prefer", "wait=10")
        );

        answer.Json.GetProperty("deliveries").EnumerateArray().ShouldHaveSingleItem().GetProperty("channel").GetString().ShouldBe("email");
    }

    [Fact]
    public async Task Should_tell_the_caller_which_variable_a_template_misses()
    {
        var answer = await host.Post(Path, Occurrence.WithRaw("notification-requested", "data", """{"title":"Market closed"}"""));

        answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "template-variables");
        answer
            .Json.GetProperty("detail")
            .GetString()
            .ShouldBe("push: announcement/push.en: 'text' is missing; email: announcement/email.en: 'text' is missing");
    }
}
