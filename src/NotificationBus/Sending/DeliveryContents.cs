using MassTransit;
using Microsoft.Extensions.Logging;
using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Providers;
using NotificationBus.Templates;

namespace NotificationBus.Sending;

/// <summary>
/// Finds what a delivery says: what was filled when it was planned, and with <see cref="TextsPolicy.Latest"/> what was filled for its first
/// call. A vendor that is asked again under the same key is told the same.
/// </summary>
public sealed partial class DeliveryContents(
    ITemplates templates,
    PlanningRules planning,
    ContentPacking packing,
    IContentStore store,
    IAttemptLedger ledger,
    ILogger<DeliveryContents> log
)
{
    /// <summary>Finds the content of a delivery.</summary>
    /// <returns>The content, and whether it was filled after the plan.</returns>
    /// <exception cref="TemplateException">
    /// A command of an earlier version: its template has changed since the plan. Or it was given, and is no longer kept.
    /// </exception>
    /// <exception cref="ContentKeyException">It is encrypted with a key that this host does not have.</exception>
    internal async ValueTask<(FrozenContent Content, bool IsFilledAgain)> Of(ConsumeContext<SendDelivery> context, IChannel channel)
    {
        var command = context.Message;
        if (context.TryGetPayload(out SentHere? here) && here.Content is { } justPlanned)
            return (justPlanned, false);
        // The data travels with the command, and nothing is filled.
        if (channel.Parts.Count == 0)
            return (packing.Freeze(channel.Name, template: null, channel.Carry(command.Data)), false);
        if (command.Content is not { } content)
            return (Fill(command, channel, extras: []), true);
        if (await Planned(command, content, context.CancellationToken) is not { } planned)
        {
            if (content.IsGiven)
                throw new TemplateException("what its producer gave it to say is no longer kept (Retention:Contents)");
            if (content.HasExtras)
                throw new TemplateException("what its producer gave it to carry is no longer kept (Retention:Contents)");

            NotKept(command.DeliveryId, command.NotificationId);
            return await AsFirstSent(command, channel, planned: null, context.CancellationToken);
        }

        return !content.IsGiven && planning.RuleOf(command.Category).Texts == TextsPolicy.Latest
            ? await AsFirstSent(command, channel, planned, context.CancellationToken)
            : (planned, false);
    }

    async ValueTask<FrozenContent?> Planned(SendDelivery command, DeliveryContent content, CancellationToken cancellationToken)
    {
        if (content is { Body: { } body, Hash: { } hash })
            return packing.Unpack(hash, body).On(command.Channel);

        return await store.Find(command.NotificationId, content.Set, cancellationToken) is { } kept
            ? packing.Unpack(kept.Hash, kept.Body).On(command.Channel)
            : null;
    }

    /// <summary>What the first call has said, or, when none was made yet, what the template says now.</summary>
    async Task<(FrozenContent Content, bool IsFilledAgain)> AsFirstSent(
        SendDelivery command,
        IChannel channel,
        FrozenContent? planned,
        CancellationToken cancellationToken
    )
    {
        var calls = await ledger.AttemptsOf(command.NotificationId, command.DeliveryId, cancellationToken);
        if (calls.LastOrDefault(call => call.Content is not null) is { Content: { } said })
        {
            if (said == planned?.Hash)
                return (planned, false);
            if (await store.Find(command.NotificationId, said, cancellationToken) is { } kept)
                return (packing.Unpack(kept.Hash, kept.Body).All[0], true);
        }

        FrozenContent filled;
        try
        {
            filled = Fill(command, channel, channel.ExtrasIn(planned?.Parts ?? []));
        }
        catch (TemplateException) when (planned is not null)
        {
            return (planned, false);
        }

        if (filled.Hash == planned?.Hash)
            return (planned, false);

        // Before the call: whoever comes after this process must find it.
        await store.Keep(command.NotificationId, packing.Pack(filled), cancellationToken);
        return (filled, true);
    }

    // What it carries besides is no matter of templates, and stays as it was planned.
    FrozenContent Fill(SendDelivery command, IChannel channel, IReadOnlyList<ContentPart> extras)
    {
        var texts = templates.For(command.Application);
        return packing.Freeze(
            channel.Name,
            texts.SourceOf(command.Category, channel.Name, command.Locale),
            channel.Carrying(texts.Render(command.Category, channel, command.Locale, command.RecipientName, command.Data), extras)
        );
    }

    [LoggerMessage(
        LogLevel.Warning,
        "What was planned for delivery {DeliveryId} of notification {NotificationId} is gone (Retention:Contents), and filled again"
    )]
    partial void NotKept(Guid deliveryId, Guid notificationId);
}
