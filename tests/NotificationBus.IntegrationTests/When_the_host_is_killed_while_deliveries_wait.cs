using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

public sealed class When_the_host_is_killed_while_deliveries_wait(BusAndDatabase servers)
{
    const int Count = 50;

    static readonly string Producer = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Producer.dll");

    [Fact]
    public async Task Should_send_each_of_them_once_when_a_host_is_back()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var mail = await MailServer.Start();
        await using var record = new The_record(database);
        var away = new Dictionary<string, string>(mail.Settings, StringComparer.Ordinal)
        {
            ["Providers:smtp:Port"] = $"{FreePort.Take()}",
            ["Redelivery:FirstDelay"] = "00:00:10",
        };

        await using (var host = await HostProcess.Start(broker, database, away))
        {
            await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", $"{Count}"]);
            // Few of them are tried: the circuit of a server that does not answer opens. All are put off.
            await record.Until("SELECT count(*) FROM outgoing_message WHERE destination = 'exchange:send-email' AND notification_id IS NOT NULL AND input_id IS NULL", 2 * Count, TimeSpan.FromMinutes(2));
            await host.Kill();
        }

        (await mail.Count()).ShouldBe(0);
        await record.UntilAlone(TimeSpan.FromMinutes(1));
        await record.LetClaimsRunOut();
        await using var second = await HostProcess.Start(broker, database, mail.Settings);
        await record.UntilDelivered(4 * Count, TimeSpan.FromMinutes(5));

        var mails = await mail.Mails();
        mails.Count.ShouldBe(2 * Count);
        mails.Select(mail => mail.MessageId).Distinct(StringComparer.Ordinal).Count().ShouldBe(2 * Count);
        await The_broker.ShouldHaveNoStrays(broker);
    }
}
