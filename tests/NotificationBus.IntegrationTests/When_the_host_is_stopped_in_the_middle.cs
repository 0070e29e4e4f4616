using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

public sealed class When_the_host_is_stopped_in_the_middle(BusAndDatabase servers)
{
    const int Count = 300;

    static readonly string Producer = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Producer.dll");

    [Fact]
    public async Task Should_finish_the_calls_it_has_begun()
    {
        var (broker, database) = await servers.CreateBoth();
        // Longer than consumers go on when the host stops, and shorter than the host does.
        await using var mail = await MailServer.Start(TimeSpan.FromSeconds(14));
        await using var record = new The_record(database);
        await using (var host = await HostProcess.Start(broker, database, mail.Settings))
        {
            await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", "1"]);
            await record.Until(
                "SELECT count(*) FROM delivery_attempt WHERE channel = 'email' AND status = 'Started'",
                2,
                TimeSpan.FromMinutes(1)
            );

            (await host.Terminate()).ShouldBe(0);
        }

        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt WHERE status <> 'Accepted'")).ShouldBe(0);
        await using var second = await HostInProcess.Start(broker, database, mail.Settings);
        await record.UntilDelivered(4, TimeSpan.FromMinutes(1));
        (await mail.Mails()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_lose_nothing_and_send_nothing_twice()
    {
        var (broker, database) = await servers.CreateBoth();
        // 600 mails, 4 at a time and 50 ms each, take seconds: the middle is long enough to be met.
        await using var mail = await MailServer.Start(TimeSpan.FromMilliseconds(50));
        await using var record = new The_record(database);

        await using (var first = await HostProcess.Start(broker, database, mail.Settings))
        {
            await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", $"{Count}"]);
            await record.Some("SELECT count(*) FROM delivery_overview WHERE status = 'sent'", TimeSpan.FromMinutes(2));

            (await first.Terminate()).ShouldBe(0);
        }

        (await record.Notifications("status = 'delivered'")).ShouldBeLessThan(4 * Count, "the host was to be stopped in the middle");

        await using var second = await HostInProcess.Start(broker, database, mail.Settings);
        await record.UntilDelivered(4 * Count, TimeSpan.FromMinutes(2));

        (await record.Deliveries("attempts > 1")).ShouldBe(0);
        var mails = await mail.Mails();
        mails.Count.ShouldBe(2 * Count);
        mails.Select(mail => mail.MessageId).Distinct(StringComparer.Ordinal).Count().ShouldBe(2 * Count);
        await The_broker.ShouldHaveNoStrays(broker);
    }
}
