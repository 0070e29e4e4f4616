using System.Net;
using System.Net.Http.Json;
using NotificationBus.Emulators;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>What was fetched stands in PostgreSQL before it is sent; what was not is fetched by whoever comes next.</summary>
public sealed class When_a_file_is_fetched_as_the_host_dies(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Should_be_sent_once_by_the_next()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var mail = await MailServer.Start();
        await using var files = new HostedFiles();
        await using var record = new The_record(database);
        var settings = new Dictionary<string, string>(mail.Settings, StringComparer.Ordinal)
        {
            ["Attachments:AllowPrivateAddresses"] = "true",
            ["Redelivery:FirstDelay"] = "00:00:01",
        };
        files.Put("/invoice", "%PDF-1.7 first"u8.ToArray());
        files.Hang();
        await using (var first = await HostProcess.Start(broker, database, settings))
        {
            using var answer = await first.Client.PostAsJsonAsync(
                "/v1/notifications",
                new
                {
                    eventId = "invoice",
                    category = "announcement",
                    recipient = new { id = "seller-42", email = "som@example.com" },
                    channels = (string[])["email"],
                    data = new { title = "Your invoice", text = "It is attached." },
                    email = new { attachments = new[] { new { url = files["/invoice"], name = "invoice.pdf" } } },
                }
            );
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
            await Until(() => files.Asked.Count == 1);
            await first.Kill();
        }

        files.Open();
        // The second dies when the file is kept, and no mail server has taken the mail.
        await mail.Stop();
        await using (var second = await HostProcess.Start(broker, database, settings))
        {
            await record.Some("SELECT count(*) FROM outgoing_message", Soon);
            await second.Kill();
        }

        // From now on it says something else there, which nobody is to be sent.
        files.Put("/invoice", "%PDF-1.7 second"u8.ToArray());
        await mail.Restart();
        await record.UntilAlone(Soon);
        await using var third = await HostInProcess.Start(broker, database, settings);
        await record.LetClaimsRunOut();
        await record.LetAllBeDue();
        await record.UntilDelivered(1, Soon);

        files.Asked.Count.ShouldBe(2);
        (await mail.Mails()).ShouldHaveSingleItem();
        var content = await record.Text(
            "SELECT id || '/deliveries/' || (SELECT delivery_id FROM delivery_attempt LIMIT 1) FROM notification"
        );
        var kept = await third.Client.GetFromJsonAsync<System.Text.Json.JsonElement>($"/v1/notifications/{content.Trim()}/content");
        kept.GetProperty("files")[0].GetProperty("octets").GetInt32().ShouldBe("%PDF-1.7 first".Length);
    }

    static async Task Until(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Soon);
        while (!condition())
            await Task.Delay(20, patience.Token);
    }
}
