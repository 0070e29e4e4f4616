using System.Text.Json;
using System.Text.Json.Serialization;

namespace NotificationBus.Providers.Controls;

/// <summary>The JSON of operators' settings: words, and only what is set.</summary>
public static class ControlJson
{
    /// <summary>The options.</summary>
    public static JsonSerializerOptions Options { get; } =
        new(JsonSerializerDefaults.Web)
        {
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };
}
