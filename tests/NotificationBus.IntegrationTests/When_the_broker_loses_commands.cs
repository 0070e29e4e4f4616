using NotificationBus.IntegrationTests.Servers;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

public sealed class When_the_broker_loses_commands(BusAndDatabase servers)
{
    const int Count = 200;

    static readonly string Producer = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Producer.dll");

    [Fact]
    public async Task Should_bring_them_back_once_though_two_hosts_sweep_and_send_each_mail_once()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var mail = await MailServer.Start();
        await using var record = new The_record(database);
        var settings = new Dictionary<string, string>(mail.Settings, StringComparer.Ordinal) { ["Sweep:After"] = "00:01:00" };
        // Only where others send, commands go through the broker in any case.
        var sagas = new Dictionary<string, string>(settings, StringComparer.Ordinal) { ["Roles"] = "saga" };
        await using var first = await HostInProcess.Start(broker, database, sagas);
        await using var second = await HostInProcess.Start(broker, database, sagas);
        // It has made all queues; after it, nobody takes the commands for e-mail.
        await using (await Sender("email,push")) { }

        await using var pushes = await Sender("push");
        await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", $"{Count}"]);
        await record.Until("SELECT count(*) FROM notification", 4 * Count, TimeSpan.FromMinutes(1));
        await record.UntilNothingIsOutgoing(TimeSpan.FromMinutes(1));
        await record.UntilDelivered(2 * Count, TimeSpan.FromMinutes(1));
        await record.Until("SELECT count(*) FROM delivery_overview WHERE status = 'sent'", 4 * Count, TimeSpan.FromMinutes(1));

        // Lost with the broker's disk.
        await using (var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync())
        {
            await using var channel = await connection.CreateChannelAsync();
            (await channel.QueuePurgeAsync("send-email")).ShouldBeGreaterThan(0u);
        }

        await using var mails = await Sender("email");
        (await mail.Count()).ShouldBe(0);
        await record.MakeOlder("1 minute");
        await record.UntilDelivered(4 * Count, TimeSpan.FromMinutes(1));

        var sent = await mail.Mails();
        sent.Count.ShouldBe(2 * Count);
        sent.Select(mail => mail.MessageId).Distinct(StringComparer.Ordinal).Count().ShouldBe(2 * Count);
        (await record.Deliveries("attempts > 1")).ShouldBe(0);
        // Event, push, resumed, e-mail: each was resumed once.
        (
            await record.Scalar<long>("SELECT count(*) FROM notification WHERE jsonb_array_length(deliveries) = 2 AND version <> 4")
        ).ShouldBe(0);
        await record.Until("SELECT count(*) FROM unfinished_notification WHERE looks <> 1", 0, TimeSpan.FromSeconds(1));
        await The_broker.ShouldHaveNoStrays(broker);

        Task<HostInProcess> Sender(string channels) =>
            HostInProcess.Start(
                broker,
                database,
                new Dictionary<string, string>(settings, StringComparer.Ordinal) { ["Roles"] = "sender", ["Sender:Channels"] = channels }
            );
    }
}
