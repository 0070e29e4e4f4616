using System.Net;
using System.Net.Http.Json;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>What a producer gave stands in PostgreSQL until it is due, and another host sends it as it was given.</summary>
public sealed class When_given_content_waits(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_be_sent_by_the_next_host_as_it_was_given()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var mail = await MailServer.Start();
        await using var record = new The_record(database);
        await using (var first = await HostInProcess.Start(broker, database, mail.Settings))
        {
            using var answer = await first.Client.PostAsJsonAsync(
                "/v1/notifications",
                new
                {
                    eventId = "sale",
                    category = "announcement",
                    recipient = new { id = "seller-42", email = "som@example.com" },
                    channels = (string[])["email"],
                    data = new { title = "Of the template", text = "Of the template." },
                    content = new
                    {
                        email = new
                        {
                            subject = "Only today, ครับ",
                            text = "Half price.",
                            html = "<p>Half <b>price</b>.</p>",
                        },
                    },
                    delay = "PT1H",
                }
            );
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
            await record.Until("SELECT count(*) FROM outgoing_message", 1, Soon);
        }

        await using var second = await HostInProcess.Start(broker, database, mail.Settings);
        await record.LetAllBeDue();

        await record.UntilDelivered(1, Soon);
        var sent = (await mail.Mails()).ShouldHaveSingleItem();
        sent.Subject.ShouldBe("Only today, ครับ");
        sent.Text.Trim().ShouldBe("Half price.");
        sent.Html.ShouldContain("<p>Half <b>price</b>.</p>");
        (await record.Text("SELECT template_version FROM notification")).Trim().ShouldBe("given");
    }
}
