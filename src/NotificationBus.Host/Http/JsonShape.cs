using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

using NotificationBus.Intake;

namespace NotificationBus.Host.Http;

/// <summary>
/// Compares a JSON document with the type it is for and names everything that does not fit by its path, all at once, up to a hundred
/// places. The serializer alone would stop at the first, and name our types instead of the caller's properties.
/// </summary>
static class JsonShape
{
    public static void Check(JsonElement element, Type type, JsonSerializerOptions options, string path, FieldErrors errors)
    {
        if (type == typeof(JsonElement))
        {
            CheckText(element, path, errors);
            return;
        }

        var shape = options.GetTypeInfo(type);
        switch (shape.Kind)
        {
            case JsonTypeInfoKind.Object when element.ValueKind == JsonValueKind.Object:
                CheckObject(element, shape, options, path, errors);
                break;

            case JsonTypeInfoKind.Object:
                errors.Add(Name(path), "must be an object");
                break;

            case JsonTypeInfoKind.Enumerable when element.ValueKind == JsonValueKind.Array:
                // What is null in a list is left out, or the rules say what must stand there.
                foreach (var (index, item) in errors.UntilFull(element.EnumerateArray().Index().Where(item => item.Item.ValueKind != JsonValueKind.Null)))
                    Check(item, shape.ElementType!, options, $"{path}[{index}]", errors);
                break;

            case JsonTypeInfoKind.Enumerable:
                errors.Add(Name(path), "must be an array");
                break;

            default:
                CheckValue(element, type, options, path, errors);
                break;
        }
    }

    static void CheckObject(JsonElement element, JsonTypeInfo shape, JsonSerializerOptions options, string path, FieldErrors errors)
    {
        foreach (var property in errors.UntilFull(element.EnumerateObject()))
        {
            var place = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            var expected = shape.Properties.FirstOrDefault(expected => expected.Name == property.Name);
            if (expected is null)
                errors.Add(Shorten(place), $"is unknown, allowed are {string.Join(", ", shape.Properties.Select(expected => expected.Name))}");
            else if (LenientContracts.Decorates(expected))
                CheckNames(property.Value, options.GetTypeInfo(expected.PropertyType), place, errors);
            else if (property.Value.ValueKind != JsonValueKind.Null)
                Check(property.Value, Nullable.GetUnderlyingType(expected.PropertyType) ?? expected.PropertyType, options, place, errors);
            else if (!expected.IsSetNullable)
                errors.Add(place, "must not be null");
        }

        foreach (var missing in errors.UntilFull(shape.Properties.Where(expected => expected.IsRequired && !element.TryGetProperty(expected.Name, out _))))
            errors.Add(path.Length == 0 ? missing.Name : $"{path}.{missing.Name}", "is missing");
    }

    /// <summary>What only decorates never refuses an event, unless a name in it is misspelt.</summary>
    static void CheckNames(JsonElement element, JsonTypeInfo shape, string path, FieldErrors errors)
    {
        if (element.ValueKind != JsonValueKind.Object || shape.Kind != JsonTypeInfoKind.Object)
            return;

        foreach (var property in errors.UntilFull(element.EnumerateObject().Where(property => shape.Properties.All(expected => expected.Name != property.Name))))
            errors.Add(Shorten($"{path}.{property.Name}"), $"is unknown, allowed are {string.Join(", ", shape.Properties.Select(expected => expected.Name))}");
    }

    static void CheckValue(JsonElement element, Type type, JsonSerializerOptions options, string path, FieldErrors errors)
    {
        if (type == typeof(string))
        {
            if (element.ValueKind == JsonValueKind.String)
                CheckText(element, path, errors);
            else
                errors.Add(Name(path), "must be a string");
            return;
        }

        try
        {
            element.Deserialize(type, options);
        }
        catch (JsonException)
        {
            errors.Add(Name(path), type == typeof(bool) ? "must be true or false" : type.IsPrimitive || type == typeof(decimal) ? "must be a number in range" : "has the wrong type");
        }
    }

    /// <summary>Text may be escaped so that it is no text: half a surrogate pair. And no database holds U+0000.</summary>
    static void CheckText(JsonElement element, string path, FieldErrors errors)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in errors.UntilFull(element.EnumerateObject()))
                    CheckText(property.Value, $"{path}.{property.Name}", errors);
                break;

            case JsonValueKind.Array:
                foreach (var (index, item) in errors.UntilFull(element.EnumerateArray().Index()))
                    CheckText(item, $"{path}[{index}]", errors);
                break;

            case JsonValueKind.String:
                try
                {
                    if (element.GetString()!.Contains('\0'))
                        errors.Add(Shorten(Name(path)), "must not contain the character U+0000");
                }
                catch (InvalidOperationException)
                {
                    errors.Add(Shorten(Name(path)), "is no valid Unicode text");
                }

                break;
        }
    }

    static string Name(string path) => path.Length == 0 ? "$" : path;

    // A path may be the caller's own text; what is echoed stays short.
    static string Shorten(string path) => path.Length <= 64 ? path : string.Concat(path.AsSpan(0, 63), "…");
}
