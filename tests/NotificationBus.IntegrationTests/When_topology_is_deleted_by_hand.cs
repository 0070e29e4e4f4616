using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotificationBus.Host;
using NotificationBus.IntegrationTests.Servers;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

/// <summary>A14, and the outcomes' exchanges of the first day.</summary>
[Collection(nameof(RabbitMqToHurt))]
public sealed class When_topology_is_deleted_by_hand(BusAndDatabase servers, RabbitMqToHurt own)
{
    const int WrongSettings = 2;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    /// <summary>
    /// A14: every exchange, queue and binding comes back while the host runs, what was deleted is named, and events are taken again.
    /// </summary>
    [Fact]
    public async Task Should_declare_everything_again_and_name_it()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        await using var host = await HostInProcess.Start(broker, await servers.CreateDatabase());
        await Until(async () => await Posted(host, "first"));
        var exchanges = (await rabbit.Exchanges(broker))
            .Where(name => name.StartsWith("NotificationBus", StringComparison.Ordinal) || The_broker.Queues.Contains(name))
            .ToHashSet(StringComparer.Ordinal);
        var bindings = (await rabbit.Bindings(broker)).Where(binding => The_broker.Queues.Contains(binding.Destination)).ToHashSet();
        foreach (var outcome in (string[])["Delivered", "PartlyDelivered", "Cancelled", "Expired", "Failed", "Rejected"])
            exchanges.ShouldContain($"NotificationBus.Contracts:Notification{outcome}", "a service can bind before the first outcome");
        bindings.Count.ShouldBeGreaterThan(The_broker.Queues.Count);

        await Delete(
            broker,
            async channel =>
            {
                foreach (var (source, kind, destination) in bindings)
                    await (
                        kind == "queue"
                            ? channel.QueueUnbindAsync(destination, source, "")
                            : channel.ExchangeUnbindAsync(destination, source, "")
                    );
            }
        );
        (await rabbit.Bindings(broker)).Where(bindings.Contains).Count().ShouldBeLessThan(bindings.Count);
        await Until(async () => bindings.IsSubsetOf(await rabbit.Bindings(broker)));

        await Delete(
            broker,
            async channel =>
            {
                foreach (var exchange in exchanges)
                    await channel.ExchangeDeleteAsync(exchange);
            }
        );
        await Until(async () => exchanges.IsSubsetOf(await rabbit.Exchanges(broker)) && bindings.IsSubsetOf(await rabbit.Bindings(broker)));

        var named = host.Output.ToString();
        named.ShouldContain("exchanges were deleted");
        named.ShouldContain("NotificationBus.Contracts:NotificationFailed");

        await Delete(
            broker,
            async channel =>
            {
                foreach (var queue in The_broker.Queues)
                    await channel.QueueDeleteAsync(queue);
            }
        );
        foreach (var queue in The_broker.Queues)
        {
            await Until(async () => await The_broker.Exists(broker, queue));
            await Until(() =>
                Task.FromResult(host.Output.ToString().Contains($"Queue {queue} was deleted while this host ran", StringComparison.Ordinal))
            );
        }

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
        await using var api = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Roles"] = "api" }
        );
        for (var number = 0; number < Count; number++)
            (await Posted(api, $"order-{number}")).ShouldBeTrue();
        await Until(async () =>
            (await api.Client.GetStringAsync(new Uri("/v1/status", UriKind.Relative))).Contains(
                $"{Count} messages wait there",
                StringComparison.Ordinal
            )
        );

        await The_broker.Purge(broker, "notifications");

        await Until(() =>
            Task.FromResult(
                api.Output.Lines().Any(line => line.Contains($"{Count} messages went from queue notifications,", StringComparison.Ordinal))
            )
        );
    }

    /// <summary>A14: a queue that is deleted under a worker is declared again within seconds, and what was in it is counted.</summary>
    [Fact]
    public async Task Should_count_what_was_in_a_queue_that_was_deleted_under_a_worker()
    {
        const int Count = 400;
        var broker = await (await own.Server).CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);

        await using (await record.HoldBackNewNotifications())
        {
            for (var number = 0; number < Count; number++)
                await producer.Publish(
                    "NotificationBus.Contracts:OrderShipped",
                    new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true },
                    Poison.Event()
                );
            await HasLookedAtQueues(broker);
            await The_broker.Delete(broker, "notifications");
        }

        string? said = null;
        await Until(() =>
            Task.FromResult(
                (
                    said = host
                        .Output.Lines()
                        .FirstOrDefault(line => line.Contains("Queue notifications was deleted", StringComparison.Ordinal))
                )
                    is not null
            )
        );
        var counted = int.Parse(
            Regex
                .Match(said!, "with (?<count>[0-9]+) messages", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)
                .Groups["count"]
                .Value,
            CultureInfo.InvariantCulture
        );
        counted.ShouldBeInRange(1, Count);
        host.Output.Lines().Count(line => line.Contains("Queue notifications was deleted", StringComparison.Ordinal)).ShouldBe(1);
    }

    /// <summary>
    /// A14: what exists otherwise is named at start and while the host runs, and keeps nothing else from being looked at and declared
    /// again.
    /// </summary>
    [Fact]
    public async Task Should_name_what_was_made_again_otherwise_and_go_on_with_the_rest()
    {
        const string Shipped = "NotificationBus.Contracts:OrderShipped";
        const string Failed = "NotificationBus.Contracts:NotificationFailed";
        const string Otherwise =
            $"RabbitMQ: exchange '{Shipped}' exists with another type: needed is fanout, it has direct; delete it and start again";
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var host = await HostInProcess.Start(broker, database);

        await Delete(
            broker,
            async channel =>
            {
                await channel.ExchangeDeleteAsync(Shipped);
                await channel.ExchangeDeclareAsync(Shipped, ExchangeType.Direct, durable: false);
            }
        );
        await Until(async () => (await Ready(host)).Status == HttpStatusCode.ServiceUnavailable);
        (await Ready(host)).Queues.ShouldContain(Otherwise);
        await Until(async () =>
            (await host.Client.GetStringAsync(new Uri("/v1/status", UriKind.Relative))).Contains(
                "declaration-refused",
                StringComparison.Ordinal
            )
        );
        await Delete(broker, channel => channel.ExchangeDeleteAsync(Failed));
        await Until(() => The_broker.Exists(broker, Failed));
        (await Refuses(broker, database)).ShouldContain(Otherwise);

        await Delete(broker, channel => channel.ExchangeDeleteAsync(Shipped));
        await Until(async () => (await Ready(host)).Status == HttpStatusCode.OK);
        await Until(async () => await Posted(host, "after"));
    }

    /// <summary>
    /// A14: a right that is taken away is named while the host runs and at start. Until something is missing, the host does its work.
    /// </summary>
    [Fact]
    public async Task Should_name_what_it_may_not_declare_any_more()
    {
        const string Theirs = "^(send-|receipts|notifications)";
        var rabbit = await own.Server;
        var broker = await rabbit.CreateUser("shop", await rabbit.CreateVirtualHost());
        var database = await servers.CreateDatabase();
        await using var host = await HostInProcess.Start(broker, database);

        await rabbit.LetDeclare("shop", broker, Theirs);

        await Until(async () =>
            (await Ready(host)).Queues.Contains("the user may not declare exchange 'NotificationBus.Contracts:", StringComparison.Ordinal)
        );
        (await Ready(host)).Status.ShouldBe(HttpStatusCode.OK);
        (await Refuses(broker, database)).ShouldStartWith(
            "ConnectionStrings:RabbitMq: the user may not declare exchange 'NotificationBus.Contracts:"
        );
        await rabbit.LetDeclare("shop", broker, ".*");
        await Until(async () => !(await Ready(host)).Queues.Contains("may not declare", StringComparison.Ordinal));
    }

    /// <summary>
    /// A17: while an API runs alone, ready and the status name every queue that no host consumes, and none once a worker has come.
    /// </summary>
    [Fact]
    public async Task Should_name_the_queues_that_no_host_consumes()
    {
        var broker = await (await own.Server).CreateVirtualHost();
        var database = await servers.CreateDatabase();

        await using var api = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Roles"] = "api" }
        );
        await Until(async () => (await Ready(api)).Queues.Contains("no host consumes", StringComparison.Ordinal));
        var (status, queues) = await Ready(api);
        status.ShouldBe(HttpStatusCode.OK);
        queues
            .Split("; ")[0]
            .Replace("no host consumes ", "", StringComparison.Ordinal)
            .Split(", ")
            .ShouldBe(The_broker.Queues, ignoreOrder: true);
        (await Unconsumed(api)).ShouldBe(The_broker.Queues, ignoreOrder: true);

        await using var worker = await HostInProcess.Start(broker, database);
        await Until(async () => (await Unconsumed(api)).Count == 0);
        (await Ready(api)).Queues.ShouldNotContain("no host consumes");
    }

    /// <summary>
    /// Waits until the host has looked at the queues from now on: what is missing it declares again at the end of each look.
    /// </summary>
    static async Task HasLookedAtQueues(Uri broker)
    {
        const string Exchange = "NotificationBus.Contracts:NotificationFailed";
        // The first look may have begun before, and then it has seen the queues as they were.
        for (var look = 0; look < 2; look++)
        {
            await Delete(broker, channel => channel.ExchangeDeleteAsync(Exchange));
            await Until(() => The_broker.Exists(broker, Exchange));
        }
    }

    static async Task<IReadOnlyList<string>> Unconsumed(HostInProcess host) =>
        [
            .. (await host.Client.GetFromJsonAsync<JsonElement>(new Uri("/v1/status", UriKind.Relative)))
                .GetProperty("problems")
                .EnumerateArray()
                .Where(problem => problem.GetProperty("code").GetString() == "queue-without-consumers")
                .Select(problem => problem.GetProperty("where").GetString()!),
        ];

    static async Task<(HttpStatusCode Status, string Queues)> Ready(HostInProcess host)
    {
        using var answer = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        var details = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("details");
        return (answer.StatusCode, details.TryGetProperty("queues", out var queues) ? queues.GetString()! : "");
    }

    static async Task<string> Refuses(Uri broker, string database)
    {
        using var error = new StringWriter();
        var running = NotificationHost.Run(
            [
                "--Urls=http://127.0.0.1:0",
                "--Transport=RabbitMq",
                "--Auth:Mode=None",
                $"--ConnectionStrings:RabbitMq={broker}",
                $"--ConnectionStrings:Postgres={database}",
            ],
            TextWriter.Null,
            error
        );
        (await running.WaitAsync(Soon)).ShouldBe(WrongSettings, $"{error}");
        return error.ToString();
    }

    static async Task<bool> Posted(HostInProcess host, string order)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            new Uri("/v1/events/order-shipped", UriKind.Relative),
            new
            {
                orderId = order,
                product = "Blue ceramic bowl",
                buyer = new
                {
                    id = "buyer-7",
                    name = "Nok",
                    pushTokens = new[] { "demo-token" },
                },
            }
        );
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
