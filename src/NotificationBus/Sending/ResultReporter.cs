using System.Collections.Frozen;

using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.Messaging;

namespace NotificationBus.Sending;

/// <summary>
/// Reports results to the saga, and waits until the broker has them. Through the bus and not through the channel a command came by:
/// that one does not come back after an outage of the broker, and the worker would try in vain for as long as it tries.
/// </summary>
public sealed class ResultReporter
{
    readonly IBus _bus;
    readonly PublishLimit _limit;
    readonly FrozenDictionary<Lane, Gathering<DeliveryResult, bool>> _lanes;

    /// <summary>Reports through that bus.</summary>
    public ResultReporter(IBus bus, PublishLimit limit)
    {
        _bus = bus;
        _limit = limit;
        // Whatever fails here concerns the broker, and so all of them.
        _lanes = Enum.GetValues<Lane>().ToFrozenDictionary(
            lane => lane,
            lane => new Gathering<DeliveryResult, bool>(result => result.DeliveryId, results => Send(lane, results), _ => false));
    }

    /// <summary>Reports one result, in one message with those that are reported at the same time.</summary>
    /// <exception cref="BrokerUnavailableException">The broker did not confirm in time. It may have arrived all the same.</exception>
    public Task Report(Lane lane, DeliveryResult result, CancellationToken cancellationToken) => _lanes[lane].Run(result, cancellationToken);

    /// <summary>Reports one result in a message of its own.</summary>
    /// <exception cref="BrokerUnavailableException">The broker did not confirm in time. It may have arrived all the same.</exception>
    internal async Task ReportAlone(Lane lane, DeliveryResult result)
    {
        var saga = await _bus.GetSendEndpoint(SagaEndpoint.Of(lane));
        var message = result.IsKnown ? result.Message : new DeliveryResults { Results = [result] };
        await _limit.Await(saga.Send(message, send =>
        {
            send.MessageId = result.MessageId;
            send.ConversationId = result.ConversationId;
        }, CancellationToken.None));
    }

    async Task<Func<DeliveryResult, bool>> Send(Lane lane, IReadOnlyList<DeliveryResult> results)
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

        return _ => true;
    }
}
