using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.IntegrationTests;

/// <summary>Debts: <c>Sender:Channels=email,push</c>, workers for chosen channels only.</summary>
public sealed class When_workers_serve_chosen_channels(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_leave_the_others_to_their_own()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var mails = new ScriptedHttpServer();
        await using var pushes = new ScriptedHttpServer();
        mails.Answers("200 OK");
        pushes.Answers("200 OK");
        await using var record = new The_record(database);
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "mails",
            ["Providers:mails:Type"] = "http",
            ["Providers:mails:Url"] = $"{mails.Url}",
            ["Channels:push:Providers"] = "pushes",
            ["Providers:pushes:Type"] = "http",
            ["Providers:pushes:Url"] = $"{pushes.Url}",
            ["EventTypes:order-placed:Channels"] = "email,push",
        };

        // The saga is in the same process, and would hand over every command without a hop.
        await using var first = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(settings, StringComparer.Ordinal) { ["Sender:Channels"] = "email,sms" }
        );
        foreach (var order in Enumerable.Range(1, 20))
            await The_shop.Places(first, $"order-{order}", pushToken: "demo-token");
        await record.Until("SELECT count(*) FROM delivery_overview WHERE channel = 'email' AND status = 'sent'", 20, Soon);

        (await The_broker.Listened(broker)).ShouldBe(
            ["notifications", "notifications-bulk", "send-email", "send-email-bulk", "receipts", "notifications-failed"],
            ignoreOrder: true
        );
        (mails.Requests.Count, pushes.Requests.Count).ShouldBe((20, 0));
        await first
            .Output.Line(line => line.Contains("It sends on email, sms alone (Sender:Channels)", StringComparison.Ordinal))
            .WaitAsync(Soon);

        // Resumed there, a channel that it does not serve is not its business; resumed by its own, what waited comes.
        await using var second = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(settings, StringComparer.Ordinal) { ["Sender:Channels"] = "push", ["Roles"] = "sender,api" }
        );
        await record.UntilDelivered(20, Soon);
        await The_operator.SetsChannel("push", paused: true, "a wrong text", first, second);
        await The_shop.Places(first, "paused", pushToken: "demo-token");
        await record.Until("SELECT count(*) FROM outgoing_message WHERE waits_for = 'channel push'", 1, Soon);
        await The_operator.SetsChannel("push", paused: false, "mended", first, second);
        await record.UntilDelivered(21, Soon);

        (mails.Requests.Count, pushes.Requests.Count).ShouldBe((21, 21));
        (await The_broker.Listened(broker)).ShouldContain("send-push");
        await second.Output.Line(line => line.Contains("channel push: sending goes on", StringComparison.Ordinal)).WaitAsync(Soon);
        first.Output.Lines().ShouldNotContain(line => line.Contains("channel push: sending goes on", StringComparison.Ordinal));
    }
}
