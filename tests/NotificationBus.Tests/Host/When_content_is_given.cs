using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotificationBus.Tests.Host;

/// <summary>A producer says what the recipient is told, instead of the values of a template.</summary>
public sealed class When_content_is_given(RunningHost host) : IClassFixture<RunningHost>
{
    const string Email = """ "email":{"subject":"Only <today>","text":"Half price & more.\nUntil nine."} """;

    const string Push = """ "push":{"title":"Only today","body":"Half price."} """;

    [Fact]
    public async Task Should_be_what_is_sent_and_shown()
    {
        var answer = await Ask("sent", $$"""{{{Email}},{{Push}}}""", """ "channels":["push","email"] """);

        answer.Status.ShouldBe(HttpStatusCode.Accepted, answer.Body);
        var notification = await host.Outcome($"/v1/notifications/{answer.Json.GetProperty("id")}");
        notification.GetProperty("status").GetString().ShouldBe("delivered");
        notification.GetProperty("templateVersion").GetString().ShouldBe("given");
        (await PartsOf(notification, "push")).ShouldBe(["title: Only today", "body: Half price."]);
        (await PartsOf(notification, "email")).ShouldBe([
            "subject: Only <today>",
            "text: Half price & more.\nUntil nine.",
            "html: <!DOCTYPE html><html><body><div style=\"white-space:pre-wrap\">Half price &amp; more.\nUntil nine.</div></body></html>",
        ]);
    }

    [Fact]
    public async Task Should_be_sent_with_its_own_HTML()
    {
        var answer = await Ask(
            "html",
            """{"email":{"subject":"Sale","text":"Half price.","html":"<p>Half <b>price</b>.</p>"} }""",
            """ "channels":["email"] """
        );

        var notification = await host.Outcome($"/v1/notifications/{answer.Json.GetProperty("id")}");
        (await PartsOf(notification, "email")).ShouldContain("html: <p>Half <b>price</b>.</p>");
    }

    [Fact]
    public async Task Should_leave_out_a_channel_for_which_nothing_is_given()
    {
        var answer = await Ask("one", $$"""{{{Email}}}""", """ "channels":["push","email"] """);
        var strict = await Ask("strict", $$"""{{{Email}}}""", """ "channels":["push","email"] """, ("Prefer", "handling=strict"));
        var none = await Ask("none", $$"""{{{Email}}}""", """ "channels":["push"] """);

        var notification = await host.Outcome($"/v1/notifications/{answer.Json.GetProperty("id")}");
        notification.GetProperty("deliveries").EnumerateArray().Select(one => one.GetProperty("channel").GetString()).ShouldBe(["email"]);
        notification
            .GetProperty("decisions")
            .EnumerateArray()
            .Select(one => one.GetString())
            .ShouldContain("push: the request has content, and none for this channel");
        strict.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "template-variables");
        none.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "template-variables");
    }

    [Fact]
    public async Task Should_tell_another_one_under_the_same_name()
    {
        var first = await Ask("twice", $$"""{{{Email}},{{Push}}}""");
        var inAnotherOrder = await Ask("twice", $$"""{{{Push}},{{Email}}}""");
        var changed = await Ask("twice", $$"""{{{Push}},{{Email.Replace("Half", "Full", StringComparison.Ordinal)}}}""");
        var filled = await Ask("twice", "null");

        inAnotherOrder.Json.GetProperty("id").GetGuid().ShouldBe(first.Json.GetProperty("id").GetGuid());
        changed.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "another-event");
        filled.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "another-event");
    }

    /// <summary>A17 and its kin.</summary>
    [Theory]
    [InlineData("{}", "content")]
    [InlineData("""{"emial":{}}""", "content.emial")]
    [InlineData("""{"webhook":{"text":"x"}}""", "content.webhook")]
    [InlineData("""{"push":null}""", "content.push")]
    [InlineData("""{"push":{}}""", "content.push.title")]
    [InlineData("""{"push":{"title":"x"}}""", "content.push.body")]
    [InlineData("""{"push":{"title":"x","body":"y","image":"z"}}""", "content.push.image")]
    [InlineData("""{"push":{"title":" ","body":"y"}}""", "content.push.title")]
    [InlineData("""{"push":{"title":"x","body":7}}""", "content.push.body")]
    [InlineData("""{"push":{"title":"x","body":null}}""", "content.push.body")]
    [InlineData("""{"push":{"title":"a\nb","body":"y"}}""", "content.push.title")]
    [InlineData("""{"email":{"subject":"a\r\nBcc: x@example.com","text":"y"}}""", "content.email.subject")]
    [InlineData("""{"email":{"subject":"a\u0000","text":"y"}}""", "content.email.subject")]
    [InlineData("""{"email":{"subject":"a","text":"y\u0000"}}""", "content.email.text")]
    [InlineData("""{"email":{"subject":"a","text":"y\u001b"}}""", "content.email.text")]
    [InlineData("""{"email":{"subject":"a","html":"<p>"}}""", "content.email.text")]
    [InlineData("""{"sms":{"text":"\ud800"}}""", "content.sms.text")]
    public async Task Should_be_refused_where_it_is_wrong(string content, string place)
    {
        var refused = await Ask("wrong", content);

        refused.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldContain(place);
        await NothingIsThere("wrong");
    }

    [Theory]
    [InlineData("email", "subject", 500)]
    [InlineData("email", "text", 20_000)]
    [InlineData("push", "title", 200)]
    [InlineData("push", "body", 4_000)]
    [InlineData("sms", "text", 1_600)]
    [InlineData("chat", "text", 4_000)]
    public async Task Should_be_refused_where_it_is_too_long(string channel, string part, int longest)
    {
        var parts = new JsonObject { [part] = new string('x', longest + 1) };

        var refused = await Ask("long", new JsonObject { [channel] = parts }.ToJsonString());

        refused
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")[$"content.{channel}.{part}"]
            .ShouldBe($"must be at most {longest} characters");
        await NothingIsThere("long");
    }

    /// <summary>A26: nothing is attached, in whatever form it is asked for.</summary>
    [Theory]
    [InlineData(""" "attachments":[{"name":"../../x","content":"!"}] """, "attachments")]
    [InlineData(""" "attachments":[{"name":"a\r\nb.exe","url":"http://169.254.169.254/"}] """, "attachments")]
    [InlineData(""" "attachment":"https://example.com/a.pdf" """, "attachment")]
    public async Task Should_attach_nothing(string attachment, string place)
    {
        var refused = await Ask("attached", $$"""{{{Push}}}""", attachment);

        refused.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldContain(place);
        await NothingIsThere("attached");
    }

    /// <summary>A19 and A21: whatever it says, no address is called that may not be.</summary>
    [Theory]
    [InlineData("phone", "12345")]
    [InlineData("phone", "+999123456789")]
    [InlineData("phone", "call-me")]
    [InlineData("webhookUrl", "file:///etc/passwd")]
    [InlineData("webhookUrl", "https://user:pass@example.com/")]
    [InlineData("webhookUrl", "ftp://example.com/")]
    public async Task Should_not_go_to_an_address_that_is_none(string property, string address)
    {
        var item = JsonNode.Parse(Occurrence.ByName["notification-requested"])!;
        item["eventId"] = "address";
        item["recipient"]![property] = address;
        item["content"] = JsonNode.Parse("""{"sms":{"text":"x"},"push":{"title":"x","body":"y"}}""");

        var refused = await host.Post(Occurrence.Announcement, item.ToJsonString());

        refused.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldContain($"recipient.{property}");
        await NothingIsThere("address");
    }

    async Task NothingIsThere(string eventId) =>
        (await host.Get($"/v1/notifications?eventId={eventId}")).Json.GetProperty("notifications").GetArrayLength().ShouldBe(0);

    Task<Answer> Ask(string eventId, string content, string more = "", params (string, string)[] headers) =>
        host.Post(
            Occurrence.Announcement,
            $$"""
            {"eventId":"{{eventId}}","category":"announcement","recipient":{"id":"seller-42","email":"som@example.com",
               "pushTokens":["demo-token"]},
             "data":{"title":"Of the template","text":"Of the template."},"content":{{content}}{{(more == "" ? "" : ",")}}{{more}}}
            """,
            headers
        );

    async Task<IReadOnlyList<string>> PartsOf(JsonElement notification, string channel)
    {
        var delivery = notification
            .GetProperty("deliveries")
            .EnumerateArray()
            .First(one => one.GetProperty("channel").GetString() == channel);
        var answer = await host.Get($"/v1/notifications/{notification.GetProperty("id")}/deliveries/{delivery.GetProperty("id")}/content");
        answer.Json.TryGetProperty("template", out _).ShouldBeFalse("no template says it");
        return
        [
            .. answer
                .Json.GetProperty("parts")
                .EnumerateArray()
                .Select(part => $"{part.GetProperty("name").GetString()}: {part.GetProperty("text").GetString()}"),
        ];
    }
}
