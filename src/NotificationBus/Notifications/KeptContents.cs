using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;

namespace NotificationBus.Notifications;

/// <summary>Answers what was in a delivery, as long as the record keeps it.</summary>
public sealed class KeptContents(
    INotificationStore store,
    IContentStore contents,
    IAttemptLedger ledger,
    ContentPacking packing,
    ChannelSet channels,
    KeptFiles files
)
{
    /// <summary>Finds what a delivery says: what its last call said, or, before the first, what was planned.</summary>
    /// <exception cref="ContentKeyException">It is encrypted with a key that this host does not have.</exception>
    public async Task<KeptContent> Find(Guid notificationId, Guid deliveryId, CancellationToken cancellationToken)
    {
        if (await store.Load(notificationId, cancellationToken) is not { } notification)
            return new KeptContent.NoNotification();
        if (notification.Deliveries.FirstOrDefault(delivery => delivery.Id == deliveryId) is not { } delivery)
            return new KeptContent.NoDelivery();
        if (notification.Contents is not { } set)
            return new KeptContent.NeverKept();

        var calls = await ledger.AttemptsOf(notificationId, deliveryId, cancellationToken);
        var said = calls.LastOrDefault(call => call.Content is not null)?.Content;
        var (content, isPlanned) = await Of(notificationId, set, delivery.Channel, said, cancellationToken);
        return content is null
            ? new KeptContent.Gone()
            : new KeptContent.There(
                new ContentView
                {
                    NotificationId = notificationId,
                    DeliveryId = deliveryId,
                    Channel = delivery.Channel,
                    Template = content.Template?.Name,
                    Language = content.Template?.Language,
                    TemplateVersion = content.Template?.Version,
                    Hash = content.Hash,
                    IsPlanned = isPlanned,
                    Parts =
                    [
                        .. content.Parts.Select(part => new ContentPartView
                        {
                            Name = part.Name,
                            Hash = packing.HashOf([part]),
                            Text = part.Text,
                        }),
                    ],
                    Files = await Files(notificationId, content, delivery, cancellationToken),
                }
            );
    }

    async Task<IReadOnlyList<ContentFileView>> Files(
        Guid notificationId,
        FrozenContent content,
        DeliveryState delivery,
        CancellationToken cancellationToken
    )
    {
        if (channels.Find(content.Channel) is not { } channel || channel.ExtrasIn(content.Parts).Count == 0)
            return [];

        var views = new List<ContentFileView>();
        foreach (var file in content.On(channel).Files)
        {
            var kept = await files.Find(notificationId, file, cancellationToken);
            views.Add(
                new ContentFileView
                {
                    Name = file.Name,
                    Url = file.Url,
                    ContentType = kept?.ContentType ?? file.ContentType,
                    Octets = kept?.Octets,
                    Missing = kept is null && delivery.Code == ReasonCode.NoAttachment ? delivery.Reason : null,
                }
            );
        }

        return views;
    }

    /// <summary>Finds what one call of a delivery has said; null when it was never kept, or is not any longer.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="delivery">The delivery.</param>
    /// <param name="said">The hash of what the call has said; null when it was not noted.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ContentKeyException">It is encrypted with a key that this host does not have.</exception>
    /// <exception cref="InvalidDataException">It cannot be read.</exception>
    internal async Task<FrozenContent?> Of(
        NotificationState notification,
        DeliveryState delivery,
        Guid? said,
        CancellationToken cancellationToken
    ) =>
        notification.Contents is { } set
            ? (await Of(notification.CorrelationId, set, delivery.Channel, said, cancellationToken)).Content
            : null;

    async Task<(FrozenContent? Content, bool IsPlanned)> Of(
        Guid notificationId,
        Guid set,
        string channel,
        Guid? said,
        CancellationToken cancellationToken
    )
    {
        var planned = (await Read(notificationId, set, cancellationToken))?.On(channel);
        return said is null || said == planned?.Hash
            ? (planned, true)
            : ((await Read(notificationId, said.Value, cancellationToken))?.On(channel), false);
    }

    async Task<FrozenContents?> Read(Guid notificationId, Guid hash, CancellationToken cancellationToken) =>
        await contents.Find(notificationId, hash, cancellationToken) is { } kept ? packing.Unpack(kept.Hash, kept.Body) : null;
}

/// <summary>The answer to what was in a delivery: one of these.</summary>
public abstract record KeptContent
{
    KeptContent() { }

    /// <summary>It is on record.</summary>
    public sealed record There(ContentView View) : KeptContent;

    /// <summary>There is no such notification.</summary>
    public sealed record NoNotification : KeptContent;

    /// <summary>The notification has no such delivery.</summary>
    public sealed record NoDelivery : KeptContent;

    /// <summary>It was never kept: an earlier version has begun the notification.</summary>
    public sealed record NeverKept : KeptContent;

    /// <summary>It was kept, and is not any longer.</summary>
    public sealed record Gone : KeptContent;
}

/// <summary>What was in a delivery, whole: it holds what only its recipient should read.</summary>
public sealed record ContentView
{
    /// <summary>The notification.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The channel.</summary>
    public required string Channel { get; init; }

    /// <summary>
    /// The template, such as <c>order-placed/email.th</c>; null for a channel that sends data, and for what its producer gave.
    /// </summary>
    public string? Template { get; init; }

    /// <summary>The language of the template.</summary>
    public string? Language { get; init; }

    /// <summary>The version of the template.</summary>
    public string? TemplateVersion { get; init; }

    /// <summary>A hash over all parts; the attempts have it too.</summary>
    public required Guid Hash { get; init; }

    /// <summary>False when it was filled again after the plan (<see cref="TextsPolicy.Latest"/>).</summary>
    public required bool IsPlanned { get; init; }

    /// <summary>The parts.</summary>
    public required IReadOnlyList<ContentPartView> Parts { get; init; }

    /// <summary>The files it is sent with.</summary>
    public IReadOnlyList<ContentFileView> Files { get; init; } = [];
}

/// <summary>A file that a delivery is sent with.</summary>
public sealed record ContentFileView
{
    /// <summary>The name readers see.</summary>
    public required string Name { get; init; }

    /// <summary>The URL it is fetched from.</summary>
    public required string Url { get; init; }

    /// <summary>Its type; before it was fetched the one it must have, null for any.</summary>
    public string? ContentType { get; init; }

    /// <summary>How many octets it has; null when it was not fetched yet, or is not kept any longer.</summary>
    public int? Octets { get; init; }

    /// <summary>The reason why the delivery goes without it, or waits; null when there is none.</summary>
    public string? Missing { get; init; }
}

/// <summary>One part of what was in a delivery.</summary>
public sealed record ContentPartView
{
    /// <summary>The name, such as <c>subject</c>.</summary>
    public required string Name { get; init; }

    /// <summary>A hash over it.</summary>
    public required Guid Hash { get; init; }

    /// <summary>The text.</summary>
    public required string Text { get; init; }
}
