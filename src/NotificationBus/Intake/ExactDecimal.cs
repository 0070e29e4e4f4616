using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NotificationBus.Intake;

/// <summary>
/// Reads an amount, and refuses one that would be rounded without a word: of <c>1e-40</c> nothing would be left. The same over HTTP and on
/// the bus.
/// </summary>
/// <param name="alsoAsText">Takes a text as well: MassTransit writes decimals so.</param>
public sealed class ExactDecimal(bool alsoAsText = false) : JsonConverter<decimal>
{
    /// <inheritdoc />
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
            JsonTokenType.String when alsoAsText => reader.GetString()!,
            _ => throw new JsonException(),
        };
        // Without a message the serializer says where it stands.
        return ExactNumber.TryRead(text, out var number) && ExactNumber.IsKept(text, number) ? number : throw new JsonException();
    }

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}
