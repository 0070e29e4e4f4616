using System.Net;
using System.Text.Json;
using NotificationBus.Contracts;

namespace NotificationBus.Tests.Host;

public sealed class When_business_keys_are_given(RunningHost host) : IClassFixture<RunningHost>
{
    const string Path = "/v1/notifications";

    [Theory]
    [InlineData("""{"a":"1","b":"1","c":"1","d":"1","e":"1"}""", "keys")]
    [InlineData("""{"4711":"1"}""", "keys")]
    [InlineData("""{"order:id":"1"}""", "keys")]
    [InlineData("""{"":"1"}""", "keys")]
    [InlineData("""{"order":""}""", "keys.order")]
    [InlineData("""{"order":" "}""", "keys.order")]
    [InlineData("""{"order":"47\n11"}""", "keys.order")]
    [InlineData("""{"order":"47\u000011"}""", "keys.order")]
    [InlineData("""{"order":"\ud800"}""", "keys.order")]
    [InlineData("""{"order":4711}""", "keys.order")]
    [InlineData("""{"order":null}""", "keys.order")]
    [InlineData("""["4711"]""", "keys")]
    [InlineData("\"4711\"", "keys")]
    public async Task Should_name_the_one_that_may_be_none(string keys, string place)
    {
        var answer = await host.Post(Path, Body("refused", keys));

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe([place]);
        (await Found("recipient=refused")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_take_those_that_are_as_long_as_they_may_be_and_no_longer()
    {
        var (name, value) = (new string('n', 50), new string('ก', 200));

        (await host.Post(Path, Body("long", $$"""{"{{name}}":"{{value}}"}"""))).Status.ShouldBe(HttpStatusCode.Accepted);
        (await host.Post(Path, Body("long", $$"""{"{{name}}n":"{{value}}"}""")))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldBe(["keys"]);
        (await host.Post(Path, Body("long", $$"""{"{{name}}":"{{value}}ก"}""")))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldBe([$"keys.{name}"]);
    }

    /// <summary>On the bus nobody can be told, and whom it is about is to hear of it all the same.</summary>
    [Fact]
    public async Task Should_leave_out_on_the_bus_what_may_be_none()
    {
        await host.Bus.Publish(
            new NotificationRequested
            {
                EventId = "keys-on-the-bus",
                Category = "announcement",
                Recipient = new Contact { Id = "on-the-bus", Email = "som@example.com" },
                Data = JsonElement.Parse("""{"title":"Sale","text":"Today"}"""),
                Channels = ["email"],
                Keys = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["order"] = " 4711 ",
                    ["4"] = "1",
                    ["shop"] = "a\nb",
                },
            }
        );

        var listed = (
            await host.Until(
                $"{Path}?key=order:4711&recipient=on-the-bus",
                page =>
                    page.GetProperty("notifications") is var found
                    && found.GetArrayLength() == 1
                    && found[0].GetProperty("status").GetString() == "delivered"
            )
        ).GetProperty("notifications")[0];
        listed.GetProperty("keys").GetRawText().ShouldBe("""{"order":"4711"}""");
        (await host.Get($"{Path}/{listed.GetProperty("id").GetString()}"))
            .Json.GetProperty("decisions")
            .EnumerateArray()
            .Select(decision => decision.GetString())
            .ShouldBe([
                "keys was left out: a name must be 1 to 50 letters, digits, - or _, beginning with a letter",
                "keys.shop was left out: must be 1 to 200 characters without control characters",
                "email: planned",
            ]);
    }

    /// <summary>Another body under a used name is told, and what is the same said otherwise is no other.</summary>
    [Fact]
    public async Task Should_tell_other_keys_under_the_same_name()
    {
        const string Keys = """{"order":"4711","shop":"7"}""";
        (await host.Post(Path, Body("same", Keys, "same-1"))).Status.ShouldBe(HttpStatusCode.Accepted);

        (await host.Post(Path, Body("same", """{"shop":"7","order":"4711"}""", "same-1"))).Status.ShouldBe(HttpStatusCode.Accepted);
        (await host.Post(Path, Body("same", """{"shop":"8","order":"4711"}""", "same-1"))).Status.ShouldBe(
            HttpStatusCode.UnprocessableEntity
        );
    }

    static string Body(string recipient, string keys, string? eventId = null) =>
        $$"""
            {"category":"announcement","recipient":{"id":"{{recipient}}","email":"som@example.com"},"channels":["email"],
             "data":{"title":"Sale","text":"Today"},"eventId":"{{eventId ?? $"{Guid.NewGuid()}"}}","keys":{{keys}}}
            """;

    async Task<int> Found(string query) => (await host.Get($"{Path}?{query}")).Json.GetProperty("notifications").GetArrayLength();
}
