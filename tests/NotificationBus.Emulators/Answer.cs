using System.Text.Json;

namespace NotificationBus.Emulators;

/// <summary>What a vendor answers.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Body">The whole body.</param>
/// <param name="Headers">Header fields of the vendor's own.</param>
sealed record Answer(int Status, string Body = "", params IReadOnlyList<(string Name, string Value)> Headers)
{
    /// <summary>What the body is.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>An answer in JSON.</summary>
    public static Answer Json(int status, object body, params IReadOnlyList<(string Name, string Value)> headers) =>
        new(status, JsonSerializer.Serialize(body), headers);
}
