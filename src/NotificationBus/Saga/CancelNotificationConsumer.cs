using MassTransit;
using Microsoft.Extensions.Logging;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Saga;

/// <summary>Cancels a notification, also one whose event has yet to come.</summary>
public sealed partial class CancelNotificationConsumer(
    INotificationStore store,
    Cancellations cancellations,
    WaitingCancellations waiting,
    IMessageApplications applications,
    TimeProvider clock,
    ILogger<CancelNotificationConsumer> log
) : IConsumer<CancelNotification>
{
    // It may be faster than its event, which waits in a queue of its own: campaigns wait for hours.
    static readonly TimeSpan FirstLookAgain = TimeSpan.FromMilliseconds(250);

    static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    /// <inheritdoc />
    public async Task Consume(ConsumeContext<CancelNotification> context)
    {
        var command = context.Message;
        var application = applications.Of(context.ReceiveContext);
        if (await store.Load(command.NotificationId, context.CancellationToken) is not { } notification)
        {
            await LookAgain(context, application);
            return;
        }

        waiting.Forget(Place(command.NotificationId, application));
        // Ids can be guessed. Whoever asks is told nothing: as if it had never come.
        if (notification.Application != application && application != Applications.Platform)
        {
            OfAnotherApplication(command.NotificationId, application);
            return;
        }

        // What has ended may be taken up again, when what was sent comes back. That is not what this was about.
        if (notification.CompletedAt is not null)
        {
            await store.Confirm(context.CancellationToken);
            return;
        }

        await cancellations.CallOff(
            notification,
            CancellationReasons.CancelledBy(command.By, command.Why),
            DeterministicId.From("deliveries-stopped", $"{context.InputId():N}"),
            context.CancellationToken
        );
    }

    /// <summary>Not held here meanwhile: its event may be next in the queue.</summary>
    async Task LookAgain(ConsumeContext<CancelNotification> context, string application)
    {
        var command = context.Message;
        var (id, by, now) = (command.NotificationId, command.By, clock.GetUtcNow());
        var place = Place(id, application);
        // Whoever may publish may say anything: what is yet to come has not waited at all.
        var since = command.WaitingSince is { } said && said < now ? said : now;
        var waited = now - since;
        if (waited > Patience)
        {
            // Not set aside: whoever asks to cancel what never was would fill the failed messages.
            waiting.Forget(place);
            NeverCame(id, Patience);
            return;
        }

        // Also what says that it has waited: of several that wait for the same, one goes on.
        if (waiting.Waits(place, hasWaited: command.WaitingSince is not null))
            return;
        if (!waiting.HasRoomFor(place, by))
        {
            if (waiting.CountRefused() is { } times)
                TooManyWait(id, by, WaitingCancellations.MostOfOne, WaitingCancellations.Most, times);
            return;
        }

        // Its event may be taken, and sent, between two looks. What never was, and anybody may ask for, is looked for twenty times in all:
        // after as long again as it has waited.
        var wait = waited < FirstLookAgain ? FirstLookAgain : waited;
        await context.ScheduleSend(
            SagaEndpoint.Of(Lane.Transactional),
            (now + wait).UtcDateTime,
            command with
            {
                WaitingSince = since,
            },
            Pipe.Execute<SendContext<CancelNotification>>(send => applications.Name(send, application)),
            context.CancellationToken
        );
        waiting.Remember(place, by, wait);
    }

    /// <summary>Where it waits: what one application asks for is not in the way of another one.</summary>
    static Guid Place(Guid notificationId, string application) =>
        application == Applications.Default ? notificationId : DeterministicId.From("waiting", $"{notificationId:N}", application);

    [LoggerMessage(
        LogLevel.Information,
        "Notification {NotificationId} was to be cancelled by application {Application}, to which it does not belong; it goes on"
    )]
    partial void OfAnotherApplication(Guid notificationId, string application);

    [LoggerMessage(LogLevel.Warning, "Notification {NotificationId} was to be cancelled, and its event did not come within {Patience}")]
    partial void NeverCame(Guid notificationId, TimeSpan patience);

    [LoggerMessage(
        LogLevel.Warning,
        "Notification {NotificationId} was to be cancelled by {By} and is not on record; its event is not waited for, "
            + "because {MostOfOne} of theirs or {Most} in all wait already ({Times} since this was said last)"
    )]
    partial void TooManyWait(Guid notificationId, string by, int mostOfOne, int most, int times);
}
