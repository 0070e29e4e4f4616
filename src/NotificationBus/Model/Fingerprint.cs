using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NotificationBus.Model;

/// <summary>
/// Tells whether two events of one name ask for the same: a hash over what matters to the notification. The order of properties, blanks
/// between them, escapes in texts, zeros at the end of numbers, and whether what has no value is null or left out make no difference.
/// </summary>
static class Fingerprint
{
    // More digits than that a decimal does not keep apart.
    const int LongestNumber = 28;

    // A list without anything in it is left out too: so a contact that can be reached in one more way is the same as before when it is not.
    static readonly JsonSerializerOptions Recipient = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutEmptyLists } },
    };

    public static Guid Of(NotificationRequest request)
    {
        var content = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(content, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartArray();
            writer.WriteStringValue(request.Category);
            JsonSerializer.Serialize(writer, request.Recipient, Recipient);
            Write(writer, request.Data);
            foreach (var channel in request.Channels ?? [])
                writer.WriteStringValue(channel);
            // What a map reads stands in the data. So one that an earlier version has begun has the same fingerprint now.
            if (request.KeysAreGiven && request.Keys.Count > 0)
                Write(writer, request.Keys);
            if (request.Schedule is { } schedule)
                writer.WriteStringValue(schedule.AsSaid);
            if (request.Content is { } given)
                Write(writer, given);
            if (request.Extras is { } extras)
                Write(writer, JsonSerializer.SerializeToElement(extras, Recipient));
            if (request.Metadata.Count > 0)
                Write(writer, request.Metadata, "metadata");
            writer.WriteEndArray();
        }

        return DeterministicId.Of(content.WrittenSpan);
    }

    static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var (name, member) in Sorted(value))
                {
                    writer.WritePropertyName(name);
                    Write(writer, member);
                }

                writer.WriteEndObject();
                break;

            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    Write(writer, item);
                writer.WriteEndArray();
                break;

            case JsonValueKind.String:
                writer.WriteRawValue(Unescaped(value), skipInputValidation: true);
                break;

            case JsonValueKind.Number:
                writer.WriteRawValue(Shortest(JsonMarshal.GetRawUtf8Value(value)), skipInputValidation: true);
                break;

            case JsonValueKind.Undefined:
                writer.WriteNullValue();
                break;

            default:
                value.WriteTo(writer);
                break;
        }
    }

    static void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> keys)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in keys.OrderBy(key => key.Key, StringComparer.Ordinal))
            writer.WriteString(name, value);
        writer.WriteEndObject();
    }

    // Under a name, so that it reads like no keys.
    static void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> values, string name)
    {
        writer.WriteStartObject();
        writer.WritePropertyName(name);
        Write(writer, values);
        writer.WriteEndObject();
    }

    // In a list, so that it reads like no keys.
    static void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> content)
    {
        writer.WriteStartArray();
        foreach (var (channel, parts) in content.OrderBy(given => given.Key, StringComparer.Ordinal))
        {
            writer.WriteStringValue(channel);
            Write(writer, parts);
        }

        writer.WriteEndArray();
    }

    static void LeaveOutEmptyLists(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(property => property.PropertyType == typeof(IReadOnlyList<string>)))
            property.ShouldSerialize = (_, list) => list is IReadOnlyList<string> { Count: > 0 };
    }

    static List<(string Name, JsonElement Value)> Sorted(JsonElement value)
    {
        var members = new List<(string Name, JsonElement Value)>();
        foreach (var property in value.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null)
                members.Add((property.Name, property.Value));
        }

        members.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        return members;
    }

    // As it stands there, in quotes, unless it has escapes. Those of quotes and of what escapes them stay, so that no two texts read alike.
    static ReadOnlySpan<byte> Unescaped(JsonElement text)
    {
        var written = JsonMarshal.GetRawUtf8Value(text);
        return written.Contains((byte)'\\')
            ? Encoding.UTF8.GetBytes(
                $"\"{text.GetString()!.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""
            )
            : written;
    }

    static ReadOnlySpan<byte> Shortest(ReadOnlySpan<byte> number) =>
        number.ContainsAnyExceptInRange((byte)'0', (byte)'9')
        && number.Length <= LongestNumber
        && decimal.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        && value != 0
            ? Encoding.UTF8.GetBytes(value.ToString("G29", CultureInfo.InvariantCulture))
            : number;
}
