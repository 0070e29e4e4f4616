using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Intake.Maps;

/// <summary>The general event: the producer names recipient, category and variables itself.</summary>
public sealed class NotificationRequestedMap : EventMap<NotificationRequested>
{
    /// <inheritdoc />
    public override string Name => "notification-requested";

    /// <inheritdoc />
    public override string RecipientProperty => "recipient";

    /// <inheritdoc />
    public override string? EventId(NotificationRequested happened) => happened.EventId;

    /// <inheritdoc />
    public override Contact Recipient(NotificationRequested happened) => happened.Recipient;

    /// <inheritdoc />
    protected override string Category(NotificationRequested happened) => happened.Category;

    /// <inheritdoc />
    protected override IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? Content(NotificationRequested happened) =>
        happened.Content;

    /// <inheritdoc />
    protected override MessageExtras? Extras(NotificationRequested happened) => MessageExtras.Of(happened.Email, happened.Push);

    /// <inheritdoc />
    protected override IReadOnlyDictionary<string, string>? Metadata(NotificationRequested happened) => happened.Metadata;

    /// <inheritdoc />
    protected override IReadOnlyList<string>? Channels(NotificationRequested happened) => happened.Channels;

    /// <inheritdoc />
    protected override IReadOnlyDictionary<string, string> Keys(NotificationRequested happened) => happened.Keys ?? BusinessKeys.None;

    /// <inheritdoc />
    protected override bool KeysAreGiven => true;

    /// <inheritdoc />
    protected override (SendSchedule? Schedule, IReadOnlyList<Breach> Breaches) Schedule(NotificationRequested happened) =>
        SendTimes.Read(happened.SendAt, happened.TimeZone, happened.Delay, happened.ExpiresAt);

    /// <inheritdoc />
    protected override JsonElement Variables(NotificationRequested happened) => TemplateVariables.Of(happened.Data);
}
