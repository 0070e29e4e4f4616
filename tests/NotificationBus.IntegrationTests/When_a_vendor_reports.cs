using System.Net;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Receipts;

namespace NotificationBus.IntegrationTests;

[Collection(nameof(RabbitMqToHurt))]
public sealed class When_a_vendor_reports(BusAndDatabase servers, RabbitMqToHurt own)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Should_be_on_record_that_it_arrived()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await ReportingHost.Start(broker, database);
        await host.Order();
        await record.UntilDelivered(1, Soon);

        using (var answer = await host.Report(ReceiptKind.Confirmed))
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);

        await record.Until(
            "SELECT count(*) FROM delivery_overview WHERE channel = 'email' AND status = 'confirmed' AND confirmed_at = 'epoch'",
            1,
            Soon
        );
        (await record.Notifications("status = 'delivered' AND sent_on = '{email}' AND confirmed_on = '{email}'")).ShouldBe(1);
        await record.UntilNothingIsOutgoing(Soon);
        await The_broker.HasNothingToDo(broker, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    [Fact]
    public async Task Should_suppress_an_address_that_sends_it_back_and_use_the_next_channel()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await ReportingHost.Start(broker, database);
        await host.Order();
        await record.UntilDelivered(1, Soon);
        (await record.Deliveries("channel = 'push' AND status = 'not-needed'")).ShouldBe(1);

        for (var times = 0; times < 3; times++)
        {
            using var answer = await host.Report(ReceiptKind.HardBounce);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        await record.Until("SELECT count(*) FROM delivery_overview WHERE channel = 'push' AND status = 'sent'", 1, Soon);
        await record.UntilDelivered(1, Soon);
        (await record.Deliveries("channel = 'email' AND status = 'failed' AND bounced_at = 'epoch'")).ShouldBe(1);
        (
            await record.Scalar<long>(
                "SELECT count(*) FROM suppressed_address WHERE channel = 'email' AND address = 'som@example.com' AND source = 'letters'"
            )
        ).ShouldBe(1);
        await host.Order();
        await record.UntilDelivered(2, Soon);
        host.Provider.Calls.ShouldHaveSingleItem();
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt WHERE channel = 'push'")).ShouldBe(2);
        await record.UntilNothingIsOutgoing(Soon);
        await The_broker.HasNothingToDo(broker, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    [Fact]
    public async Task Should_be_asked_to_come_again_while_the_broker_is_frozen()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        await using var host = await ReportingHost.Start(broker, database, ("Publishing:Timeout", "00:00:02"));
        await host.Order();
        await record.UntilDelivered(1, Soon);

        rabbit.Freeze();
        using (var refused = await host.Report(ReceiptKind.Confirmed))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter.ShouldNotBeNull();
        }

        rabbit.Thaw();
        using (var taken = await host.Report(ReceiptKind.Confirmed))
            taken.StatusCode.ShouldBe(HttpStatusCode.OK);

        await record.Until("SELECT count(*) FROM delivery_overview WHERE status = 'confirmed'", 1, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }
}
