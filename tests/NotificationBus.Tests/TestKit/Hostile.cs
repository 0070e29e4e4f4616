using System.Globalization;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace NotificationBus.Tests.TestKit;

/// <summary>Random JSON as somebody writes it who wants it to cost much, or to break something.</summary>
static class Hostile
{
    static readonly string[] Pieces =
    [
        "a",
        "-a",
        "a.",
        "<",
        "&",
        " ",
        "@",
        "../",
        "%41",
        "{{x}}",
        "ก",
        "😀",
        "é",
        "\\u0000",
        "\\ud800",
        "\\udc00\\ud800",
        "\\n",
        "\\r\\nBcc: x",
        "\\\"",
        "\\\\",
        "[",
        "1",
        "+1",
        "http://",
        "slack:",
    ];

    static readonly string[] Literals =
    [
        "null",
        "true",
        "0",
        "-1",
        "1e400",
        "-0",
        "0.1",
        "1E-400",
        "\"\"",
        "{}",
        "[]",
        "NaN",
        "79228162514264337593543950336",
        "\"2026-02-30T00:00:00Z\"",
    ];

    static readonly string[] Names =
    [
        "id",
        "name",
        "eventId",
        "data",
        "seller",
        "recipient",
        "text",
        "by",
        "why",
        "cause",
        "channel",
        "__proto__",
        "$type",
        "\\u0000",
        "\\ud800",
        "a",
        "",
    ];

    /// <summary>A text as it stands in JSON.</summary>
    public static Gen<string> Text { get; } =
        from piece in Gen.Elements(Pieces)
        from count in Gen.Elements(0, 1, 2, 36, 201, 3_000, 20_001, 120_000)
        select $"\"{Repeat(piece, count)}\"";

    /// <summary>Any value.</summary>
    public static Gen<string> Value { get; } =
        Gen.Frequency(
            (4, Text),
            (3, Gen.Elements(Literals)),
            (1, from count in Gen.Elements(50, 101, 1_000, 90_000) select Repeat("9", count)),
            (
                3,
                from item in Gen.OneOf(Text, Gen.Elements(Literals))
                from count in Gen.Elements(1, 51, 1_000, 9_000, 120_000)
                select $"[{Repeat(item + ",", count).TrimEnd(',')}]"
            ),
            (
                3,
                from name in Gen.Elements(Names)
                from item in Gen.Elements(Literals)
                from count in Gen.Elements(1, 20, 900, 1_001, 20_000)
                select $"{{{Cut(string.Join(',', Enumerable.Range(0, count).Select(number => $"\"{name}{number}\":{item}")))}}}"
            ),
            (1, from name in Gen.Elements(Names) from item in Gen.Elements(Literals) select $"{{\"{name}\":{item},\"{name}\":{item}}}"),
            (
                2,
                from depth in Gen.Elements(5, 59, 63, 200, 100_000)
                from open in Gen.Elements("[", "{\"a\":")
                select Cut(Repeat(open, depth) + "1" + Repeat(open == "[" ? "]" : "}", depth))
            ),
            (
                2,
                from length in Gen.Elements(199, 201, 60_000)
                from item in Gen.Elements(Literals)
                select $"{{\"{Repeat("n", length)}\":[{Repeat(item + ",", 9_000).TrimEnd(',')}]}}"
            )
        );

    /// <summary>One of the examples with something wrong in it, or nothing like one.</summary>
    public static Gen<string> Body(IReadOnlyList<string> examples) =>
        Gen.Frequency(
            (
                6,
                from example in Gen.Elements(examples.ToArray())
                from place in Gen.Choose(0, 1_000)
                from value in Value
                select Replace(example, place, value)
            ),
            (
                2,
                from example in Gen.Elements(examples.ToArray())
                from at in Gen.Choose(0, 1_000)
                from value in Value
                select Insert(example, at, value)
            ),
            (2, Value),
            (1, from example in Gen.Elements(examples.ToArray()) from at in Gen.Choose(0, 1_000) select example[..(at % example.Length)]),
            (1, from example in Gen.Elements(examples.ToArray()) select example)
        );

    static string Repeat(string text, int count) =>
        Cut(string.Concat(Enumerable.Repeat(text, Math.Min(count, 250_000 / Math.Max(text.Length, 1)))));

    static string Cut(string text) => text.Length <= 250_000 ? text : text[..250_000];

    static string Insert(string example, int at, string value) => example.Insert(at % example.Length, value);

    static string Replace(string example, int number, string value)
    {
        var root = JsonNode.Parse(example)!;
        var places = Places(root).ToList();
        var (parent, key) = places[number % places.Count];
        if (parent is JsonArray list)
            list[int.Parse(key, CultureInfo.InvariantCulture)] = "✂";
        else
            parent[key] = "✂";
        return root.ToJsonString().Replace("\"\\u2702\"", value, StringComparison.Ordinal);
    }

    static IEnumerable<(JsonNode Parent, string Key)> Places(JsonNode node)
    {
        var children =
            node is JsonObject map ? map.Select(child => (child.Key, child.Value))
            : node is JsonArray list ? list.Select((child, index) => ($"{index}", child))
            : [];
        foreach (var (key, child) in children.ToList())
        {
            yield return (node, key);
            foreach (var below in child is null ? [] : Places(child))
                yield return below;
        }
    }
}
