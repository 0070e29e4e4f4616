using System.Collections.Frozen;
using MassTransit;
using Microsoft.Extensions.Logging;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Telemetry;

namespace NotificationBus.Sending;

/// <summary>
/// Reports results to the saga, and waits until it has taken them where it runs in this process, or until the broker has them, through the
/// bus as <see cref="Outgoing.OutgoingPublisher"/> does.
/// </summary>
public sealed partial class ResultReporter
{
    readonly IBus _bus;
    readonly PublishLimit _limit;
    readonly IResultHandler? _saga;
    readonly ILogger<ResultReporter> _log;
    readonly FrozenDictionary<Lane, Batcher<DeliveryResult>> _lanes;

    /// <summary>Reports to the saga here, or through that bus.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="limit">The time limit of each publish.</param>
    /// <param name="log">Told when the saga of this process fails with a result.</param>
    /// <param name="metrics">Told how many results share a message.</param>
    /// <param name="saga">The saga of this process; null where it runs in others.</param>
    public ResultReporter(IBus bus, PublishLimit limit, ILogger<ResultReporter> log, FlowMetrics metrics, IResultHandler? saga = null)
    {
        _log = log;
        _saga = saga;
        _bus = bus;
        _limit = limit;
        // Whatever fails here concerns the broker, and so all of them.
        _lanes = Enum.GetValues<Lane>()
            .ToFrozenDictionary(
                lane => lane,
                lane => new Batcher<DeliveryResult>(
                    result => result.DeliveryId,
                    results => Send(lane, results),
                    _ => false,
                    sized: results => metrics.Batched("results", results)
                )
            );
    }

    /// <summary>
    /// Reports the result of a command, which must not be acknowledged before. When it goes through the broker, in one message with those
    /// that are reported at the same time.
    /// </summary>
    /// <exception cref="BrokerUnavailableException">The broker did not confirm in time. It may have arrived all the same.</exception>
    /// <exception cref="System.Data.Common.DbException">The database was away when the saga here took it.</exception>
    public Task Report(ConsumeContext<SendDelivery> command, DeliveryResult result)
    {
        var lane = command.Message.Lane;
        return _saga is null
            ? Send()
            : LocalFirst.Take(TakenHere, Send, failure => NotTakenHere(failure, result.DeliveryId, command.Message.NotificationId));

        async Task<bool> TakenHere()
        {
            await _saga.Take(command, lane, result);
            return true;
        }

        Task Send() => _lanes[lane].Run(result, CancellationToken.None);
    }

    /// <summary>Reports one result in a message of its own.</summary>
    /// <exception cref="BrokerUnavailableException">The broker did not confirm in time. It may have arrived all the same.</exception>
    internal async Task ReportAlone(Lane lane, DeliveryResult result)
    {
        var saga = await _bus.GetSendEndpoint(SagaEndpoint.Of(lane));
        var message = result.IsKnown ? result.Message : new DeliveryResults { Results = [result] };
        await _limit.Await(
            saga.Send(
                message,
                send =>
                {
                    send.MessageId = result.MessageId;
                    send.ConversationId = result.ConversationId;
                },
                CancellationToken.None
            )
        );
    }

    async Task Send(Lane lane, IReadOnlyList<DeliveryResult> results)
    {
        if (results is [var only])
        {
            await ReportAlone(lane, only);
        }
        else
        {
            var saga = await _bus.GetSendEndpoint(SagaEndpoint.Of(lane));
            await _limit.Await(saga.Send(new DeliveryResults { Results = results }, CancellationToken.None));
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "The saga here failed with the result of delivery {DeliveryId} of notification {NotificationId}, which is sent to it"
    )]
    partial void NotTakenHere(Exception exception, Guid deliveryId, Guid notificationId);
}
