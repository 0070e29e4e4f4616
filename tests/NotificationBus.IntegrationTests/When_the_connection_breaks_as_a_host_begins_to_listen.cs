using System.Net.Http.Json;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

public sealed class When_the_connection_breaks_as_a_host_begins_to_listen(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_listen_on_every_queue_in_the_end()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var way = new BrokenWay(broker);
        await using var host = await HostInProcess.Start(way.Uri, database);
        await using var record = new The_record(database);
        var queues = await The_broker.Listened(broker);
        queues.ShouldContain("notifications");

        way.Break(nextOnes: 3);

        await Until(() => Task.FromResult(way.BreaksLeft == 0));
        await Until(async () => (await The_broker.Listened(broker)).SetEquals(queues));
        using var accepted = await host.Client.PostAsJsonAsync(
            new Uri("/v1/events/order-shipped", UriKind.Relative),
            new
            {
                orderId = "4711",
                product = "Blue ceramic bowl",
                buyer = new
                {
                    id = "buyer-7",
                    name = "Nok",
                    pushTokens = new[] { "demo-token" },
                },
            }
        );
        accepted.EnsureSuccessStatusCode();
        await record.UntilDelivered(1, Soon);
    }

    static async Task Until(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Soon);
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
    }
}
