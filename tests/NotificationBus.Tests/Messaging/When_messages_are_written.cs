using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Messaging;

public sealed partial class When_messages_are_written
{
    [Fact]
    public async Task Should_have_no_white_space_but_that_of_texts()
    {
        await using var flow = await EmbeddedFlow.Start();
        var placed = await flow.Tell(An.OrderPlaced());
        var announced = await flow.Tell(
            An.Announcement() with
            {
                Data = JsonElement.Parse("""{ "title" : "New \" hours",  "text" : "We are open.",  "rows" : [ 1, 2 ] }"""),
            }
        );
        await flow.Outcome(placed);
        await flow.Outcome(announced);
        await flow.Pulse.Until(() => flow.Wire.Handled.Any(message => message.Place == "send-email"));

        foreach (var message in flow.Wire.Handled)
            Texts().Replace(Encoding.UTF8.GetString(message.Body), "").Any(char.IsWhiteSpace).ShouldBeFalse(message.Type);
    }

    [Fact]
    public async Task Should_have_nothing_that_nobody_reads()
    {
        await using var flow = await EmbeddedFlow.Start();
        await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        await flow.Pulse.Until(() => flow.Wire.Handled.Any(message => message.Place == "send-email"));

        foreach (var envelope in flow.Wire.Handled.Select(message => JsonElement.Parse(message.Body)))
        {
            envelope.EnumerateObject().Select(property => property.Name).Intersect(["host", "destinationAddress"]).ShouldBeEmpty();
            NamesWithoutValue(envelope).ShouldBeEmpty();
        }
    }

    static IEnumerable<string> NamesWithoutValue(JsonElement json) =>
        json.ValueKind switch
        {
            JsonValueKind.Object => json.EnumerateObject()
                .SelectMany(property =>
                    property.Value.ValueKind == JsonValueKind.Null ? [property.Name] : NamesWithoutValue(property.Value)
                ),
            JsonValueKind.Array => json.EnumerateArray().SelectMany(NamesWithoutValue),
            _ => [],
        };

    [GeneratedRegex(
        """
            "(?:\\.|[^"\\])*"
            """,
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Texts();
}
