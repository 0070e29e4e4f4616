using System.Net;
using System.Text;
using NotificationBus.Tests.Channels.Push;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Host;

/// <summary>B: quadratic work. Each body is as large as the host takes.</summary>
[Collection(nameof(ProcessorTime))]
public sealed class When_a_body_is_dear_to_read(RunningHost host) : IClassFixture<RunningHost>
{
    const int Room = 250 * 1024;

    // Every body costs 4 to 15 ms here; what was quadratic cost seconds.
    static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(50);

    public static readonly TheoryData<string, string> Bodies = new()
    {
        { "a list of numbers under a long name", Data($$"""{"{{new string('n', 60_000)}}":[{{Many("1", Room / 2 - 32_000)}}]}""") },
        { "a list of numbers", Data($$"""{"rows":[{{Many("1", Room / 2)}}]}""") },
        { "wrong text in a list under long names", Data(Nested(60, new string('n', 200), $"[{Many("\"\\ud800\"", 9_000)}]")) },
        {
            "an object of many properties",
            Data($"{{{string.Join(',', Enumerable.Range(0, 20_000).Select(number => $"\"p{number}\":1"))}}}")
        },
        { "many objects", Data($$"""{"rows":[{{Many("{\"a\":1}", 9_000)}}]}""") },
        {
            "names that are escaped",
            Data($"{{{string.Join(',', Enumerable.Range(0, 900).Select(number => $"\"{Escaped($"name-{number:D20}")}\":1"))}}}")
        },
        { "one long text", Data($$"""{"title":"t","text":"{{new string('<', Room)}}"}""") },
        { "a long number", Data($$"""{"title":{{new string('1', Room)}},"text":"t"}""") },
        {
            "a long locale",
            Recipient($"\"locale\":\"en{string.Concat(Enumerable.Repeat("-a", Room / 2))}\",\"email\":\"som@example.com\"")
        },
        { "a long mailbox", Recipient($"\"email\":\"{string.Concat(Enumerable.Repeat("a.", Room / 2))}@example.com\"") },
        { "a long number of a phone", Recipient($"\"phone\":\"+{new string('1', Room)}\"") },
        { "a long push token", Recipient($"\"pushTokens\":[\"{new string('f', Room)}\"]") },
        { "many push tokens", Recipient($"\"pushTokens\":[{Many("\"a\"", 9_000)}]") },
        { "a long URL", Recipient($"\"webhookUrl\":\"https://example.com/{string.Concat(Enumerable.Repeat("../", Room / 3))}\"") },
        { "many unknown properties", $"{{{string.Join(',', Enumerable.Range(0, 900).Select(number => $"\"{number:D200}\":1"))}}}" },
        { "many channels", $$$"""{"category":"announcement","recipient":{"id":"r"},"channels":[{{{Many("\"email\"", 9_000)}}}]}""" },
        { "brackets", new string('[', Room) },
        {
            "many texts as long as they may be",
            Data(
                """{"title":"t","text":"t","""
                    + string.Join(',', Enumerable.Range(0, 12).Select(number => $"\"t{number}\":\"{new string('&', 20_000)}\""))
                    + "}"
            )
        },
    };

    /// <summary>B: quadratic work</summary>
    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Should_cost_little(string what, string body)
    {
        body.Length.ShouldBeInRange(1_000, 256 * 1024, what);
        var bytes = Encoding.UTF8.GetBytes(body);
        Answer? answer = null;

        var took = await ProcessorTime.Of(Bound, async () => answer = await host.Post(Occurrence.Announcement, RunningHost.Json(bytes)));

        ((int)answer!.Status).ShouldBeOneOf(202, 400, 422);
        answer.Body.Length.ShouldBeLessThan(64 * 1024);
        took.ShouldBeLessThan(Bound, what);
    }

    public static readonly TheoryData<string, string, int> Addresses = new()
    {
        { "places of nobody", Places(number => $"discord:https://evil{number}.example/"), 400 },
        { "places of nobody, encoded", Places(number => $"discord:https://evil{number}.example/", "%41"), 400 },
        { "places of nobody, with dots", Places(number => $"discord:https://evil{number}.example/", "%2e%2e/"), 400 },
        { "places that look like Discord's", Places(number => $"discord:https://discord.com.evil.example/api/webhooks/{number}/"), 400 },
        { "places in no network", Places(number => $"discord:https://127.0.0.1/{number}"), 400 },
        { "places of Discord", Places(number => $"discord:https://discord.com/api/webhooks/{number}/"), 422 },
        { "places of Discord, with a query", Places(number => $"discord:https://discord.com/api/webhooks/{number}/x?", "a=1&"), 422 },
        {
            "places of Discord, with threads",
            Places(number => $"discord:https://discord.com/api/webhooks/{number}/x?", "thread_id=1&"),
            422
        },
        { "places of Discord, in many languages", Places(number => $"discord:https://discord.com/api/webhooks/{number}/x", "é"), 422 },
        { "names of channels", Places(number => $"telegram:@A{number}"), 422 },
        { "browsers at nobody's service", Browsers(number => $"https://evil{number}.example/"), 400 },
        { "browsers in no network", Browsers(number => $"https://169.254.169.254/{number}"), 400 },
        {
            "browsers with a key off the curve",
            Browsers(number => $"https://fcm.googleapis.com/{number}")
                .Replace("\\u0022p256dh\\u0022:\\u0022B", "\\u0022p256dh\\u0022:\\u0022BA", StringComparison.Ordinal),
            400
        },
        { "browsers", Browsers(number => $"https://fcm.googleapis.com/{number}"), 422 },
        { "browsers, encoded", Browsers(number => $"https://fcm.googleapis.com/{number}", "%41"), 422 },
        { "tokens", To("push", $"\"pushTokens\":[{Fifty(number => $"apns:{number:x2}{new string('a', 4_000)}")}]"), 422 },
        {
            "a mailbox of many words",
            To("email", $"\"email\":\"{string.Concat(Enumerable.Repeat("a.", 30))}a@{string.Concat(Enumerable.Repeat("b.", 90))}example\""),
            422
        },
        { "a URL", To("webhook", $"\"webhookUrl\":\"{Long("https://shop.example.com/", "%2e%2e/", 2_048)}\""), 422 },
        { "a URL in no network", To("webhook", $"\"webhookUrl\":\"{Long("https://10.0.0.1/", "%41", 2_048)}\""), 400 },
    };

    /// <summary>
    /// B: quadratic work, on as many addresses as anybody may have, each as long as it may be. What is right gets as far as a text that is
    /// too long for another channel.
    /// </summary>
    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Should_cost_little_however_many_addresses_there_are(string what, string body, int status)
    {
        await using var reaching = new RunningHost
        {
            KeepsLog = false,
            Settings =
            [
                "--Channels:chat:Providers=discord,telegram,slack-webhook,teams",
                "--Providers:telegram:BotToken=1:a",
                "--Channels:push:Providers=webpush",
                "--Providers:webpush:PrivateKey=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                "--Providers:webpush:Subject=mailto:ops@example.com",
                "--Channels:webhook:Providers=webhook",
                "--Providers:webhook:Secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "--Channels:sms:Providers=twilio",
                "--Providers:twilio:AccountSid=AC00000000000000000000000000000000",
                "--Providers:twilio:AuthToken=0123456789abcdef0123456789abcdef",
                "--Providers:twilio:From=+15005550006",
                "--Providers:twilio:Url=http://127.0.0.1:9",
                "--Providers:twilio:MostSegments=1",
            ],
        };
        await reaching.InitializeAsync();
        var bytes = Encoding.UTF8.GetBytes(body);
        bytes.Length.ShouldBeLessThan(512 * 1024);
        Answer? answer = null;

        var took = await ProcessorTime.Of(
            Bound,
            async () => answer = await reaching.Post(Occurrence.Announcement, RunningHost.Json(bytes), ("Prefer", "handling=strict"))
        );

        ((int)answer!.Status).ShouldBe(status, answer.Body[..Math.Min(1_000, answer.Body.Length)]);
        took.ShouldBeLessThan(Bound, what);
    }

    /// <summary>B: quadratic work</summary>
    [Theory]
    [InlineData("""{"nnn":1}""", 200, "has a property at byte")]
    [InlineData("""{"list":[nnn]}""", 10_000, "has more than 10000 values")]
    [InlineData("""{"data":{nnn}}""", 1_000, "has an object of more than 1000 properties")]
    [InlineData("""{"number":nnn}""", 100, "has a number at byte")]
    public async Task Should_say_which_limit_it_breaks(string body, int most, string reason)
    {
        var tooMuch =
            body[2..].StartsWith("nnn", StringComparison.Ordinal) ? new string('n', most + 1)
            : body.Contains("list", StringComparison.Ordinal) ? Many("1", most + 1)
            : body.Contains("data", StringComparison.Ordinal)
                ? string.Join(',', Enumerable.Range(0, most + 1).Select(number => $"\"p{number}\":1"))
            : new string('1', most + 1);

        var errors = (await host.Post(Occurrence.Announcement, body.Replace("nnn", tooMuch, StringComparison.Ordinal))).ShouldBeProblem(
            HttpStatusCode.BadRequest,
            "validation"
        );

        errors.Keys.ShouldBe(["$"]);
        errors["$"].ShouldStartWith(reason);
    }

    /// <summary>B: quadratic work</summary>
    [Fact]
    public async Task Should_take_a_body_that_keeps_the_limits()
    {
        var names = string.Join(',', Enumerable.Range(0, 900).Select(number => $"\"{number:D200}\":{new string('9', 100)}"));
        var body = Data($$"""{"title":"t","text":"t",{{names}},"rows":[{{Many("1", 8_900)}}]}""");

        (await host.Post(Occurrence.Announcement, body.Replace(new string('9', 100), "1", StringComparison.Ordinal))).Status.ShouldBe(
            HttpStatusCode.Accepted
        );
    }

    static string Many(string item, int count) => string.Join(',', Enumerable.Repeat(item, count));

    static string Nested(int depth, string name, string inner) =>
        new StringBuilder().Insert(0, $"{{\"{name}\":", depth - 3).Append(inner).Append('}', depth - 3).ToString();

    static string Escaped(string text) => string.Concat(text.Select(letter => $"\\u{(int)letter:x4}"));

    static string Places(Func<int, string> beginning, string piece = "a") =>
        To("chat", $"\"chat\":[{Fifty(number => Long(beginning(number), piece, 2_048))}]");

    static string Browsers(Func<int, string> beginning, string piece = "a")
    {
        var browser = new Browser();
        return To("push", $"\"pushTokens\":[{Fifty(Subscription)}]");

        string Subscription(int number) =>
            browser.Subscription(Long(beginning(number), piece, 2_048)).Replace("\"", "\\u0022", StringComparison.Ordinal);
    }

    static string Fifty(Func<int, string> address) => string.Join(',', Enumerable.Range(1, 50).Select(number => $"\"{address(number)}\""));

    static string Long(string beginning, string piece, int longest) =>
        beginning + string.Concat(Enumerable.Repeat(piece, (longest - beginning.Length) / piece.Length));

    static string To(string channel, string addresses) =>
        $$$"""{"category":"announcement","channels":["{{{channel}}}","sms"],"recipient":{"id":"r","phone":"+66812345678","""
        + $$$"""{{{addresses}}}},"data":{"title":"t","text":"{{{new string('ก', 100)}}}"}}""";

    static string Data(string data) =>
        $$$"""{"category":"announcement","recipient":{"id":"r","email":"som@example.com","pushTokens":["demo-token"]},"data":{{{data}}}}""";

    static string Recipient(string field) =>
        $$$"""{"category":"announcement","recipient":{"id":"r",{{{field}}}},"data":{"title":"t","text":"t"}}""";
}
