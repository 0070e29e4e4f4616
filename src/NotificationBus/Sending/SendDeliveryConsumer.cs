using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Providers;
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
    DeliveryFiles files,
    Redelivery redelivery,
    ResultReporter reporter,
    FlowMetrics metrics
) : IConsumer<SendDelivery>, ILocalSender
{
    /// <inheritdoc />
    public async Task Consume(ConsumeContext<SendDelivery> context)
    {
        var channel = ChannelOf(context.Message);
        var disposition = await bulkhead.Send(context.Message, () => pipeline.Run(context, channel), context.CancellationToken);
        await Settle(
            context,
            disposition is Disposition.NeedsFiles { Delivery: var delivery } ? await WithFiles(context, channel, delivery) : disposition
        );
    }

    /// <inheritdoc />
    public async Task<bool> ConsumeSoon(ConsumeContext<SendDelivery> context)
    {
        var channel = ChannelOf(context.Message);
        // A saga's input is not held for a server of files: from its queue it is fetched.
        if (context.TryGetPayload(out SentHere? here) && here.Content?.On(channel).Files.Count > 0)
            return false;
        var disposition = await bulkhead.SendSoon(context.Message, () => pipeline.Run(context, channel), context.CancellationToken);
        if (disposition is null or Disposition.NeedsFiles)
            return false;

        await Settle(context, disposition);
        return true;
    }

    /// <summary>Fetches the files without a turn, and sends it in another.</summary>
    async Task<Disposition> WithFiles(ConsumeContext<SendDelivery> context, IChannel channel, Delivery delivery)
    {
        HeldFiles held;
        try
        {
            held = await files.Take(context.Message, delivery.Content, context.CancellationToken);
        }
        catch (FileMissingException missing)
        {
            return await pipeline.Without(context.Message, missing, context.CancellationToken);
        }

        using (held)
            return await bulkhead.Send(context.Message, () => pipeline.Resume(context, channel, delivery, held), context.CancellationToken);
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
