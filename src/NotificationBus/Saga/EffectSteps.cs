using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Planning;

namespace NotificationBus.Saga;

/// <summary>What follows from a notification as it is.</summary>
sealed class EffectSteps(PlanningRules planning)
{
    /// <summary>
    /// Derives the effects of a notification as it is: the commands of what is being sent, and the outcome. Some of it may not have
    /// left when whoever made the step ended, and nobody knows what.
    /// </summary>
    /// <param name="notification">The notification.</param>
    /// <param name="putOff">The deliveries whose commands come again by themselves.</param>
    public Effects Follow(NotificationState notification, IReadOnlySet<Guid> putOff)
    {
        var effects = new Effects { Outcome = notification.CompletedAt is null ? null : Outcome.Of(notification) };
        var sending = notification.Deliveries.Where(delivery => delivery.Status == DeliveryStatus.Sending && !putOff.Contains(delivery.Id));
        foreach (var delivery in sending)
            effects.Commands.Add(Command(notification, delivery));
        return effects;
    }

    /// <summary>The command of a delivery that is to be sent later, which says for what it waits.</summary>
    public static SendDelivery Waiting(SendDelivery command, DateTimeOffset until, DateTimeOffset now)
    {
        var reason = $"it is to be sent at {until.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss'Z'}";
        return command with
        {
            WaitingFor = reason,
            WaitingCode = ReasonCode.Scheduled,
            Decisions =
            [
                new DeliveryDecision
                {
                    At = now,
                    Code = ReasonCode.Scheduled,
                    Until = until,
                    Text = reason,
                },
            ],
        };
    }

    /// <inheritdoc cref="PlanningRules.CommandFor" />
    public SendDelivery Command(NotificationState notification, DeliveryState delivery) => planning.CommandFor(notification, delivery);
}
