using System.Text.Json;
using System.Text.Json.Serialization;

namespace NotificationBus.Providers.Controls;

/// <summary>How settings of operators are written down: words, and only what is set.</summary>
public static class ControlJson
{
    /// <summary>The options.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}
