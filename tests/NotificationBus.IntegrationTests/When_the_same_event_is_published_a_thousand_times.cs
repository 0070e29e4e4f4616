using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

public sealed class When_the_same_event_is_published_a_thousand_times(BusAndDatabase servers)
{
    static readonly string[] AtStart = ["sandbox", "RabbitMq:ManagementUrl", "is a superuser of PostgreSQL", "Auth:Mode=None"];

    static readonly string Producer = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Producer.dll");

    [Theory]
    [InlineData("--same-event")]
    [InlineData("--same-message")]
    public async Task Should_be_one_notification_and_one_mail(string repetition)
    {
        var (broker, database) = await servers.CreateBoth();
        await using var mail = await MailServer.Start();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database, mail.Settings);

        await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", "1000", repetition]);
        await record.UntilDelivered(1, TimeSpan.FromMinutes(2));

        // The queue is empty once the last repetition was handed out; a host that stops in good order has finished it.
        await The_broker.Has(0, broker, "notifications", TimeSpan.FromMinutes(2));
        await host.Stop();
        await The_broker.Has(0, broker, "notifications", TimeSpan.FromMinutes(2));

        (await record.Notifications()).ShouldBe(1);
        (await mail.Count()).ShouldBe(1);
        // Repetitions are no failures: nothing is retried because of them, and nobody is to be alarmed. That push ends in the sandbox is no
        // news. What a host warns of at its start is about the servers of the tests.
        host.Output.Lines()
            .Where(line => line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal))
            .Where(line => !AtStart.Any(warning => line.Contains(warning, StringComparison.Ordinal)))
            .ShouldBeEmpty();
        await The_broker.ShouldHaveNoStrays(broker);
    }
}
