using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.Emulators;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>A deployment in the middle: what was accepted is what is sent, whatever the new host has for texts.</summary>
public sealed class When_texts_change_while_deliveries_wait(BusAndDatabase servers)
{
    // Of each of the four events.
    const int Count = 250;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(4);
    static readonly string Producer = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Producer.dll");

    static readonly string[] Shipped = ["chat-message-sent", "order-placed", "order-shipped", "payment-reminder-due"];

    [Fact]
    public async Task Should_send_a_thousand_as_they_were_planned()
    {
        var (broker, database) = await servers.CreateBoth();
        using var before = new TemporaryFolder();
        using var after = new TemporaryFolder();
        Template(before, "stock-low/push.en.liquid", Push("Stock is low"));
        // Each of them asks for what no event brings; the one of the company's own is gone.
        foreach (var category in Shipped)
        {
            Template(after, $"{category}/push.en.liquid", Push("{{ warehouse }}"));
            Template(after, $"{category}/push.th.liquid", Push("{{ warehouse }}"));
            Template(after, $"{category}/email.en.liquid", Email("{{ warehouse }}"));
            Template(after, $"{category}/email.th.liquid", Email("{{ warehouse }}"));
        }

        await using var record = new The_record(database);
        Guid own;
        Guid ownDelivery;
        JsonElement planned;
        await using (var host = await HostProcess.Start(broker, database, With(before, ("EventTypes:stock-low:Channels", "push"))))
        {
            await The_operator.SetsChannel("push", paused: true, "a deployment", host);
            await The_operator.SetsChannel("email", paused: true, "a deployment", host);
            await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", $"{Count}"]);
            using var answer = await host.Client.PostAsJsonAsync(
                "/v1/notifications",
                new
                {
                    category = "stock-low",
                    recipient = new { id = "seller-42", pushTokens = (string[])["phone-of-som"] },
                    data = new { },
                }
            );
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
            own = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
            // Two of the four go to two channels.
            await record.Until("SELECT count(*) FROM outgoing_message WHERE notification_id IS NOT NULL", 6 * Count + 1, Soon);
            ownDelivery = await record.Scalar<Guid>($"SELECT delivery_id FROM delivery_overview WHERE notification_id = '{own}'");
            planned = await host.Client.GetFromJsonAsync<JsonElement>(ContentOf(own, ownDelivery));
            await host.Kill();
        }

        await record.UntilAlone(Soon);
        await using var second = await HostProcess.Start(broker, database, With(after));
        await The_operator.SetsChannel("push", paused: false, "deployed", second);
        await The_operator.SetsChannel("email", paused: false, "deployed", second);
        await record.LetAllBeDue();
        await record.UntilDelivered(4 * Count + 1, Soon);

        (await record.Notifications("status = 'failed'")).ShouldBe(0);
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt")).ShouldBe(6 * Count + 1);
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt WHERE content IS NULL OR template_version IS NOT NULL")).ShouldBe(
            0,
            "each call said what was planned"
        );
        var sent = await second.Client.GetFromJsonAsync<JsonElement>(ContentOf(own, ownDelivery));
        $"{sent}".ShouldBe($"{planned}");
        sent.GetProperty("parts")[0].GetProperty("text").GetString().ShouldBe("Stock is low");
        sent.GetProperty("hash")
            .GetGuid()
            .ShouldBe(await record.Scalar<Guid>($"SELECT content FROM delivery_attempt WHERE delivery_id = '{ownDelivery}'"));
        // What is planned now is filled from what is there now.
        using var refused = await second.Client.PostAsJsonAsync(
            "/v1/events/order-shipped",
            new
            {
                orderId = "4711",
                product = "Bowl",
                carrier = "Thailand Post",
                trackingNumber = "EX1",
                buyer = new { id = "buyer-7", pushTokens = (string[])["phone-of-nok"] },
            }
        );
        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Should_repeat_under_the_same_key_what_was_said_before_the_kill()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var vendors = await Emulator.Start();
        var resend = vendors["resend"];
        using var before = new TemporaryFolder();
        using var after = new TemporaryFolder();
        foreach (
            var (folder, text) in (IEnumerable<(TemporaryFolder, string)>)[(before, "Version 1"), (after, "Version 2 {{ warehouse }}")]
        )
        {
            Template(folder, "order-placed/email.en.liquid", Email(text));
            Template(folder, "order-placed/email.th.liquid", Email(text));
        }

        (string, string)[] account =
        [
            .. vendors.SettingsOf("resend"),
            ("Channels:email:Providers", "resend"),
            ("EventTypes:order-placed:Channels", "email"),
        ];
        await using var record = new The_record(database);
        // It takes the mail, and nobody hears that it has.
        resend.Faults = [new Fault { Kind = FaultKind.Hang }];
        await using (var host = await HostProcess.Start(broker, database, With(before, account)))
        {
            using var answer = await host.Client.PostAsJsonAsync(
                "/v1/events/order-placed",
                new
                {
                    orderId = "4711",
                    product = "Bowl",
                    total = new { amount = 590, currency = "THB" },
                    buyer = new { id = "buyer-7", name = "Nok" },
                    seller = new
                    {
                        id = "seller-42",
                        name = "Som",
                        email = "som@example.com",
                    },
                }
            );
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
            await Until(() => resend.Requests.Count == 1);
            await host.Kill();
        }

        await record.UntilAlone(Soon);
        await record.LetClaimsRunOut();
        resend.Faults = [];
        await using var second = await HostProcess.Start(broker, database, With(after, account));
        await record.LetClaimsRunOut();
        await Until(async () =>
        {
            await record.LetAllBeDue();
            return resend.Requests.Count > 1;
        });
        await record.UntilDelivered(1, Soon);

        var requests = resend.Requests.ToList();
        requests.Select(request => request.Header("Idempotency-Key")).Distinct().ShouldHaveSingleItem().ShouldNotBeNull();
        requests.Select(request => request.Body).Distinct().ShouldHaveSingleItem().ShouldContain("Version 1");
        (await record.Scalar<long>("SELECT count(DISTINCT content) FROM delivery_attempt")).ShouldBe(1);
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt")).ShouldBe(requests.Count);
    }

    static string ContentOf(Guid notification, Guid delivery) => $"/v1/notifications/{notification}/deliveries/{delivery}/content";

    static Dictionary<string, string> With(TemporaryFolder templates, params IEnumerable<(string Key, string Value)> settings) =>
        new(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)), StringComparer.Ordinal)
        {
            ["Templates:Folder"] = templates.Path,
        };

    static void Template(TemporaryFolder folder, string name, string text)
    {
        folder.Folder(Path.GetDirectoryName(name)!);
        folder.Write(name, text);
    }

    static string Push(string text) => $"--- title\n{text}\n--- body\n{text}\n";

    static string Email(string text) => $"--- subject\n{text}\n--- text\n{text}\n--- html\n<p>{text}</p>\n";

    static Task Until(Func<bool> condition) => Until(() => Task.FromResult(condition()));

    static async Task Until(Func<Task<bool>> condition)
    {
        var end = TimeProvider.System.GetUtcNow() + Soon;
        while (!await condition())
        {
            (TimeProvider.System.GetUtcNow() < end).ShouldBeTrue("it did not come so far");
            await Task.Delay(100);
        }
    }
}
