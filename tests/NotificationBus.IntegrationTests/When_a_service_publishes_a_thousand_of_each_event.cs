using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// The whole way: another process publishes, RabbitMQ carries, the host works, PostgreSQL keeps the record, a mail server takes the mail.
/// </summary>
public sealed class When_a_service_publishes_a_thousand_of_each_event(BusAndDatabase servers)
{
    const int Count = 1000;

    static readonly string Producer = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Producer.dll");

    [Fact]
    public async Task Should_deliver_every_notification_and_every_mail_exactly_once()
    {
        var (broker, database) = await servers.CreateBothEmpty();
        await using var mail = await MailServer.Start();
        await using var host = await HostInProcess.Start(broker, database, mail.Settings);
        await using var record = new The_record(database);

        await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", $"{Count}"]);
        await record.UntilDelivered(4 * Count, TimeSpan.FromMinutes(5));

        (await record.Notifications()).ShouldBe(4 * Count);
        (await record.Deliveries("status = 'sent' AND attempts = 1")).ShouldBe(6 * Count);

        var mails = await mail.Mails();
        mails.Count.ShouldBe(2 * Count);
        mails.Select(mail => mail.MessageId).Distinct(StringComparer.Ordinal).Count().ShouldBe(2 * Count);
        mails.ShouldAllBe(mail => mail.From == "shop@example.com");

        // What the templates promise, in each seller's own mails: the order by its number and product, the chat in the buyer's words.
        var mailsOf = mails.ToLookup(mail => mail.To.Single(), StringComparer.Ordinal);
        for (var n = 1; n <= Count; n++)
        {
            var ofSeller = mailsOf[$"seller-{n}@example.com"].ToList();
            ofSeller.Count.ShouldBe(2);
            ofSeller.ShouldContain(
                mail =>
                    mail.Subject.Contains($"{4711 + n}")
                    && mail.Text.Contains($"Blue ceramic bowl {n}")
                    && mail.Html.Contains($"Blue ceramic bowl {n}"),
                1
            );
            ofSeller.ShouldContain(
                mail => mail.Text.Contains($"Is number {n} still there?") && mail.Html.Contains($"Is number {n} still there?"),
                1
            );
            ofSeller.ShouldAllBe(mail => mail.Text.Contains("สวัสดี") == (n % 2 == 1));
        }
    }
}
