using System.Text.Json;
using System.Text.Json.Serialization;

namespace NotificationBus.Intake;

/// <summary>
/// Turns what a map names into the JSON object that templates read. What is null is left out: to a template it is missing.
/// </summary>
static class TemplateVariables
{
    static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    static readonly JsonElement Nothing = JsonElement.Parse("{}");

    public static JsonElement Of<TVariables>(TVariables variables) => JsonSerializer.SerializeToElement(variables, Options);

    public static JsonElement Of(JsonElement? variables) => variables ?? Nothing;
}
