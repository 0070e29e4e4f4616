using System.Text.Json;
using System.Text.Json.Serialization;
using MassTransit;
using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using Polly;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.Client;

/// <summary>Notifications over the bus: mandatory, and confirmed by the broker.</summary>
sealed class BusNotifications(IBus bus, IOptions<NotificationBusClientOptions> options, TimeProvider clock) : INotifications
{
    const int Together = 64;

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    readonly ResiliencePipeline _tries = Persistence.Of(options.Value.Patience, clock);

    /// <inheritdoc />
    public async Task<IReadOnlyList<SentNotification>> Send<TEvent>(TEvent happened, CancellationToken cancellationToken = default)
        where TEvent : class
    {
        await Publish(happened, cancellationToken);
        return [];
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<SentItem>> SendMany<TEvent>(
        IEnumerable<TEvent> happened,
        string key,
        IProgress<SentItem>? progress = null,
        CancellationToken cancellationToken = default
    )
        where TEvent : class
    {
        var all = ManyEvents.Of(happened, key, Json);
        var sent = new List<SentItem>(all.Count);
        // So many confirms are waited for at once.
        foreach (var some in all.Index().Chunk(Together))
        {
            await Task.WhenAll(some.Select(one => Publish(one.Item.Body.Deserialize<TEvent>(Json)!, cancellationToken)));
            foreach (var (index, (eventId, _)) in some)
            {
                sent.Add(new SentItem(index, eventId));
                progress?.Report(sent[^1]);
            }
        }

        return sent;
    }

    /// <inheritdoc />
    public async Task<Cancellation> Cancel(Guid notificationId, string by, string why, CancellationToken cancellationToken = default)
    {
        var command = new CancelNotification
        {
            NotificationId = notificationId,
            By = by,
            Why = why,
        };
        await Publish(command, cancellationToken);
        return Cancellation.Asked;
    }

    /// <inheritdoc />
    public async Task<Withdrawal?> Withdraw(WithdrawNotifications withdrawal, CancellationToken cancellationToken = default)
    {
        await Publish(withdrawal, cancellationToken);
        return null;
    }

    Task<bool> Publish(object message, CancellationToken cancellationToken)
    {
        // One for all tries of this call: without an event id it is what names the event.
        var id = NewId.NextGuid();
        return _tries.Call(
            async cancellation =>
            {
                try
                {
                    await bus.Publish(
                        message,
                        message.GetType(),
                        Pipe.Execute<PublishContext>(publish => Prepare(publish, id)),
                        cancellation
                    );
                    return true;
                }
                catch (MessageReturnedException exception)
                {
                    throw new NotificationRefusedException(
                        $"no queue takes {message.GetType().Name}: has a worker of NotificationBus ever started on this virtual host, "
                            + "and does it know this event?",
                        exception
                    );
                }
                catch (Exception exception) when (IsPassing(exception))
                {
                    throw new PassingException(exception);
                }
            },
            cancellationToken
        );
    }

    static void Prepare(PublishContext publish, Guid id)
    {
        publish.MessageId = id;
        publish.Durable = true;
        // Without it the broker confirms what no queue takes, and drops it.
        if (publish.TryGetPayload(out RabbitMqSendContext? rabbit))
            rabbit.Mandatory = true;
    }

    static bool IsPassing(Exception exception) =>
        exception is TransportException or ConnectionException or ProduceException or RabbitMQClientException or IOException;
}
