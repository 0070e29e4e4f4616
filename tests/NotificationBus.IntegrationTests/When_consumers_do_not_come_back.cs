using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.Host.RabbitMq;
using NotificationBus.IntegrationTests.Servers;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

[Collection(nameof(RabbitMqToHurt))]
public sealed class When_consumers_do_not_come_back(BusAndDatabase servers, RabbitMqToHurt own)
{
    const int GaveUp = 3;
    const int Hosts = 2;
    const int Closings = 6;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    /// <summary>A1: an endpoint whose loop has ended for good is started anew, and until then the host is not ready.</summary>
    [Fact]
    public async Task Should_start_an_endpoint_anew_that_has_ended_for_good()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        (await Consumers(broker, "send-push")).ShouldBe(1u);

        await host.EndEndpoint("send-push");

        await Until(async () => (await Ready(host)).Status == HttpStatusCode.ServiceUnavailable);
        (await Ready(host)).Details.GetProperty("consumers").GetString().ShouldBe("this host does not listen on send-push");
        await Until(async () => (await Ready(host)).Status == HttpStatusCode.OK);
        (await Consumers(broker, "send-push")).ShouldBe(1u);
        host.Output.ToString().ShouldContain("This host listens on send-push again");
    }

    /// <summary>A1: what no new start of the endpoint mends ends the process, with the reason.</summary>
    [Fact]
    public async Task Should_end_the_process_when_the_broker_answers_and_a_queue_stays_lost()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostProcess.Start(broker, database);

        await The_broker.Delete(broker, "send-push");
        await The_broker.Declare(
            broker,
            "send-push",
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "classic" }
        );

        (await host.Exit.WaitAsync(Soon)).ShouldBe(GaveUp, $"{host.Output}");
        host.Output.ToString().ShouldContain($"this host could not listen on send-push for {ListenerWatch.LongestAbsence.TotalSeconds} s");
    }

    /// <summary>
    /// A1: counted from the broker's side, every host consumes every queue after an operator has closed all connections again and again.
    /// </summary>
    [Fact]
    public async Task Should_have_every_host_on_every_queue_after_all_connections_were_closed_again_and_again()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var one = await HostInProcess.Start(broker, database);
        await using var other = await HostInProcess.Start(broker, database);
        await using var record = new The_record(database);

        var caller = new PersistentCaller(one);
        var posted = new List<Task>();
        for (var closing = 0; closing < Closings; closing++)
        {
            await rabbit.CloseConnections();
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(500, 2000)));
            // What is refused may have been taken all the same: its repetition is the same event.
            posted.Add(caller.PostUntilAccepted(closing));
        }

        await Task.WhenAll(posted).WaitAsync(Soon);
        foreach (var queue in The_broker.Queues)
            await Until(async () => await Consumers(broker, queue) == Hosts);
        await Until(async () => (await Ready(one)).Status == HttpStatusCode.OK && (await Ready(other)).Status == HttpStatusCode.OK);
        await record.UntilDelivered(Closings, Soon);
        (await record.Notifications()).ShouldBe(Closings);
    }

    /// <summary>
    /// A1: while messages are under way on a connection that was closed nothing is lost and nothing sent twice, and the host listens on
    /// everything again.
    /// </summary>
    [Fact]
    public async Task Should_come_back_and_send_everything_once_when_the_connection_closes_under_messages()
    {
        const int Events = 20;
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);

        await using (await record.HoldBackNewNotifications())
        {
            await using var producer = await PlainAmqpProducer.Connect(broker);
            for (var number = 0; number < Events; number++)
            {
                await producer.Publish(
                    "NotificationBus.Contracts:OrderShipped",
                    new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true },
                    Poison.Event()
                );
            }

            await The_broker.Has(0, broker, "notifications", Soon);
            await rabbit.CloseConnections();
            // Whoever keeps an endpoint listening has then waited long enough for what is under way.
            await Until(async () => await Consumers(broker, "notifications") == 0);
            await Until(async () => await Consumers(broker, "notifications") == 1);
        }

        await record.UntilDelivered(Events, Soon);
        foreach (var queue in The_broker.Queues)
            await Until(async () => await Consumers(broker, queue) == 1);
        await Until(async () => (await Ready(host)).Status == HttpStatusCode.OK);
        (await record.Notifications()).ShouldBe(Events);
        (await record.Scalar<long>("SELECT count(*) - count(DISTINCT delivery_id) FROM delivery_attempt")).ShouldBe(0);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    /// <summary>
    /// A1: the client tells whoever made a connection that it is closed, and closes the channels only when they are done with it.
    /// </summary>
    [Fact]
    public async Task Should_know_that_nobody_listens_on_a_channel_whose_connection_is_closed()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        await using var connection = await new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        var done = new TaskCompletionSource();
        connection.ConnectionShutdownAsync += (_, _) => done.Task;
        await using var channel = await connection.CreateChannelAsync();
        var listener = new Listener("send-push", TimeProvider.System);
        listener.Begin(channel, connection);
        listener.Confirm();
        listener.AbsentSince.ShouldBeNull();

        await rabbit.CloseConnections();

        await Until(() => Task.FromResult(!connection.IsOpen));
        channel.IsOpen.ShouldBeTrue();
        listener.AbsentSince.ShouldNotBeNull();
        done.SetResult();
    }

    static async Task<uint> Consumers(Uri broker, string queue)
    {
        try
        {
            await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
            await using var channel = await connection.CreateChannelAsync();
            return (await channel.QueueDeclarePassiveAsync(queue)).ConsumerCount;
        }
        catch (RabbitMQ.Client.Exceptions.RabbitMQClientException)
        {
            return 0;
        }
    }

    static async Task<(HttpStatusCode Status, JsonElement Details)> Ready(HostInProcess host)
    {
        using var answer = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("details"));
    }

    static async Task Until(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Soon);
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
    }
}
