using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using NotificationBus.Contracts;

namespace NotificationBus.Intake;

/// <summary>
/// Reads contracts so that a value of the wrong type costs no more than it is worth: what only decorates is <see cref="Decoration.NoText"/>
/// then, and an address is a text that its channel will refuse. The same over HTTP and on the bus.
/// </summary>
public static class LenientContracts
{
    /// <summary>Contracts are read so with options that have this among the modifiers of their resolver.</summary>
    public static void Apply(JsonTypeInfo contract)
    {
        if (contract.Kind != JsonTypeInfoKind.Object)
            return;

        foreach (var property in contract.Properties)
        {
            if (contract.Type == typeof(NotificationRequested) && property.PropertyType == typeof(IReadOnlyDictionary<string, string>))
            {
                property.CustomConverter = new Keys();
                continue;
            }

            var decorates = Decorates(property);
            if (!decorates && contract.Type != typeof(Contact))
                continue;

            if (property.PropertyType == typeof(IReadOnlyList<string>))
                (property.CustomConverter, property.IsSetNullable) = (new Texts(), true);
            else if (property.PropertyType == typeof(string) && (decorates || !property.IsRequired))
                property.CustomConverter = decorates ? new DecoratingText() : new AddressText();
            else if (property.PropertyType == typeof(Contact))
                property.CustomConverter = new DecoratingPerson();

            if (decorates)
                (property.IsRequired, property.IsSetNullable) = (false, true);
        }
    }

    /// <summary>True for a property whose value never refuses an event.</summary>
    public static bool Decorates(JsonPropertyInfo property) =>
        property.AttributeProvider?.IsDefined(typeof(DecorationAttribute), inherit: true) == true;

    /// <summary>True for a list in which nothing is no mistake.</summary>
    public static bool LeavesOutNull(JsonPropertyInfo property) => property.CustomConverter is Texts;

    static string? ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, escaped.
            return Decoration.NoText;
        }
    }

    static string ReadRaw(ref Utf8JsonReader reader)
    {
        using var value = JsonDocument.ParseValue(ref reader);
        return value.RootElement.GetRawText();
    }

    sealed class DecoratingText : JsonConverter<string?>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.Null)
                return ReadText(ref reader);

            reader.Skip();
            return Decoration.NoText;
        }

        public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }

    sealed class AddressText : JsonConverter<string?>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType is JsonTokenType.String or JsonTokenType.Null ? ReadText(ref reader) : ReadRaw(ref reader);

        public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }

    /// <summary>A value of a key that is no text is one that may be none. So are keys that are no object.</summary>
    sealed class Keys : JsonConverter<IReadOnlyDictionary<string, string>?>
    {
        public override IReadOnlyDictionary<string, string>? Read(
            ref Utf8JsonReader reader,
            Type typeToConvert,
            JsonSerializerOptions options
        )
        {
            if (reader.TokenType == JsonTokenType.Null)
                return null;

            var keys = new Dictionary<string, string>(StringComparer.Ordinal);
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                keys[""] = Decoration.NoText;
                return keys;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                var name = ReadText(ref reader)!;
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                {
                    keys[name] = ReadText(ref reader)!;
                    continue;
                }

                reader.Skip();
                keys[name] = Decoration.NoText;
            }

            return keys;
        }

        public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, string>? value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value, options);
    }

    /// <summary>Also one text where a list is meant. What is null in it stays so: it has a place that can be named.</summary>
    sealed class Texts : JsonConverter<IReadOnlyList<string>>
    {
        public override bool HandleNull => true;

        public override IReadOnlyList<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.Null)
                return [];
            if (reader.TokenType != JsonTokenType.StartArray)
                return [reader.TokenType == JsonTokenType.String ? ReadText(ref reader)! : ReadRaw(ref reader)];

            var texts = new List<string>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                texts.Add(reader.TokenType is JsonTokenType.String or JsonTokenType.Null ? ReadText(ref reader)! : ReadRaw(ref reader));
            return texts;
        }

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<string> value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            foreach (var text in value ?? [])
                writer.WriteStringValue(text);
            writer.WriteEndArray();
        }
    }

    /// <summary>Somebody who is only mentioned: without an id the name is still a name.</summary>
    sealed class DecoratingPerson : JsonConverter<Contact?>
    {
        public override Contact? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                return new Contact { Id = "", Name = Decoration.NoText };
            }

            var start = reader;
            try
            {
                return JsonSerializer.Deserialize<Contact>(ref reader, options);
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                reader = start;
                using var person = JsonDocument.ParseValue(ref reader);
                return new Contact { Id = "", Name = person.RootElement.TryGetProperty("name", out var name) ? NameOf(name) : null };
            }
        }

        public override void Write(Utf8JsonWriter writer, Contact? value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value, options);

        static string? NameOf(JsonElement name)
        {
            try
            {
                return name.ValueKind == JsonValueKind.String ? name.GetString()
                    : name.ValueKind == JsonValueKind.Null ? null
                    : Decoration.NoText;
            }
            catch (InvalidOperationException)
            {
                return Decoration.NoText;
            }
        }
    }
}
