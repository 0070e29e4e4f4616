using System.Net;
using System.Text;

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
        { "an object of many properties", Data($"{{{string.Join(',', Enumerable.Range(0, 20_000).Select(number => $"\"p{number}\":1"))}}}") },
        { "many objects", Data($$"""{"rows":[{{Many("{\"a\":1}", 9_000)}}]}""") },
        { "names that are escaped", Data($"{{{string.Join(',', Enumerable.Range(0, 900).Select(number => $"\"{Escaped($"name-{number:D20}")}\":1"))}}}") },
        { "one long text", Data($$"""{"title":"t","text":"{{new string('<', Room)}}"}""") },
        { "a long number", Data($$"""{"title":{{new string('1', Room)}},"text":"t"}""") },
        { "a long locale", Recipient($"\"locale\":\"en{string.Concat(Enumerable.Repeat("-a", Room / 2))}\",\"email\":\"som@example.com\"") },
        { "a long mailbox", Recipient($"\"email\":\"{string.Concat(Enumerable.Repeat("a.", Room / 2))}@example.com\"") },
        { "a long number of a phone", Recipient($"\"phone\":\"+{new string('1', Room)}\"") },
        { "a long push token", Recipient($"\"pushTokens\":[\"{new string('f', Room)}\"]") },
        { "many push tokens", Recipient($"\"pushTokens\":[{Many("\"a\"", 9_000)}]") },
        { "a long URL", Recipient($"\"webhookUrl\":\"https://example.com/{string.Concat(Enumerable.Repeat("../", Room / 3))}\"") },
        { "many unknown properties", $"{{{string.Join(',', Enumerable.Range(0, 900).Select(number => $"\"{number:D200}\":1"))}}}" },
        { "many channels", $$$"""{"category":"announcement","recipient":{"id":"r"},"channels":[{{{Many("\"email\"", 9_000)}}}]}""" },
        { "brackets", new string('[', Room) },
        { "many texts as long as they may be", Data($$"""{"title":"t","text":"t",{{string.Join(',', Enumerable.Range(0, 12).Select(number => $"\"t{number}\":\"{new string('&', 20_000)}\""))}}}""") },
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

    /// <summary>B: quadratic work</summary>
    [Theory]
    [InlineData("""{"nnn":1}""", 200, "has a property at byte")]
    [InlineData("""{"list":[nnn]}""", 10_000, "has more than 10000 values")]
    [InlineData("""{"data":{nnn}}""", 1_000, "has an object of more than 1000 properties")]
    [InlineData("""{"number":nnn}""", 100, "has a number at byte")]
    public async Task Should_say_which_limit_it_breaks(string body, int most, string reason)
    {
        var tooMuch = body[2..].StartsWith("nnn", StringComparison.Ordinal) ? new string('n', most + 1)
            : body.Contains("list", StringComparison.Ordinal) ? Many("1", most + 1)
            : body.Contains("data", StringComparison.Ordinal) ? string.Join(',', Enumerable.Range(0, most + 1).Select(number => $"\"p{number}\":1"))
            : new string('1', most + 1);

        var errors = (await host.Post(Occurrence.Announcement, body.Replace("nnn", tooMuch, StringComparison.Ordinal)))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation");

        errors.Keys.ShouldBe(["$"]);
        errors["$"].ShouldStartWith(reason);
    }

    /// <summary>B: quadratic work</summary>
    [Fact]
    public async Task Should_take_a_body_that_keeps_the_limits()
    {
        var names = string.Join(',', Enumerable.Range(0, 900).Select(number => $"\"{number:D200}\":{new string('9', 100)}"));
        var body = Data($$"""{"title":"t","text":"t",{{names}},"rows":[{{Many("1", 8_900)}}]}""");

        (await host.Post(Occurrence.Announcement, body.Replace(new string('9', 100), "1", StringComparison.Ordinal))).Status.ShouldBe(HttpStatusCode.Accepted);
    }

    static string Many(string item, int count) => string.Join(',', Enumerable.Repeat(item, count));

    static string Nested(int depth, string name, string inner) =>
        new StringBuilder().Insert(0, $"{{\"{name}\":", depth - 3).Append(inner).Append('}', depth - 3).ToString();

    static string Escaped(string text) => string.Concat(text.Select(letter => $"\\u{(int)letter:x4}"));

    static string Data(string data) => $$$"""{"category":"announcement","recipient":{"id":"r","email":"som@example.com","pushTokens":["demo-token"]},"data":{{{data}}}}""";

    static string Recipient(string field) => $$$"""{"category":"announcement","recipient":{"id":"r",{{{field}}}},"data":{"title":"t","text":"t"}}""";
}
