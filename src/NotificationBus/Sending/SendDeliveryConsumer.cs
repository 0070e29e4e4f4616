using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Telemetry;

namespace NotificationBus.Sending;

/// <summary>
/// Takes a command from the queue of a channel, has it sent in its turn (<see cref="SendPipeline"/>), and does after that what the turn has
/// decided: the result is reported, or the command is put off.
/// </summary>
public sealed class SendDeliveryConsumer(
    ChannelSet channels,
    SendBulkhead bulkhead,
    SendPipeline pipeline,
    Redelivery redelivery,
    ResultReporter reporter,
    FlowMetrics metrics
) : IConsumer<SendDelivery>, ILocalSender
{
    /// <inheritdoc />
    public async Task Consume(ConsumeContext<SendDelivery> context)
    {
        var channel = ChannelOf(context.Message);
        await Settle(context, await bulkhead.Send(context.Message, () => pipeline.Run(context, channel), context.CancellationToken));
    }

    /// <inheritdoc />
    public async Task<bool> ConsumeSoon(ConsumeContext<SendDelivery> context)
    {
        var channel = ChannelOf(context.Message);
        if (
            await bulkhead.SendSoon(context.Message, () => pipeline.Run(context, channel), context.CancellationToken) is not { } disposition
        )
            return false;

        await Settle(context, disposition);
        return true;
    }

    IChannel ChannelOf(SendDelivery command) =>
        channels.Find(command.Channel)
        ?? throw new InvalidEventException($"there is no channel '{command.Channel}', only {channels.Names}");

    Task Settle(ConsumeContext<SendDelivery> context, Disposition disposition) =>
        disposition switch
        {
            Disposition.Report report => reporter.Report(context, ResultOf(context, report)),
            Disposition.PutOff later => PutOff(context, later),
            _ => Task.CompletedTask,
        };

    async Task PutOff(ConsumeContext<SendDelivery> context, Disposition.PutOff later)
    {
        await redelivery.PutOff(context, later);
        metrics.Redelivered(later.Command.Channel, later.Code);
    }

    /// <summary>Under an id that is the same when the command comes again, so that the saga takes it once.</summary>
    static DeliveryResult ResultOf(ConsumeContext<SendDelivery> context, Disposition.Report report) =>
        new()
        {
            MessageId = DeterministicId.From([
                "result",
                $"{context.Message.DeliveryId:N}",
                $"{report.Number}",
                report.Result.GetType().Name,
                .. Again(context.Message),
            ]),
            ConversationId = context.ConversationId,
            Sent = report.Result as DeliverySent,
            Failed = report.Result as DeliveryFailed,
            Expired = report.Result as DeliveryExpired,
            Held = report.Result as DeliveryHeld,
            Cancelled = report.Result as DeliveryCancelled,
        };

    // The saga has taken, and left alone, what was reported before the delivery was taken up again.
    static IEnumerable<string> Again(SendDelivery command) => command.Reopened > 0 ? [$"{command.Reopened}"] : [];
}
