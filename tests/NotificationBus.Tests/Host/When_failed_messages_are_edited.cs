using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Host;

namespace NotificationBus.Tests.Host;

public sealed class When_failed_messages_are_edited(When_failed_messages_are_edited.Editing editing)
    : IClassFixture<When_failed_messages_are_edited.Editing>
{
    const string Path = "/v1/failed-messages";

    readonly RunningHost _host = editing.Host;

    [Fact]
    public async Task Should_send_what_was_edited_and_show_both_bodies()
    {
        var (id, envelope) = await Fail(_host, "mended");
        var came = (await _host.Get($"{Path}/{id}")).Json.GetProperty("text").GetString();
        envelope["message"]!["category"] = "announcement";

        (await Replay(_host, id, envelope)).Json.GetProperty("replayed").GetInt32().ShouldBe(1);
        (await Replay(_host, id, envelope)).Json.GetProperty("replayed").GetInt32().ShouldBe(0, "it is sent once");

        var notifications = await _host.Until(
            "/v1/notifications?recipient=mended",
            found => found.GetProperty("notifications").GetArrayLength() > 0
        );
        notifications.GetProperty("notifications").GetArrayLength().ShouldBe(1);
        var view = (await _host.Get($"{Path}/{id}")).Json;
        view.GetProperty("message").GetProperty("state").GetString().ShouldBe("replayed");
        view.GetProperty("text").GetString().ShouldBe(came);
        var edit = view.GetProperty("edits").EnumerateArray().ShouldHaveSingleItem();
        (edit.GetProperty("who").GetString(), edit.GetProperty("why").GetString()).ShouldBe(("som", "a category was wrong"));
        edit.GetProperty("text").GetString().ShouldBe(envelope.ToJsonString());
        (await _host.Get($"{Path}/{id}/body")).Body.ShouldBe(came);
        (await _host.Get($"{Path}/{id}/body?edit={edit.GetProperty("number").GetInt64()}")).Body.ShouldBe(envelope.ToJsonString());
        (await _host.Get($"{Path}/{id}/body?edit=4711")).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-edit");
        (await _host.Get($"{Path}/{id}/body?edit=-1")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe(["edit"]);
        var change = (await _host.Get("/v1/changes?limit=200"))
            .Json.GetProperty("changes")
            .EnumerateArray()
            .Single(change => change.GetProperty("subject").GetString() == $"failed message {id}");
        change.GetProperty("after").GetRawText().ShouldBe("""{"replayed":1,"edited":1}""");
    }

    [Fact]
    public async Task Should_record_what_fails_again_as_the_edited_message()
    {
        var (id, envelope) = await Fail(_host, "mended-wrongly");
        envelope["message"]!["category"] = "no-category-either";

        await Replay(_host, id, envelope);

        var failed = await _host.Until(
            $"{Path}?limit=200",
            page => page.GetProperty("failedMessages").EnumerateArray().Any(message => EditOf(message) == id)
        );
        var again = failed.GetProperty("failedMessages").EnumerateArray().Single(message => EditOf(message) == id);
        again.GetProperty("state").GetString().ShouldBe("failed");
        again.GetProperty("messageId").GetString().ShouldBe(envelope["messageId"]!.GetValue<string>());

        static string? EditOf(JsonElement message) => message.TryGetProperty("editOf", out var of) ? of.GetString() : null;
    }

    [Theory]
    [InlineData("""{"a":1}""", "names no messageType")]
    [InlineData("""[]""", "no envelope")]
    [InlineData("\"text\"", "no envelope")]
    [InlineData("""{"messageId":"SAME","messageType":[],"message":{}}""", "names no messageType")]
    [InlineData("""{"messageId":"SAME","messageType":["urn:message:A:B"]}""", "has no message")]
    [InlineData("""{"messageType":["urn:message:A:B"],"message":{}}""", "has no messageId")]
    [InlineData("""{"messageId":"4711","messageType":["urn:message:A:B"],"message":{}}""", "messageId is no UUID")]
    [InlineData(
        """{"messageId":"SAME","conversationId":"x","messageType":["urn:message:A:B"],"message":{}}""",
        "conversationId is no UUID"
    )]
    [InlineData("""{"messageId":"ANOTHER","messageType":["urn:message:A:B"],"message":{}}""", "must keep the messageId")]
    public async Task Should_refuse_a_body_that_no_queue_could_read(string body, string reason)
    {
        var (id, envelope) = await Fail(_host, "refused");
        body = body.Replace("SAME", envelope["messageId"]!.GetValue<string>(), StringComparison.Ordinal)
            .Replace("ANOTHER", $"{Guid.NewGuid()}", StringComparison.Ordinal);

        var answer = await _host.Post($"{Path}/{id}/replay", $$"""{"body":{{body}},"by":"som","why":"a try"}""");

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation")["body"].ShouldContain(reason);
        var view = (await _host.Get($"{Path}/{id}")).Json;
        view.GetProperty("message").GetProperty("state").GetString().ShouldBe("failed");
        view.TryGetProperty("edits", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_ask_why()
    {
        var (id, envelope) = await Fail(_host, "why");

        var answer = await _host.Post($"{Path}/{id}/replay", $$"""{"body":{{envelope.ToJsonString()}},"by":"som"}""");

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe(["why"]);
    }

    [Fact]
    public async Task Should_take_no_more_than_intake_does()
    {
        var (id, envelope) = await Fail(_host, "large");
        envelope["message"]!["data"]!["text"] = new string('a', 256 * 1024);

        (await Replay(_host, id, envelope)).ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "too-large");
    }

    [Fact]
    public async Task Should_name_the_setting_that_allows_it()
    {
        await using var host = new RunningHost();
        await host.InitializeAsync();
        var (id, envelope) = await Fail(host, "off");

        var answer = await Replay(host, id, envelope);

        answer.ShouldBeProblem(HttpStatusCode.Conflict, "editing-is-off");
        answer.Json.GetProperty("detail").GetString()!.ShouldContain("Operators:EditFailedMessages=true");
        (await host.Get($"{Path}/{id}")).Json.GetProperty("message").GetProperty("state").GetString().ShouldBe("failed");
    }

    [Fact]
    public async Task Should_put_it_back_from_the_command_line()
    {
        var (id, envelope) = await Fail(_host, "from-a-file");
        envelope["message"]!["category"] = "announcement";
        var file = System.IO.Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, envelope.ToJsonString());
            await using StringWriter output = new();
            string[] args = ["replay", id, "--edited", file, "--why", "a category was wrong", "--url", $"{_host.Client.BaseAddress}"];

            (await NotificationHost.Run(args, output, output)).ShouldBe(0, $"{output}");

            output.ToString().ShouldContain("replay: 1");
            (await _host.Get($"{Path}/{id}")).Json.GetProperty("edits").GetArrayLength().ShouldBe(1);
            (await NotificationHost.Run(["replay", "--all", "--edited", file], output, output)).ShouldBe(2);
        }
        finally
        {
            File.Delete(file);
        }
    }

    static Task<Answer> Replay(RunningHost host, string id, JsonNode envelope) =>
        host.Post($"{Path}/{id}/replay", $$"""{"body":{{envelope.ToJsonString()}},"by":"som","why":"a category was wrong"}""");

    /// <summary>Has a message fail on the bus, and waits until it is on record.</summary>
    static async Task<(string Id, JsonNode Envelope)> Fail(RunningHost host, string recipient)
    {
        // Each of its own: the same test may run more than once on one host.
        var one = $"{Guid.NewGuid()}";
        await host.Bus.Publish(
            new Contracts.NotificationRequested
            {
                Category = "none",
                Recipient = new Contracts.Contact { Id = recipient, Email = $"{recipient}@example.com" },
                Data = JsonSerializer.SerializeToElement(new { title = "Hello", text = one }),
            }
        );
        while (true)
        {
            foreach (var message in (await host.Get($"{Path}?limit=200")).Json.GetProperty("failedMessages").EnumerateArray())
            {
                var id = message.GetProperty("id").GetString()!;
                var text = (await host.Get($"{Path}/{id}")).Json.GetProperty("text").GetString()!;
                if (text.Contains(one, StringComparison.Ordinal))
                    return (id, JsonNode.Parse(text)!);
            }

            await Task.Delay(5);
        }
    }

    /// <summary>The host of operators who may edit.</summary>
    public sealed class Editing : IAsyncLifetime
    {
        public RunningHost Host { get; } = new() { Settings = ["--Operators:EditFailedMessages=true"] };

        public ValueTask InitializeAsync() => Host.InitializeAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
