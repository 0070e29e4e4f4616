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
            ["Redelivery:FirstDelay"] = "01:00:00",
            ["Redelivery:LongestDelay"] = "01:00:00",
        };

        await using (var host = await HostProcess.Start(broker, database, away))
        {
            // Each of them is to be tried, and again as soon as the server is there: no circuit has a say in it.
            await The_operator.SetsProvider(
                "smtp",
                new
                {
                    pin = "closed",
                    by = "ann",
                    why = "no break for it",
                },
                smtp => smtp.TryGetProperty("pin", out var pin) && pin.GetString() == "closed",
                host
            );
            await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", $"{Count}"]);
            await record.Until(
                "SELECT count(*) FROM outgoing_message WHERE destination = 'exchange:send-email' AND notification_id IS "
                    + "NOT NULL AND input_id IS NULL",
                2 * Count,
                TimeSpan.FromMinutes(2)
            );
            (
                await record.Scalar<long>(
                    "SELECT count(DISTINCT delivery_id) FROM delivery_attempt WHERE channel = 'email' AND status = 'Unavailable'"
                )
            ).ShouldBe(2 * Count);
            await host.Kill();
        }

        (await mail.Count()).ShouldBe(0);
        await record.UntilAlone(TimeSpan.FromMinutes(1));
        await record.LetClaimsRunOut();
        await record.LetAllBeDue();
        await using var second = await HostInProcess.Start(broker, database, mail.Settings);
        await record.UntilDelivered(4 * Count, TimeSpan.FromMinutes(5));

        var mails = await mail.Mails();
        mails.Count.ShouldBe(2 * Count);
        mails.Select(mail => mail.MessageId).Distinct(StringComparer.Ordinal).Count().ShouldBe(2 * Count);
        await The_broker.ShouldHaveNoStrays(broker);
    }
}
