using System.Collections.Frozen;
using System.Text.Json;

namespace NotificationBus.Telemetry;

/// <summary>The words that labels show for the values of an enum, made once.</summary>
static class Label<TValue>
    where TValue : struct, Enum
{
    static readonly FrozenDictionary<TValue, string> Words = Enum.GetValues<TValue>()
        .ToFrozenDictionary(value => value, value => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()));

    /// <summary>The word, such as <c>in-doubt</c>.</summary>
    public static string Of(TValue value) => Words[value];
}
