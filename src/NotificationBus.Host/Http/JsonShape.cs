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
    public static void Check(
        JsonElement element,
        Type type,
        JsonSerializerOptions options,
        JsonTrail trail,
        FieldErrors errors,
        bool leavesOutNull = false
    )
    {
        if (type == typeof(JsonElement))
        {
            CheckText(element, trail, errors);
            return;
        }

        var shape = options.GetTypeInfo(type);
        switch (shape.Kind)
        {
            case JsonTypeInfoKind.Object when element.ValueKind == JsonValueKind.Object:
                CheckObject(element, shape, options, trail, errors);
                break;

            case JsonTypeInfoKind.Object:
                errors.Add($"{trail}", "must be an object");
                break;

            case JsonTypeInfoKind.Dictionary when element.ValueKind == JsonValueKind.Object:
                foreach (var property in errors.UntilFull(element.EnumerateObject()))
                {
                    trail.Enter(property);
                    if (JsonText.Refuse(property) is { } wrong)
                        errors.Add($"{trail}", wrong);
                    else
                        Check(property.Value, shape.ElementType!, options, trail, errors);
                    trail.Leave();
                }

                break;

            case JsonTypeInfoKind.Dictionary:
                errors.Add($"{trail}", "must be an object");
                break;

            case JsonTypeInfoKind.Enumerable when element.ValueKind == JsonValueKind.Array:
                foreach (
                    var (index, item) in errors.UntilFull(
                        element.EnumerateArray().Index().Where(item => !leavesOutNull || item.Item.ValueKind != JsonValueKind.Null)
                    )
                )
                {
                    trail.Enter(index);
                    Check(item, shape.ElementType!, options, trail, errors);
                    trail.Leave();
                }

                break;

            case JsonTypeInfoKind.Enumerable:
                errors.Add($"{trail}", "must be an array");
                break;

            default:
                CheckValue(element, type, options, trail, errors);
                break;
        }
    }

    static void CheckObject(JsonElement element, JsonTypeInfo shape, JsonSerializerOptions options, JsonTrail trail, FieldErrors errors)
    {
        foreach (var property in errors.UntilFull(element.EnumerateObject()))
        {
            trail.Enter(property);
            var expected = shape.Properties.FirstOrDefault(expected => property.NameEquals(expected.Name));
            if (expected is null)
                AddUnknown(property, shape, trail, errors);
            else if (LenientContracts.Decorates(expected))
                CheckNames(property.Value, options.GetTypeInfo(expected.PropertyType), trail, errors);
            else if (property.Value.ValueKind != JsonValueKind.Null)
                Check(
                    property.Value,
                    Nullable.GetUnderlyingType(expected.PropertyType) ?? expected.PropertyType,
                    options,
                    trail,
                    errors,
                    LenientContracts.LeavesOutNull(expected)
                );
            else if (!expected.IsSetNullable)
                errors.Add($"{trail}", "must not be null");
            trail.Leave();
        }

        foreach (
            var missing in errors.UntilFull(
                shape.Properties.Where(expected => expected.IsRequired && !element.TryGetProperty(expected.Name, out _))
            )
        )
            errors.Add(trail.At(missing.Name), "is missing");
    }

    /// <summary>Checks the names in what only decorates: it never refuses an event, unless one of them is misspelt.</summary>
    static void CheckNames(JsonElement element, JsonTypeInfo shape, JsonTrail trail, FieldErrors errors)
    {
        if (element.ValueKind != JsonValueKind.Object || shape.Kind != JsonTypeInfoKind.Object)
            return;

        foreach (
            var property in errors.UntilFull(
                element.EnumerateObject().Where(property => shape.Properties.All(expected => !property.NameEquals(expected.Name)))
            )
        )
        {
            trail.Enter(property);
            AddUnknown(property, shape, trail, errors);
            trail.Leave();
        }
    }

    static void AddUnknown(JsonProperty property, JsonTypeInfo shape, JsonTrail trail, FieldErrors errors) =>
        errors.Add($"{trail}", Spelling.Unknown(property.Name, [.. shape.Properties.Select(expected => expected.Name)]));

    static void CheckValue(JsonElement element, Type type, JsonSerializerOptions options, JsonTrail trail, FieldErrors errors)
    {
        if (type == typeof(string))
        {
            if (element.ValueKind == JsonValueKind.String)
                CheckText(element, trail, errors);
            else
                errors.Add($"{trail}", "must be a string");
            return;
        }

        // The serializer reads a time without one by the zone of this host, and each host may be in another.
        if (type == typeof(DateTimeOffset) && !HasOffset(element))
        {
            errors.Add($"{trail}", "must be a time with its offset from UTC, such as 2026-12-03T09:00:00+07:00");
            return;
        }

        try
        {
            element.Deserialize(type, options);
        }
        catch (JsonException)
        {
            errors.Add(
                $"{trail}",
                type == typeof(bool) ? "must be true or false"
                    : type.IsPrimitive || type == typeof(decimal) ? "must be a number in range"
                    : "has the wrong type"
            );
        }
    }

    static bool HasOffset(JsonElement element) =>
        element.ValueKind == JsonValueKind.String && element.TryGetDateTime(out var time) && time.Kind != DateTimeKind.Unspecified;

    /// <summary>Text may be escaped so that it is no text: half a surrogate pair. And no database holds U+0000.</summary>
    static void CheckText(JsonElement element, JsonTrail trail, FieldErrors errors)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in errors.UntilFull(element.EnumerateObject()))
                {
                    trail.Enter(property);
                    CheckText(property.Value, trail, errors);
                    trail.Leave();
                }

                break;

            case JsonValueKind.Array:
                foreach (var (index, item) in errors.UntilFull(element.EnumerateArray().Index()))
                {
                    trail.Enter(index);
                    CheckText(item, trail, errors);
                    trail.Leave();
                }

                break;

            case JsonValueKind.String:
                if (JsonText.Refuse(element) is { } wrong)
                    errors.Add($"{trail}", wrong);
                break;
        }
    }
}
