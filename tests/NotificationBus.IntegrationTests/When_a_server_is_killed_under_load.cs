using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>Servers nobody else needs, because these tests kill them while events are posted and worked on.</summary>
public abstract class When_a_server_is_killed_under_load
{
    protected const int Count = 300;

    protected static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    /// <summary>Kills the server after a third of the events, starts it again, and waits until every event is delivered.</summary>
    private protected static async Task KillInTheMiddle(
        HostInProcess host,
        Uri broker,
        string database,
        Func<Task> kill,
        Func<Task> restart
    )
    {
        await using var record = new The_record(database);
        var caller = new PersistentCaller(host);
        var posting = caller.Post(Count);
        await caller.Until(accepted: Count / 3);

        await kill();
        await restart();

        try
        {
            await posting.WaitAsync(Soon);
            await record.UntilDelivered(Count, Soon);
        }
        catch (TimeoutException exception)
        {
            using var health = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            throw new TimeoutException(
                $"{exception.Message}\n{await record.Notifications()} notifications, {posting.Status}\n"
                    + $"{await health.Content.ReadAsStringAsync()}\n{host.Output}",
                exception
            );
        }

        (await record.Notifications()).ShouldBe(Count);
        (await record.Deliveries("status = 'sent'")).ShouldBe(2 * Count);
        await The_broker.HasNothingToDo(broker, Soon);
        await record.UntilNothingIsOutgoing(Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }
}

[Collection(nameof(RabbitMqToHurt))]
public sealed class When_the_broker_is_killed(BusAndDatabase servers, RabbitMqToHurt own) : When_a_server_is_killed_under_load
{
    [Fact]
    public async Task Should_deliver_all_that_was_accepted_when_it_is_back()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var host = await HostInProcess.Start(broker, database);

        await KillInTheMiddle(host, broker, database, rabbit.Kill, rabbit.Restart);
    }
}

public sealed class When_the_database_is_killed(BusAndDatabase servers) : When_a_server_is_killed_under_load
{
    [Fact]
    public async Task Should_deliver_all_that_was_accepted_when_it_is_back()
    {
        await using var postgres = await PostgresServer.Start();
        var broker = await servers.CreateVirtualHost();
        var database = await postgres.CreateDatabase();
        await using var host = await HostInProcess.Start(broker, database);

        await KillInTheMiddle(host, broker, database, postgres.Kill, postgres.Restart);
    }
}
