using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using NotificationBus.Host;
using NotificationBus.Host.CommandLine;
using NotificationBus.Subscriptions;

namespace NotificationBus.Tests.Host;

/// <summary>The commands of the executable, against a host that runs.</summary>
public sealed class When_an_operator_uses_the_command_line(AnEmbeddedHost embedded) : IClassFixture<AnEmbeddedHost>, IDisposable
{
    const string Order = """
        {"eventId":"EVENT","orderId":"ORDER","product":"Bowl","total":{"amount":590,"currency":"THB"},"buyer":{"id":"buyer-7","name":"Nok"},
         "seller":{"id":"SELLER","locale":"en","email":"MAILBOX"}}
        """;

    readonly RunningHost _host = embedded.Host;
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    [Fact]
    public async Task Should_find_and_explain_what_it_has_sent()
    {
        var file = File_of(An_order("a-1", "order-a", "seller-a", "a@example.com"));

        (await Run("send", file, "--event", "order-placed", "--wait", "30")).ShouldSay(0, "delivered");
        foreach (var hand in (string[])["order-a", "order:order-a", "a-1", "seller-a", "A@example.com"])
        {
            (await Run("find", hand)).ShouldSay(0, "seller-a");
            (await Run("explain", hand)).ShouldSay(0, "Did they get it? It was sent");
        }

        var id = (await Run("find", "order-a", "--json")).Items.ShouldHaveSingleItem().GetProperty("id").GetString()!;
        (await Run("explain", id)).ShouldSay(0, id);
        (await Run("explain", id, "--json")).ShouldSay(0, "\"code\"");
        (await Run("find", "order-a", "--status", "failed")).ShouldRemark(1, "nothing on record fits");
        (await Run("explain", $"{Guid.NewGuid()}", "--json")).ShouldRemark(1, "nothing on record fits");
        (await Run("find", id, "--status", "failed")).ShouldRemark(1, "nothing on record fits");
        (await Run("find", "seller-a", "--key", "order:order-a")).ShouldSay(0, id);
        (await Run("find", new string('e', 250))).ShouldRemark(1, "nothing on record fits");
        (await Run("find", "--limit", "0")).ShouldFail("--limit must be 1 or more");
    }

    [Fact]
    public async Task Should_show_what_there_is_of_a_person_and_erase_it_when_told_to()
    {
        (
            await Run("send", File_of(An_order("e-1", "order-e", "seller-e", "e@example.com")), "--event", "order-placed", "--wait", "30")
        ).ShouldSay(0, "delivered");

        (await Run("erase", "--recipient", "seller-e")).ShouldSay(0, "1 notifications");
        (await Run("find", "seller-e")).ShouldSay(0, "seller-e");
        (await Run("erase", "--recipient", "seller-e", "--yes")).ShouldFail("say --why");
        (await Run("erase", "--yes", "--why", "a request")).ShouldFail("say the recipient's id");
        (await Run("erase", "--recipient", "seller-e", "--address", "e@example.com", "--yes", "--why", "a request")).ShouldSay(
            0,
            "erased, and called erased-"
        );
        (await Run("find", "seller-e")).ShouldRemark(1, "nothing on record fits");
        var again = await Run("erase", "--recipient", "seller-e", "--yes", "--why", "a request", "--json");
        again.ShouldSay(0, "\"notifications\"");
        (await Run("find", "order-e")).ShouldRemark(1, "nothing on record fits");
    }

    [Fact]
    public async Task Should_find_a_conversation_by_its_number_alone()
    {
        const string Request = """
            {"eventId":"c-1","category":"announcement","recipient":{"id":"r","locale":"en","email":"c@example.com"},
             "data":{"title":"t","text":"x"},"keys":{"conversation":"talk-77"}}
            """;

        (await Run("send", File_of(Request), "--wait", "30")).ExitCode.ShouldBe(0);

        (await Run("find", "talk-77")).ShouldSay(0, "announcement");
    }

    [Fact]
    public async Task Should_send_each_of_a_file_once_however_often_it_is_sent()
    {
        var lines = Enumerable
            .Range(0, 40)
            .Select(index => An_order(null, $"m-{index}", $"many-{index}", index == 7 ? "bad" : $"m{index}@example.com"));
        var file = File_of(string.Join('\n', lines.Select(line => line.ReplaceLineEndings(""))));

        var first = await Run("send", file, "--event", "order-placed", "--wait", "30");
        var second = await Run("send", file, "--event", "order-placed", "--wait", "30");

        foreach (var run in (Said[])[first, second])
        {
            run.ShouldSay(2, "39 taken, 1 refused");
            run.ShouldSay(2, "item 8: The request breaks rules: seller.email the mailbox is not of the form local@domain");
        }

        (await Run("find", "--recipient", "many-3", "--json")).Items.Count.ShouldBe(1);
        _host
            .Inbox.Since(0)
            .Count(caught =>
                caught.Delivery.Address.StartsWith('m') && caught.Delivery.Address.EndsWith("@example.com", StringComparison.Ordinal)
            )
            .ShouldBe(39);
    }

    /// <summary>By its name it is lines, however many; what has no id follows from its place.</summary>
    [Fact]
    public async Task Should_send_a_single_line_once_as_well()
    {
        var file = File_of(An_order(null, "order-n", "single", "n@example.com").ReplaceLineEndings(""), ".ndjson");

        (await Run("send", file, "--event", "order-placed", "--wait", "30")).ShouldSay(0, "1 taken, 0 refused");
        (await Run("send", file, "--event", "order-placed", "--wait", "30")).ShouldSay(0, "1 taken, 0 refused");

        (await Run("find", "--recipient", "single", "--json")).Items.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("{", "the file is no JSON: line 1, byte 2")]
    [InlineData("{\n\"a\":1,\n}", "the file is no JSON: line 3, byte 1")]
    [InlineData("[1]", "item 1 is no JSON object")]
    [InlineData("\"text\"", "the file takes a JSON object")]
    [InlineData("{}\n{\"a\":", "line 2 is no JSON")]
    [InlineData("{}\nnull", "line 2 is no JSON object")]
    public async Task Should_say_what_is_wrong_with_a_file(string content, string expected) =>
        (await Run("send", File_of(content))).ShouldFail(expected);

    [Theory]
    [InlineData("")]
    [InlineData("missing.json")]
    [InlineData("/")]
    public async Task Should_say_that_there_is_no_file(string path) => (await Run("send", path)).ShouldFail("the file cannot be read");

    [Fact]
    public async Task Should_refuse_what_is_no_UTF_8()
    {
        var file = File_of("");
        await File.WriteAllBytesAsync(file, [.. "{\"a\":\""u8, 0xFC, .. "\"}"u8], TestContext.Current.CancellationToken);

        (await Run("send", file)).ShouldFail("the file is no UTF-8");
    }

    /// <summary>The host refuses what it does, the file goes there as it stands.</summary>
    [Theory]
    [InlineData("{\"category\":\"announcement\",\"recipient\":{\"id\":\"\\ud800\"},\"data\":{}}", "no valid Unicode text")]
    [InlineData("{\"category\":\"announcement\",\"category\":\"announcement\",\"recipient\":{\"id\":\"a\"},\"data\":{}}", "twice")]
    [InlineData("{\"eventId\":7}", "eventId")]
    public async Task Should_leave_it_to_the_host_what_is_a_request(string content, string expected) =>
        (await Run("send", File_of(content))).ShouldFail(expected);

    [Fact]
    public async Task Should_not_change_another_host_than_the_one_that_was_named()
    {
        await using StringWriter output = new();

        (
            await NotificationHost.Run(["channels", "--url", "http://127.0.0.1:1", "pause", "push", "--why", "a test"], output, output)
        ).ShouldBe(4);

        output.ToString().ShouldContain("no host answers at http://127.0.0.1:1/");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("{\"problems\":5}")]
    [InlineData("<html>")]
    public async Task Should_take_no_other_server_for_a_host(string body)
    {
        await using var server = await An_HTTP_server.Start(body);
        await using StringWriter output = new();

        foreach (var command in (string[])["status", "find", "providers", "channels", "replay"])
        {
            (await NotificationHost.Run([command, "--url", server.Url], output, output)).ShouldBe(4, $"{command}: {output}");
            (await NotificationHost.Run([command, "--url", $"{_host.Client.BaseAddress}nowhere"], output, output)).ShouldBe(
                4,
                $"{command}: {output}"
            );
        }

        output.ToString().ShouldContain("is no host of NotificationBus");
    }

    /// <summary>A key goes to the host that was named, wherever another sends it.</summary>
    [Fact]
    public async Task Should_go_on_only_at_the_same_host()
    {
        await using var other = await An_HTTP_server.Start("""{"notifications":[]}""");
        await using var server = await An_HTTP_server.Start($$"""{"notifications":[{"id":"a"}],"next":"{{other.Url}}v1/notifications"}""");
        await using StringWriter output = new();

        (await NotificationHost.Run(["find", "--url", server.Url], output, output)).ShouldBe(4, $"{output}");

        other.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task Should_tell_what_was_taken_when_the_host_is_lost_in_the_middle()
    {
        var calls = 0;
        var items = Enumerable
            .Range(0, 500)
            .Select(index =>
                $$$"""{"index":{{{index}}},"status":202,"notification":{"id":"01993a6e-4c1f-7f3a-9d3e-0a1b2c3d4e5f","status":"accepted"}}"""
            );
        await using var server = await An_HTTP_server.Start(
            $$"""{"accepted":500,"refused":0,"items":[{{string.Join(',', items)}}]}""",
            () => Interlocked.Increment(ref calls) <= 2 ? 202 : 500
        );
        var file = File_of(string.Join('\n', Enumerable.Repeat("{\"a\":1}", 1_200)));
        await using StringWriter output = new(),
            error = new();

        (await NotificationHost.Run(["send", file, "--json", "--url", server.Url], output, error)).ShouldBe(4);

        output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1_000);
        error.ToString().ShouldContain("The same file again sends the rest.");
        server.Requests.ShouldBe(3);
    }

    [Fact]
    public async Task Should_send_many_in_few_calls_and_say_of_each_whether_it_was_taken()
    {
        var lines = Enumerable
            .Range(0, 600)
            .Select(number =>
                number == 555
                    ? """{"category":"no-such-category","recipient":{"id":"bulk"},"data":{}}"""
                    : """{"category":"announcement","recipient":"""
                        + $$$"""{"id":"bulk-{{{number}}}","email":"bulk-{{{number}}}@example.com"},"data":{"title":"T","text":"X"}}"""
            );
        var file = File_of(string.Join('\n', lines));

        (await Run("send", file)).ShouldSay(2, "599 taken, 1 refused");
        var again = await Run("send", file);

        again.ShouldSay(2, "item 556");
    }

    /// <summary>What others have named commands no terminal.</summary>
    [Fact]
    public async Task Should_write_nothing_that_a_terminal_obeys()
    {
        await using var server = await An_HTTP_server.Start(
            """{"problems":[{"code":"x","where":"\u001b[2J\u202eevil","detail":"a\u0007b"}]}"""
        );
        await using StringWriter output = new();

        (await NotificationHost.Run(["status", "--url", server.Url], output, output)).ShouldBe(1);

        output.ToString().ShouldContain("evil");
        output.ToString().Any(character => character is '\u001b' or '\u202e' or '\u0007').ShouldBeFalse();
    }

    [Fact]
    public async Task Should_withdraw_what_has_yet_to_begin()
    {
        (await Run("withdraw", "order:w-1", "--categories", "order-placed", "--preview")).ShouldSay(0, "0 found");
        (await Run("withdraw", "order:w-1", "--categories", "order-placed")).ShouldFail("--why");
        (await Run("withdraw", "w-1", "--categories", "order-placed", "--why", "x")).ShouldFail("key");
        (await Run("withdraw", "order:w-1", "--categories", "order-placed", "--why", "it is settled")).ShouldSay(
            0,
            "0 deliveries withdrawn"
        );

        var file = File_of(An_order("w-1", "w-1", "seller-w", "w@example.com"));
        (await Run("send", file, "--event", "order-placed", "--wait", "30")).ShouldSay(1, "cancelled");

        (await Run("withdraw", "order:w-1", "--categories", "order-placed", "--preview")).ShouldSay(0, "1 found: 1 cancelled");
    }

    [Fact]
    public async Task Should_decide_about_all_only_when_that_is_said()
    {
        (await Run("decide", "resend", "--why", "x")).ShouldFail("--all");
        (await Run("decide", "resend", "--all")).ShouldFail("--why");
        (await Run("decide", "resend", "--all", "--why", "x")).ShouldSay(0, "0 decided, 0 left");
    }

    [Fact]
    public async Task Should_plan_as_the_host_would_and_send_nothing()
    {
        var before = _host.Inbox.Since(0).Count(caught => caught.Delivery.Address == "plan@example.com");

        var plan = await Run("plan", File_of(An_order("p-1", "order-p", "seller-p", "plan@example.com")), "--event", "order-placed");

        plan.ShouldSay(0, "email to plan@example.com, by sandbox");
        plan.ShouldSay(0, "left out: push, the recipient has no address there (no-address)");
        (
            await Run(
                "plan",
                File_of(An_order("p-1", "o", "s", "plan@example.com")),
                "--event",
                "order-placed",
                "--Channels:email:Providers=log"
            )
        ).ShouldSay(0, "by log");
        (await Run("plan", File_of(An_order("p-2", "o", "", "bad")), "--event", "order-placed")).ShouldFail("seller.email", "seller.id");
        (await Run("plan", File_of("{}"), "--event", "order-plced")).ShouldFail("did you mean order-placed?");
        (await Run("plan", File_of("{}"), "--Trnsport=RabbitMq")).ShouldFail("Trnsport is unknown");
        _host.Inbox.Since(0).Count(caught => caught.Delivery.Address == "plan@example.com").ShouldBe(before);
    }

    [Fact]
    public async Task Should_leave_as_it_is_what_is_not_said_of_an_account()
    {
        (await Run("providers", "set", "sandbox", "--weight", "3", "--per-second", "2000", "--why", "first")).ExitCode.ShouldBe(0);
        (await Run("providers", "set", "sandbox", "--pin", "closed", "--why", "second")).ExitCode.ShouldBe(0);

        var account = (await _host.Get("/v1/providers")).Json.GetProperty("providers")[0];
        account.GetProperty("weight").GetInt32().ShouldBe(3);
        account.GetProperty("perSecond").GetDouble().ShouldBe(2000);
        account.GetProperty("pin").GetString().ShouldBe("closed");

        (
            await Run("providers", "set", "sandbox", "--weight", "none", "--per-second", "none", "--pin", "none", "--why", "third")
        ).ExitCode.ShouldBe(0);
        account = (await _host.Get("/v1/providers")).Json.GetProperty("providers")[0];
        (
            account.TryGetProperty("weight", out _) || account.TryGetProperty("perSecond", out _) || account.TryGetProperty("pin", out _)
        ).ShouldBeFalse();
        (await Run("providers", "set", "sandbx", "--switch", "off", "--why", "x")).ExitCode.ShouldBe(1);
        (await Run("providers", "set", "sandbox", "--switch", "off")).ShouldFail("--why");
        (await Run("providers", "set", "sandbox", "--switch", "of", "--why", "x")).ShouldFail("switch must be one of on, drain, off");
    }

    [Fact]
    public async Task Should_set_a_breaker_and_leave_as_it_is_what_is_not_said()
    {
        const string Configured = "(configured: 0.9 of 8 calls, for 00:00:30, and closes after 3 probes in a row)";
        (await Run("providers", "breaker", "sandbox", "--minimum-calls", "20", "--failure-share", "0.5", "--why", "it flaps")).ShouldSay(
            0,
            "the circuit of sandbox opens at 0.5 of 20 calls, for 00:00:30, and closes after 3 probes in a row " + Configured
        );
        (await Run("providers", "breaker", "sandbox", "--half-open-calls", "1", "--minimum-calls", "none", "--why", "so")).ShouldSay(
            0,
            "opens at 0.5 of 8 calls, for 00:00:30, and closes after one probe " + Configured
        );
        (await Run("providers", "set", "sandbox", "--weight", "none", "--why", "third")).ExitCode.ShouldBe(0);
        (await _host.Get("/v1/providers")).Json.GetProperty("providers")[0].TryGetProperty("breakerSet", out _).ShouldBeTrue();
        (await Run("providers", "breaker", "sandbox", "--open-for", "00:00:10", "--reset", "--why", "so")).ShouldSay(
            0,
            "opens at 0.9 of 8 calls, for 00:00:10, and closes after 3 probes in a row " + Configured
        );
        (await Run("providers", "breaker", "sandbox", "--reset", "--why", "mended")).ShouldSay(
            0,
            "the circuit of sandbox opens at 0.9 of 8 calls, for 00:00:30, and closes after 3 probes in a row, as configured"
        );

        (await Run("providers", "breaker", "sandbox", "--why", "x")).ShouldFail("say what is to be set");
        (await Run("providers", "breaker", "sandbox", "--open-for", "soon", "--why", "x")).ShouldFail("openFor must be a time");
        (await Run("providers", "breaker", "sandbx", "--reset", "--why", "x")).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task Should_change_an_event_type_and_leave_as_it_is_what_is_not_said()
    {
        const string Configured = "(configured: push, then email, of use for 1.00:00:00)";
        (
            await Run("event-types", "set", "announcement", "--channels", "email,push", "--escalate-after", "00:10:00", "--why", "so")
        ).ShouldSay(
            0,
            "announcement is on, version 1: email, then push, the next one too unless sent within 00:10:00, of use for 1.00:00:00"
        );
        (await Run("event-types", "set", "announcement", "--channels", "none", "--escalate-unless", "read", "--why", "so")).ShouldSay(
            0,
            "version 2: push, then email, the next one too unless read within 00:10:00, of use for 1.00:00:00 " + Configured
        );
        (await Run("event-types", "set", "announcement", "--switch", "off", "--why", "so")).ShouldSay(0, "announcement is off, version 3");
        (await Run("event-types")).ShouldSay(0, "announcement");
        (await Run("event-types", "set", "announcement", "--reset", "--why", "mended")).ShouldSay(
            0,
            "announcement is on, version 4: push, then email, of use for 1.00:00:00, as configured"
        );

        (await Run("event-types", "set", "announcement", "--why", "x")).ShouldFail("say what is to be set");
        (await Run("event-types", "set", "announcement", "--channels", "fax", "--why", "x")).ShouldFail("channels[0] is no channel");
        (await Run("event-types", "set", "announcments", "--reset", "--why", "x")).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task Should_pause_a_channel_and_say_so_in_the_status()
    {
        (await Run("channels", "pause", "chat", "--why", "for a look")).ShouldSay(0, "chat is paused");
        (await Run("status")).ShouldSay(1, "channel-paused");
        (await Run("channels", "order", "chat", "sandbox", "--why", "only that")).ShouldSay(0, "chat is paused");
        (await Run("channels", "resume", "chat", "--why", "seen")).ShouldSay(0, "chat is sent on");
        (await Run("channels")).ShouldSay(0, "chat");
        (await Run("status")).Output.ShouldNotContain("channel-paused");
    }

    [Fact]
    public async Task Should_show_what_comes_until_it_is_ended()
    {
        using var end = new CancellationTokenSource();
        await using var output = new StringWriter();
        await using var lines = TextWriter.Synchronized(output);
        var tail = Commands.Run(["tail", "--recipient", "tailed", .. At()], lines, lines, end.Token);
        // Whatever comes from its start on is shown, and then how it ends.
        (await Run("send", File_of(An_order("t-1", "order-t", "tailed", "t@example.com")), "--event", "order-placed")).ExitCode.ShouldBe(0);
        await Until(() => Shown().Contains("delivered", StringComparison.Ordinal));
        await end.CancelAsync();

        (await tail.WaitAsync(RunningHost.Patience)).ShouldBe(0);
        output.ToString().ShouldContain("order-placed");

        // The same lock under which it is written.
        string Shown()
        {
            lock (lines)
                return output.ToString();
        }
    }

    [Fact]
    public async Task Should_show_each_event_of_what_fits_until_it_is_ended()
    {
        using var end = new CancellationTokenSource();
        await using var output = new StringWriter();
        await using var lines = TextWriter.Synchronized(output);
        var tail = Commands.Run(
            ["tail", "--events", "delivery.sent,notification.delivered", "--recipient", "evented", "--json", .. At()],
            lines,
            lines,
            end.Token
        );
        await Until(() => _host.Of<SubscriptionBoard>().Streams.Any(stream => stream.Recipient == "evented"));
        (await Run("send", File_of(An_order("e-1", "order-e", "evented", "e@example.com")), "--event", "order-placed")).ExitCode.ShouldBe(
            0
        );
        (await Run("send", File_of(An_order("e-2", "order-f", "others", "f@example.com")), "--event", "order-placed")).ExitCode.ShouldBe(0);
        await Until(() => Shown().Contains("notification.delivered", StringComparison.Ordinal));
        await end.CancelAsync();

        (await tail.WaitAsync(RunningHost.Patience)).ShouldBe(0);
        Shown().ShouldNotContain("others");
        var types = Shown().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"{JsonNode.Parse(line)!["type"]}").ToList();
        types[^1].ShouldBe("notification.delivered");
        types[..^1].ShouldAllBe(type => type == "delivery.sent");
        (await Run("tail", "--events", "--channel", "email")).ShouldFail("--events goes with");
        (await Run("tail", "--events", "delivery.snet")).ShouldFail("delivery.sent");

        string Shown()
        {
            lock (lines)
                return output.ToString();
        }
    }

    [Fact]
    public async Task Should_say_that_nobody_answers()
    {
        await using var output = new StringWriter();

        (await NotificationHost.Run(["status", "--url", "http://127.0.0.1:1"], output, output)).ShouldBe(4);

        output.ToString().ShouldContain("no host answers at http://127.0.0.1:1/");
    }

    [Fact]
    public async Task Should_send_as_soon_as_a_host_is_there()
    {
        var port = Free_port();
        await using var output = new StringWriter();
        var sending = NotificationHost.Run(
            [
                "send",
                File_of(An_order("l-1", "order-l", "later", "l@example.com")),
                "--event",
                "order-placed",
                "--url",
                $"http://127.0.0.1:{port}",
            ],
            output,
            output
        );
        var late = new RunningHost { KeepsLog = false, Settings = [$"--Urls=http://127.0.0.1:{port}"] };
        await late.InitializeAsync();

        (await sending.WaitAsync(RunningHost.Patience)).ShouldBe(0, $"{output}");

        await Until(() => late.Inbox.Since(0).Count > 0);
        late.Inbox.Since(0).ShouldHaveSingleItem().Delivery.Address.ShouldBe("l@example.com");
        await late.DisposeAsync();
    }

    [Theory]
    [InlineData("explian order", "Argument 1 is no setting; write --Key=value, for instance --Transport=RabbitMq; did you mean explain?")]
    [InlineData("find --statsu held", "find: an argument is not known; did you mean --status?")]
    [InlineData("providers set", "--why")]
    [InlineData("channels resmue chat", "did you mean resume?")]
    [InlineData("plan --Transport=InMemory", "plan: an argument is not known")]
    [InlineData("cancel 4711 --why x", "cancel takes the id of one notification")]
    [InlineData("replay 4711", "replay takes the id of one message")]
    [InlineData("providers set sandbox --weight NaN --why x --url http://127.0.0.1:1", "NaN is no number")]
    [InlineData("providers set sandbox --per-second 1e999 --why x --url http://127.0.0.1:1", "1e999 is no number")]
    [InlineData("status --url ftp://x", "--url or NOTIFICATIONBUS_URL must be an address")]
    [InlineData("status --url http://user:secret@localhost", "--url or NOTIFICATIONBUS_URL must be an address")]
    [InlineData("status --url http://localhost?a=b", "--url or NOTIFICATIONBUS_URL must be an address")]
    [InlineData("status --key-file nowhere", "--key-file: ")]
    [InlineData("replay --all --cause x", "say an id, --cause or --all")]
    public async Task Should_say_what_is_wrong_with_the_arguments(string args, string expected)
    {
        await using var error = new StringWriter();

        (await NotificationHost.Run(args.Split(' '), TextWriter.Null, error)).ShouldBe(2);

        error.ToString().ShouldContain(expected);
        error.ToString().ShouldNotContain("secret");
    }

    [Fact]
    public async Task Should_check_settings_without_a_server()
    {
        (await Run("check-config", "--Channels:sms:Providers=log")).ShouldSay(0, "a host would start with these settings");
        (await Run("check-config", "--Channels:sms:Providers=nobody")).ShouldFail("nobody");
        (await Run("check-config", "--Transport=RabbitMq")).ShouldFail("ConnectionStrings:Postgres is missing");
        (await Run("check-config", $"--Templates:Folder={_folder.FullName}/missing")).ShouldFail("missing");
    }

    static string An_order(string? eventId, string order, string seller, string mailbox)
    {
        var text = Order
            .Replace("ORDER", order, StringComparison.Ordinal)
            .Replace("SELLER", seller, StringComparison.Ordinal)
            .Replace("MAILBOX", mailbox, StringComparison.Ordinal);
        return eventId is null
            ? text.Replace("\"eventId\":\"EVENT\",", "", StringComparison.Ordinal)
            : text.Replace("EVENT", eventId, StringComparison.Ordinal);
    }

    static int Free_port()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    string File_of(string content, string extension = ".json")
    {
        var path = Path.Combine(_folder.FullName, $"{Guid.NewGuid():N}{extension}");
        File.WriteAllText(path, content);
        return path;
    }

    string[] At() => ["--url", $"{_host.Client.BaseAddress}"];

    async Task<Said> Run(params string[] args)
    {
        await using StringWriter output = new(),
            error = new();
        string[] offline = ["plan", "check-config"];
        var exitCode = await NotificationHost.Run(
            offline.Contains(args[0], StringComparer.Ordinal) ? args : [.. args, .. At()],
            output,
            error
        );
        return new Said(exitCode, $"{output}", $"{error}");
    }

    static async Task Until(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while (!condition())
            await Task.Delay(5, patience.Token);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>What a command said.</summary>
    sealed record Said(int ExitCode, string Output, string Error)
    {
        /// <summary>The lines, each of which is JSON.</summary>
        public List<JsonElement> Items =>
            [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];

        /// <summary>Nothing is the result, and a remark says so.</summary>
        public void ShouldRemark(int exitCode, string text)
        {
            ExitCode.ShouldBe(exitCode, Output + Error);
            Output.ShouldBeEmpty();
            Error.ShouldContain(text);
        }

        public void ShouldSay(int exitCode, string text)
        {
            ExitCode.ShouldBe(exitCode, Output + Error);
            Output.ShouldContain(text);
        }

        public void ShouldFail(params string[] texts)
        {
            ExitCode.ShouldBe(2, Output + Error);
            foreach (var text in texts)
                Error.ShouldContain(text);
        }
    }
}

/// <summary>A server that answers each request with the same.</summary>
sealed class An_HTTP_server : IAsyncDisposable
{
    readonly WebApplication _app;
    int _requests;

    An_HTTP_server(string body, Func<int> status)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(async context =>
        {
            Interlocked.Increment(ref _requests);
            context.Response.StatusCode = status();
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(body);
        });
    }

    public string Url => $"{_app.Urls.First()}/";

    public int Requests => _requests;

    public static async Task<An_HTTP_server> Start(string body, Func<int>? status = null)
    {
        var server = new An_HTTP_server(body, status ?? (() => 200));
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>A host of its own for a class of tests, that asks for no key.</summary>
public sealed class AnEmbeddedHost : IAsyncLifetime
{
    public RunningHost Host { get; } = new() { KeepsLog = false };

    public ValueTask InitializeAsync() => Host.InitializeAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
