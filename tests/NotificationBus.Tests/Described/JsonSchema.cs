using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NotificationBus.Tests.Described;

/// <summary>
/// As much of JSON Schema as the description of the API uses. A word that is not known here fails, so that none is passed over; and an
/// object has no property that is not described, though JSON Schema would allow it.
/// </summary>
/// <param name="named">The schemas that others refer to.</param>
public sealed class JsonSchema(JsonElement named)
{
    const string Reference = "#/components/schemas/";

    static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    /// <summary>What of a value is not as a named schema has it; null when all of it is.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">The name of the schema.</param>
    public string? Refuse(JsonElement value, string name) => Refuse(value, named.GetProperty(name));

    /// <summary>What of a value is not as a schema has it; null when all of it is.</summary>
    /// <param name="value">The value.</param>
    /// <param name="schema">The schema.</param>
    public string? Refuse(JsonElement value, JsonElement schema) => Check(value, schema, "$");

    string? Check(JsonElement value, JsonElement schema, string place)
    {
        foreach (var word in schema.EnumerateObject())
        {
            var wrong = word.Name switch
            {
                "$ref" => Check(value, named.GetProperty(word.Value.GetString()![Reference.Length..]), place),
                "type" => IsOfType(value, word.Value) ? null : $"is {value.GetRawText()}, and no {word.Value}",
                "enum" => word.Value.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value))
                    ? null
                    : $"{value} is none of {word.Value}",
                "oneOf" => Choose(value, word.Value, place) is { Count: not 1 } fitting ? $"fits {fitting.Count} of {word.Value}" : null,
                "anyOf" => Choose(value, word.Value, place) is [] ? $"fits none of {word.Value}: {Why(value, word.Value, place)}" : null,
                "required" => Missing(value, word.Value),
                "properties" => Properties(value, schema, place),
                "additionalProperties" => Others(value, schema, place),
                "items" => Items(value, word.Value, place),
                "format" => HasFormat(value, word.Value.GetString()!) ? null : $"{value} is no {word.Value}",
                "pattern" => value.ValueKind != JsonValueKind.String
                || Regex.IsMatch(value.GetString()!, word.Value.GetString()!, RegexOptions.ECMAScript, LongestMatch)
                    ? null
                    : $"{value} is not like {word.Value}",
                "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= word.Value.GetDouble()
                    ? null
                    : $"{value} is too small",
                "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() <= word.Value.GetDouble()
                    ? null
                    : $"{value} is too large",
                "description" or "default" or "example" or "examples" => null,
                _ => throw new NotSupportedException($"These tests do not know {word.Name} of JSON Schema, at {place}."),
            };
            if (wrong is not null)
                return wrong.StartsWith('$') ? wrong : $"{place} {wrong}";
        }

        return null;
    }

    List<JsonElement> Choose(JsonElement value, JsonElement choices, string place) =>
        [.. choices.EnumerateArray().Where(choice => Check(value, choice, place) is null)];

    string Why(JsonElement value, JsonElement choices, string place) =>
        string.Join("; ", choices.EnumerateArray().Select(choice => Check(value, choice, place)));

    static string? Missing(JsonElement value, JsonElement names) =>
        value.ValueKind == JsonValueKind.Object
        && names.EnumerateArray().Select(name => name.GetString()!).FirstOrDefault(name => !value.TryGetProperty(name, out _))
            is { } missing
            ? $"lacks {missing}"
            : null;

    string? Properties(JsonElement value, JsonElement schema, string place)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return null;

        var described = schema.GetProperty("properties");
        foreach (var property in value.EnumerateObject())
        {
            if (described.TryGetProperty(property.Name, out var expected))
            {
                if (Check(property.Value, expected, $"{place}.{property.Name}") is { } wrong)
                    return wrong;
            }
            else if (!schema.TryGetProperty("additionalProperties", out _))
            {
                return $"has {property.Name}, which is not described";
            }
        }

        return null;
    }

    string? Others(JsonElement value, JsonElement schema, string place) =>
        value.ValueKind != JsonValueKind.Object
            ? null
            : value
                .EnumerateObject()
                .Where(property =>
                    !schema.TryGetProperty("properties", out var described) || !described.TryGetProperty(property.Name, out _)
                )
                .Select(property => Check(property.Value, schema.GetProperty("additionalProperties"), $"{place}.{property.Name}"))
                .FirstOrDefault(wrong => wrong is not null);

    string? Items(JsonElement value, JsonElement schema, string place) =>
        value.ValueKind != JsonValueKind.Array
            ? null
            : value
                .EnumerateArray()
                .Select((item, index) => Check(item, schema, $"{place}[{index}]"))
                .FirstOrDefault(wrong => wrong is not null);

    static bool IsOfType(JsonElement value, JsonElement types) =>
        types.ValueKind == JsonValueKind.Array
            ? types.EnumerateArray().Any(type => IsOfType(value, type.GetString()!))
            : IsOfType(value, types.GetString()!);

    static bool IsOfType(JsonElement value, string type) =>
        type switch
        {
            "null" => value.ValueKind == JsonValueKind.Null,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            "number" => value.ValueKind == JsonValueKind.Number,
            "array" => value.ValueKind == JsonValueKind.Array,
            "object" => value.ValueKind == JsonValueKind.Object,
            _ => throw new NotSupportedException($"These tests do not know the type {type} of JSON Schema."),
        };

    static bool HasFormat(JsonElement value, string format) =>
        value.ValueKind is not (JsonValueKind.String or JsonValueKind.Number)
        || format switch
        {
            "uuid" => value.TryGetGuid(out _),
            // With its offset, which the framework's own reader would do without.
            "date-time" => DateTime.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time)
                && time.Kind != DateTimeKind.Unspecified,
            "int32" => value.TryGetInt32(out _),
            "int64" => value.TryGetInt64(out _),
            "double" => value.TryGetDouble(out _),
            "byte" => value.TryGetBytesFromBase64(out _),
            _ => throw new NotSupportedException($"These tests do not know the format {format} of JSON Schema."),
        };
}
