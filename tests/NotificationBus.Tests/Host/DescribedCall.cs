using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace NotificationBus.Tests.Host;

/// <summary>Calls of an operation, made up from its description: as it says, and with a value of another kind here and there.</summary>
static class DescribedCall
{
    static readonly string[] Texts = ["", "a", "email", "order-placed", "ann", "2026-12-01T10:00:00Z", "\u0000", "ก", new('x', 300)];

    static readonly Gen<JsonNode?> Anything = Gen.OneOf(
        Gen.Constant<JsonNode?>(null),
        Gen.Elements(Texts).Select(text => (JsonNode?)text),
        Gen.Elements(-1, 0, 1, int.MaxValue).Select(number => (JsonNode?)number),
        Gen.Elements(true, false).Select(value => (JsonNode?)value),
        Gen.Constant(0).Select(_ => (JsonNode?)new JsonArray(1, "a")),
        Gen.Constant(0).Select(_ => (JsonNode?)new JsonObject { ["a"] = 1 })
    );

    public static Gen<(string Path, string? Body)> Of(string path, JsonElement operation, JsonElement document)
    {
        var parameters = operation.TryGetProperty("parameters", out var described) ? described.EnumerateArray().ToList() : [];
        var query = parameters.Where(parameter => In(parameter) == "query").Select(Name).ToArray();
        var schema = operation.TryGetProperty("requestBody", out var body)
            ? body.GetProperty("content").GetProperty("application/json").GetProperty("schema")
            : default(JsonElement?);
        return from id in Gen.Elements(Guid.Empty.ToString(), "email", "smtp", "x")
            from asked in query.Length == 0 ? Gen.Constant("") : Query(query)
            from said in schema is { } known
                ? Value(known, document, depth: 0).Select(value => value?.ToJsonString() ?? "null")
                : Gen.Constant<string>(null!)
            select (Filled(path, id) + asked, (string?)said);
    }

    static string Filled(string path, string id)
    {
        foreach (var name in (string[])["{id}", "{deliveryId}"])
            path = path.Replace(name, Guid.Empty.ToString(), StringComparison.Ordinal);
        while (path.IndexOf('{', StringComparison.Ordinal) is >= 0 and var at)
            path = string.Concat(path.AsSpan(0, at), id, path.AsSpan(path.IndexOf('}', StringComparison.Ordinal) + 1));
        return path;
    }

    static Gen<string> Query(string[] names) =>
        from count in Gen.Choose(0, 3)
        from pairs in Gen.ArrayOf(
            from name in Gen.Elements(names)
            from text in Gen.OneOf(Gen.Elements(Texts), Gen.Choose(-1, 201).Select(number => number.ToString(CultureInfo.InvariantCulture)))
            select $"{name}={Uri.EscapeDataString(text)}",
            count
        )
        select pairs.Length == 0 ? "" : $"?{string.Join('&', pairs)}";

    static Gen<JsonNode?> Value(JsonElement schema, JsonElement document, int depth) =>
        from kind in Gen.Choose(0, 19)
        from value in kind == 0 || depth > 6 ? Anything : Fitting(schema, document, depth)
        select value?.DeepClone();

    static Gen<JsonNode?> Fitting(JsonElement schema, JsonElement document, int depth)
    {
        if (schema.TryGetProperty("$ref", out var reference))
            return Value(
                document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]),
                document,
                depth
            );
        if (schema.TryGetProperty("oneOf", out var one))
            return Fitting(one.EnumerateArray().Last(), document, depth);
        if (schema.TryGetProperty("enum", out var words))
            return Gen.Elements(words.EnumerateArray().ToArray()).Select(word => JsonNode.Parse(word.GetRawText()));

        return TypeOf(schema) switch
        {
            "object" => Members(schema, document, depth),
            "array" => Gen.Choose(0, 3)
                .SelectMany(count => Gen.ArrayOf(Value(schema.GetProperty("items"), document, depth + 1), count))
                .Select(items => (JsonNode?)new JsonArray([.. items.Select(item => item?.DeepClone())])),
            "integer" or "number" => Gen.Choose(-1, 1001).Select(number => (JsonNode?)number),
            "boolean" => Gen.Elements(true, false).Select(value => (JsonNode?)value),
            "string" => Gen.Elements(Texts).Select(text => (JsonNode?)text),
            _ => Anything,
        };
    }

    static Gen<JsonNode?> Members(JsonElement schema, JsonElement document, int depth)
    {
        var required = schema.TryGetProperty("required", out var names)
            ? names.EnumerateArray().Select(name => name.GetString()).ToHashSet()
            : [];
        var members = Gen.Constant<List<KeyValuePair<string, JsonNode?>>>([]);
        foreach (var property in schema.TryGetProperty("properties", out var all) ? all.EnumerateObject().ToList() : [])
        {
            var (before, likely) = (members, required.Contains(property.Name) ? 20 : 6);
            members =
                from some in before
                from chance in Gen.Choose(0, 20)
                from value in Value(property.Value, document, depth + 1)
                select chance <= likely ? [.. some, KeyValuePair.Create(property.Name, value)] : some;
        }

        return members.Select(some =>
            (JsonNode?)new JsonObject(some.Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())))
        );
    }

    static string? TypeOf(JsonElement schema) =>
        !schema.TryGetProperty("type", out var type) ? null
        : type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()).First(one => one != "null")
        : type.GetString();

    static string In(JsonElement parameter) => parameter.GetProperty("in").GetString()!;

    static string Name(JsonElement parameter) => parameter.GetProperty("name").GetString()!;
}
