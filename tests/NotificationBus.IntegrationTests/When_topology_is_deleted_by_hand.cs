using System.Net;
using System.Net.Http.Json;

using NotificationBus.IntegrationTests.Servers;

using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

/// <summary>A14, and the outcomes' exchanges of the first day.</summary>
[Collection(nameof(RabbitMqToHurt))]
public sealed class When_topology_is_deleted_by_hand(BusAndDatabase servers, RabbitMqToHurt own)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    /// <summary>A14: every exchange, queue and binding comes back while the host runs, what was deleted is named, and events are taken again.</summary>
    [Fact]
    public async Task Should_declare_everything_again_and_name_it()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        await using var host = await HostInProcess.Start(broker, await servers.CreateDatabase());
        await Until(async () => await Posted(host, "first"));
        var exchanges = (await rabbit.Exchanges(broker)).Where(name => name.StartsWith("NotificationBus", StringComparison.Ordinal) || The_broker.Queues.Contains(name)).ToHashSet(StringComparer.Ordinal);
        var bindings = (await rabbit.Bindings(broker)).Where(binding => The_broker.Queues.Contains(binding.Destination)).ToHashSet();
        foreach (var outcome in (string[])["Delivered", "PartlyDelivered", "Cancelled", "Expired", "Failed", "Rejected"])
            exchanges.ShouldContain($"NotificationBus.Contracts:Notification{outcome}", "a service can bind before the first outcome");
        bindings.Count.ShouldBeGreaterThan(The_broker.Queues.Count);

        await Delete(broker, async channel =>
        {
            foreach (var (source, kind, destination) in bindings)
                await (kind == "queue" ? channel.QueueUnbindAsync(destination, source, "") : channel.ExchangeUnbindAsync(destination, source, ""));
        });
        (await rabbit.Bindings(broker)).Where(bindings.Contains).Count().ShouldBeLessThan(bindings.Count);
        await Until(async () => bindings.IsSubsetOf(await rabbit.Bindings(broker)));

        await Delete(broker, async channel =>
        {
            foreach (var exchange in exchanges)
                await channel.ExchangeDeleteAsync(exchange);
        });
        await Until(async () => exchanges.IsSubsetOf(await rabbit.Exchanges(broker)) && bindings.IsSubsetOf(await rabbit.Bindings(broker)));

        var named = host.Output.ToString();
        named.ShouldContain("exchanges were deleted");
        named.ShouldContain("NotificationBus.Contracts:NotificationFailed");

        await Delete(broker, async channel =>
        {
            foreach (var queue in The_broker.Queues)
                await channel.QueueDeleteAsync(queue);
        });
        foreach (var queue in The_broker.Queues)
            await Until(async () => await The_broker.Exists(broker, queue));
        await Until(async () => bindings.IsSubsetOf(await rabbit.Bindings(broker)));

        await Until(async () => await Posted(host, "last"));
    }

    /// <summary>A14: what was purged is named and counted, where it can be told.</summary>
    [Fact]
    public async Task Should_name_the_queue_that_was_purged_while_nobody_consumed_it()
    {
        const int Count = 5;
        var broker = await (await own.Server).CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using (var worker = await HostInProcess.Start(broker, database))
            await worker.Stop();
        await using var api = await HostInProcess.Start(broker, database, new Dictionary<string, string>(StringComparer.Ordinal) { ["Roles"] = "api" });
        for (var number = 0; number < Count; number++)
            (await Posted(api, $"order-{number}")).ShouldBeTrue();
        await Until(async () => (await api.Client.GetStringAsync(new Uri("/v1/status", UriKind.Relative))).Contains($"{Count} messages wait there", StringComparison.Ordinal));

        await The_broker.Purge(broker, "notifications");

        await Until(() => Task.FromResult(api.Output.Lines().Any(line => line.Contains($"{Count} messages went from queue notifications,", StringComparison.Ordinal))));
    }

    static async Task<bool> Posted(HostInProcess host, string order)
    {
        using var answer = await host.Client.PostAsJsonAsync(new Uri("/v1/events/order-shipped", UriKind.Relative), new
        {
            orderId = order,
            product = "Blue ceramic bowl",
            buyer = new { id = "buyer-7", name = "Nok", pushTokens = new[] { "demo-token" } },
        });
        return answer.StatusCode == HttpStatusCode.Accepted;
    }

    static async Task Delete(Uri broker, Func<IChannel, Task> delete)
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await delete(channel);
    }

    static async Task Until(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Soon);
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
    }
}
