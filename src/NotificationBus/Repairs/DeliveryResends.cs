using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Intake.Maps;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;

namespace NotificationBus.Repairs;

/// <summary>
/// Sends one delivery that has ended once more, as a notification of its own: the repair of one address. Its name follows from the
/// delivery, so that whoever asks again, at whatever host, begins nothing.
/// </summary>
public sealed class DeliveryResends(
    INotificationStore store,
    ChannelSet channels,
    RepairJudgement judgement,
    RepairForecast forecast,
    IAttemptLedger ledger,
    NotificationIntake intake,
    TimeProvider clock
)
{
    static readonly NotificationRequestedMap Map = new();

    /// <summary>Sends a delivery once more.</summary>
    /// <param name="notificationId">The notification.</param>
    /// <param name="deliveryId">The delivery.</param>
    /// <param name="who">Whoever asks for it.</param>
    /// <param name="cancellationToken">Gives up, before anything has happened.</param>
    /// <returns>The notification that was begun, now or before, or why there is none.</returns>
    /// <exception cref="IntakeClosedException">It would be lost.</exception>
    /// <exception cref="IntakeBusyException">Too much is being taken already.</exception>
    /// <exception cref="Messaging.BrokerUnavailableException">The broker did not confirm in time. To ask again is harmless.</exception>
    public async Task<Resent> Resend(Guid notificationId, Guid deliveryId, string who, CancellationToken cancellationToken)
    {
        if (await store.Load(notificationId, cancellationToken) is not { } notification)
            return Resent.Not(ResendRefusal.UnknownNotification);
        if (notification.Deliveries.FirstOrDefault(one => one.Id == deliveryId) is not { } delivery)
            return Resent.Not(ResendRefusal.UnknownDelivery);
        if (Standing(delivery) is { } standing)
            return Resent.Not(standing);
        if (ErasedRecipient.Is(notification))
            return Resent.Not(ResendRefusal.Erased);

        var id = RepairRequests.IdOf(notification, delivery);
        if (await store.Load(id, cancellationToken) is { } begun)
        {
            return new Resent
            {
                Answer = new IntakeAnswer(id)
                {
                    Earlier = new EarlierNotification(begun.CurrentState, begun.CompletedAt is not null, begun.Fingerprint),
                },
            };
        }

        if (await judgement.WhyNothingMayBegin(notification, cancellationToken) is { } taken)
            return taken == RepairExclusion.RepairedBefore
                ? Resent.Not(ResendRefusal.RepairedBefore, $"{RepairRequests.IdOf(notification)}")
                : Resent.Not(ResendRefusal.Withdrawn);
        if (channels.Find(delivery.Channel) is not { } channel)
            return Resent.Not(ResendRefusal.WouldFail, $"channel {channels.NoChannel(delivery.Channel)}");

        var request = RepairRequests.Of(notification, delivery, channel, clock.GetUtcNow());
        if (await forecast.WhyNot(notification, Map.Read(request, Guid.Empty, notification.Application), cancellationToken) is { } why)
            return Resent.Not(why.Reason == RepairExclusion.Suppressed ? ResendRefusal.Suppressed : ResendRefusal.WouldFail, why.Detail);

        // From here on it is not cancelled with the request: whoever hangs up after a click has clicked.
        if (!delivery.IsSent() && await IsBeingCalled(notification, delivery, id, who))
            return Resent.Not(ResendRefusal.UnderWay);

        var answer = await intake.Accept(Map, request, application: notification.Application);
        return new Resent { Answer = answer, IsNew = answer.IsNew };
    }

    /// <summary>Has no call begin any more for what has ended: its command may be among the failed messages, and be replayed.</summary>
    async Task<bool> IsBeingCalled(NotificationState notification, DeliveryState delivery, Guid id, string who)
    {
        var attempts = await ledger.Cancel(
            notification.CorrelationId,
            delivery.Id,
            delivery.Channel,
            $"{who}: it is sent again as notification {id}",
            CancellationToken.None
        );
        return attempts.Any(attempt => attempt.Status == AttemptStatus.Started && attempt.LeaseUntil > clock.GetUtcNow());
    }

    static ResendRefusal? Standing(DeliveryState delivery) =>
        delivery.Status switch
        {
            DeliveryStatus.Waiting or DeliveryStatus.Sending => ResendRefusal.UnderWay,
            DeliveryStatus.Held => ResendRefusal.Held,
            DeliveryStatus.NotNeeded => ResendRefusal.NotNeeded,
            // For good: that the withdrawal itself is forgotten some day makes it no less withdrawn.
            DeliveryStatus.Cancelled when delivery.Code == ReasonCode.Withdrawn => ResendRefusal.Withdrawn,
            _ => null,
        };
}

/// <summary>The outcome of a resend.</summary>
public sealed record Resent
{
    /// <summary>The notification that was begun; null when none was.</summary>
    public IntakeAnswer? Answer { get; init; }

    /// <summary>True when this call has begun it, as far as anybody knows.</summary>
    public bool IsNew { get; init; }

    /// <summary>The reason why none was begun.</summary>
    public ResendRefusal Refusal { get; init; }

    /// <summary>The same for a person to read, where there is more to say.</summary>
    public string? Detail { get; init; }

    /// <summary>The outcome that nothing was begun.</summary>
    internal static Resent Not(ResendRefusal refusal, string? detail = null) => new() { Refusal = refusal, Detail = detail };
}

/// <summary>The reason why a delivery is not sent once more.</summary>
public enum ResendRefusal
{
    /// <summary>There is no such notification.</summary>
    UnknownNotification,

    /// <summary>The notification has no such delivery.</summary>
    UnknownDelivery,

    /// <summary>It has not ended, or a provider is being called for it.</summary>
    UnderWay,

    /// <summary>Nobody knows whether it was sent: that is decided first.</summary>
    Held,

    /// <summary>It was never to be sent: another channel has reached the recipient.</summary>
    NotNeeded,

    /// <summary>Its business key was withdrawn.</summary>
    Withdrawn,

    /// <summary>All of the notification was begun anew by a repair.</summary>
    RepairedBefore,

    /// <summary>Its recipient is erased: nobody knows any more where it went, or what it said.</summary>
    Erased,

    /// <summary>The address is suppressed.</summary>
    Suppressed,

    /// <summary>Today's settings and texts would send nothing, or its producer gave what it says.</summary>
    WouldFail,
}
