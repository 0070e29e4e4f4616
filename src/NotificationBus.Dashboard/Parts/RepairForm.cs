using System.Collections.Specialized;

namespace NotificationBus.Dashboard.Parts;

/// <summary>What is to be repaired.</summary>
public sealed class RepairForm
{
    /// <summary>The status.</summary>
    public string? Status { get; set; }

    /// <summary>The category.</summary>
    public string? Category { get; set; }

    /// <summary>The version of the texts.</summary>
    public string? TemplateVersion { get; set; }

    /// <summary>The channel.</summary>
    public string? Channel { get; set; }

    /// <summary>The account.</summary>
    public string? Provider { get; set; }

    /// <summary>A business key.</summary>
    public string? Key { get; set; }

    /// <summary>The recipient's id.</summary>
    public string? Recipient { get; set; }

    /// <summary>An address.</summary>
    public string? Address { get; set; }

    /// <summary>The producer's name for the occurrence.</summary>
    public string? EventId { get; set; }

    /// <summary>A provider's own id.</summary>
    public string? ProviderMessageId { get; set; }

    /// <summary>Those that began on this day or later.</summary>
    public string? From { get; set; }

    /// <summary>Those that began before this day.</summary>
    public string? To { get; set; }

    /// <summary>The conditions of a search; without any, what has failed.</summary>
    public static RepairForm Of(NameValueCollection query) =>
        new()
        {
            Status = query["status"] ?? (query.AllKeys.Any(key => key != "after") ? null : "failed"),
            Category = query["category"],
            TemplateVersion = query["templateVersion"],
            Channel = query["channel"],
            Provider = query["provider"],
            Key = query["key"],
            Recipient = query["recipient"],
            Address = query["address"],
            EventId = query["eventId"],
            ProviderMessageId = query["providerMessageId"],
            From = query["from"],
            To = query["to"],
        };

    /// <summary>The conditions that are said.</summary>
    public IReadOnlyDictionary<string, string> Filter() =>
        new (string Name, string? Value)[]
        {
            ("status", Status),
            ("category", Category),
            ("templateVersion", TemplateVersion),
            ("channel", Channel),
            ("provider", Provider),
            ("key", Key),
            ("recipient", Recipient),
            ("address", Address),
            ("eventId", EventId),
            ("providerMessageId", ProviderMessageId),
            ("from", From),
            ("to", To),
        }
            .Where(one => !string.IsNullOrWhiteSpace(one.Value))
            .ToDictionary(one => one.Name, one => one.Value!.Trim(), StringComparer.Ordinal);
}
