using System.Text.Json;
using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>The request that an event makes, whatever event it was: tell one recipient one thing.</summary>
public sealed record NotificationRequest
{
    /// <summary>Deterministic, see <see cref="Intake.EventMap{TEvent}.NotificationId"/>.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The application it belongs to.</summary>
    public string Application { get; init; } = Applications.Default;

    /// <summary>The event, such as <c>order-placed</c>.</summary>
    public required string EventName { get; init; }

    /// <summary>The producer's name for the occurrence.</summary>
    public string? EventId { get; init; }

    /// <summary>The category, whose templates and rules apply.</summary>
    public required string Category { get; init; }

    /// <summary>The recipient, who is told.</summary>
    public required Contact Recipient { get; init; }

    /// <summary>The values the templates may use, a JSON object.</summary>
    public required JsonElement Data { get; init; }

    /// <summary>What the recipient is told, by channel and part, instead of what templates say; null when they do.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? Content { get; init; }

    /// <summary>What it carries besides its text; null for nothing.</summary>
    public MessageExtras? Extras { get; init; }

    /// <summary>Words of the producer's that are given back.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = BusinessKeys.None;

    /// <summary>Channels the event itself asks for; null for those configured.</summary>
    public IReadOnlyList<string>? Channels { get; init; }

    /// <summary>The business keys by which the notification is found.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; init; } = BusinessKeys.None;

    /// <summary>True when the producer gave the keys as such; false when its map reads them from what the event says anyway.</summary>
    public bool KeysAreGiven { get; init; }

    /// <summary>When it is to be sent, as the producer says; null for at once, and for as long as its category says.</summary>
    public SendSchedule? Schedule { get; init; }

    /// <summary>The breaches in the event's own values, by its map.</summary>
    public IReadOnlyList<Breach> Breaches { get; init; } = [];

    /// <summary>The parts of the event that were cut or left out, for a person to read.</summary>
    public IReadOnlyList<string> Decisions { get; init; } = [];

    /// <summary>
    /// A hash over what matters to the notification: a repetition of its event gives the same, and another event under its name does not.
    /// </summary>
    public Guid Fingerprint() => Model.Fingerprint.Of(this);
}
