using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

public sealed class When_a_channel_is_not_taken_in_time(BusAndDatabase servers)
{
    const int Count = 50;

    static readonly string Producer = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Producer.dll");

    [Fact]
    public async Task Should_use_the_next_one_too_and_leave_nothing_scheduled()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Channels:email:Providers"] = "smtp",
                ["Providers:smtp:Host"] = "127.0.0.1",
                ["Providers:smtp:Port"] = $"{FreePort.Take()}",
                ["Providers:smtp:Security"] = "None",
                ["Providers:smtp:From"] = "shop@example.com",
                ["Redelivery:FirstDelay"] = "01:00:00",
                ["Redelivery:LongestDelay"] = "01:00:00",
                ["EventTypes:order-placed:Mode"] = "FirstThatWorks",
                ["EventTypes:order-placed:EscalateAfter"] = "00:00:03",
                ["EventTypes:chat-message-sent:Channels"] = "push,email",
                ["EventTypes:chat-message-sent:Mode"] = "FirstThatWorks",
                ["EventTypes:chat-message-sent:EscalateAfter"] = "01:00:00",
            }
        );

        await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", $"{Count}"]);
        await record.UntilDelivered(4 * Count, TimeSpan.FromMinutes(1));

        (await record.Deliveries("event = 'order-placed' AND channel = 'email' AND status = 'not-needed'")).ShouldBe(Count);
        (await record.Deliveries("event = 'order-placed' AND channel = 'push' AND status = 'sent'")).ShouldBe(Count);
        (await record.Notifications("event = 'order-placed' AND took < '3 seconds'")).ShouldBe(0);
        (await record.Deliveries("event = 'chat-message-sent' AND channel = 'push' AND status = 'sent'")).ShouldBe(Count);
        (await record.Deliveries("event = 'chat-message-sent' AND channel = 'email' AND status = 'not-needed' AND attempts = 0")).ShouldBe(
            Count
        );
        await record.Until("SELECT count(*) FROM outgoing_message", 0, TimeSpan.FromSeconds(30));
        (await record.Scalar<long>("SELECT count(*) FROM notification WHERE escalation_token IS NOT NULL")).ShouldBe(0);
        await The_broker.ShouldHaveNoStrays(broker);
    }
}
