using System.Text.Json;

namespace NotificationBus.Client;

/// <summary>The name of an event: its type in lower case with hyphens, as <c>order-placed</c>.</summary>
static class EventName
{
    public static string Of(Type type) => JsonNamingPolicy.KebabCaseLower.ConvertName(type.Name);
}
