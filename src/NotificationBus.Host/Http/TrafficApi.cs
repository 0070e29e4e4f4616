using NotificationBus.Host.OpenApi;
using NotificationBus.Host.RabbitMq;
using NotificationBus.Host.Settings;
using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary><c>GET /v1/traffic</c> and <c>GET /v1/queues</c>: how it goes, and what waits at the broker.</summary>
static class TrafficApi
{
    public static void MapTraffic(this IEndpointRouteBuilder routes)
    {
        routes
            .MapRead("/v1/traffic", Traffic)
            .Describe("getTraffic", "Status", "Counts the deliveries of the last hour and the last day, by channel and account.")
            .Answers<TrafficView>()
            .Refuses();
        routes
            .MapRead("/v1/queues", Queues)
            .Describe("listQueues", "Status", "Lists the queues of the broker, with how much waits in each and for how long.")
            .Answers<QueueList>()
            .Refuses();
    }

    static async Task<IResult> Traffic(TrafficBoard board, CancellationToken cancellationToken) =>
        Results.Ok(await board.Look(cancellationToken));

    static IResult Queues(HostSettings settings, IServiceProvider services)
    {
        var watch = services.GetService<QueueWatch>();
        return Results.Ok(
            new QueueList(
                settings.Transport,
                watch?.IsConnected ?? true,
                [
                    .. (watch?.Readings ?? []).Select(queue => new QueueView(
                        queue.Queue,
                        queue.Messages,
                        queue.Consumers,
                        queue.Messages == 0 ? 0 : Math.Round(queue.Age.TotalSeconds, 1)
                    )),
                ]
            )
        );
    }
}

/// <summary>The queues of the broker.</summary>
/// <param name="Transport">RabbitMq; or InMemory for an embedded host, which has no broker and no queues.</param>
/// <param name="IsConnected">True while the broker answers this host.</param>
/// <param name="Queues">The queues as this host last saw them; none when that is long ago.</param>
public sealed record QueueList(Transport Transport, bool IsConnected, IReadOnlyList<QueueView> Queues);

/// <summary>One queue.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Messages">How many wait in it, those not counted that a host has taken and not acknowledged.</param>
/// <param name="Consumers">How many listen on it.</param>
/// <param name="OldestSeconds">
/// For how long something waits in it, as this host has seen it: no message is older, by more than one look.
/// </param>
public sealed record QueueView(string Queue, long Messages, long Consumers, double OldestSeconds);
