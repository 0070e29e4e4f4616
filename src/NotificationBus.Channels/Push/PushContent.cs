using System.Text.Json;
using System.Text.Json.Serialization;
using NotificationBus.Model;

namespace NotificationBus.Channels.Push;

/// <summary>The content of a push: what a phone shows on its lock screen.</summary>
/// <param name="Title">One short line.</param>
/// <param name="Body">One or two sentences.</param>
public sealed record PushContent(string Title, string Body) : Content
{
    /// <summary>The name of the part with <see cref="DeepLink"/>.</summary>
    public const string DeepLinkPart = "deepLink";

    /// <summary>The name of the part with <see cref="Image"/>.</summary>
    public const string ImagePart = "image";

    /// <summary>The name of the part with <see cref="Data"/>.</summary>
    public const string DataPart = "data";

    /// <summary>The place that opens; null for the app itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DeepLink { get; init; }

    /// <summary>The URL of a picture; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Image { get; init; }

    /// <summary>Values for the app; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <inheritdoc />
    [JsonIgnore]
    public override IEnumerable<string> Texts => [Title, Body, .. ((string?[])[DeepLink, Image]).OfType<string>(), .. Data?.Values ?? []];

    /// <inheritdoc />
    [JsonIgnore]
    public override IReadOnlyList<ContentPart> Parts => [new("title", Title), new("body", Body), .. WriteExtras(DeepLink, Image, Data)];

    /// <inheritdoc />
    [JsonIgnore]
    public override IEnumerable<string> Extras => WriteExtras(DeepLink, Image, Data).Select(part => part.Name);

    /// <inheritdoc />
    public bool Equals(PushContent? other) => base.Equals(other) && Parts.SequenceEqual(other.Parts);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Title, Body);

    internal static IReadOnlyList<ContentPart> WriteExtras(string? deepLink, string? image, IReadOnlyDictionary<string, string>? data)
    {
        var parts = new List<ContentPart>(3);
        if (deepLink is not null)
            parts.Add(new ContentPart(DeepLinkPart, deepLink));
        if (image is not null)
            parts.Add(new ContentPart(ImagePart, image));
        if (data is { Count: > 0 })
        {
            var sorted = new SortedDictionary<string, string>(data.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal);
            parts.Add(new ContentPart(DataPart, JsonSerializer.Serialize(sorted, JsonSerializerOptions.Web)));
        }

        return parts;
    }

    internal static IReadOnlyDictionary<string, string>? ReadData(string? part) =>
        part is null ? null : JsonSerializer.Deserialize<Dictionary<string, string>>(part, JsonSerializerOptions.Web);
}
