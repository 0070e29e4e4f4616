using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Emulators;
using NotificationBus.Notifications;
using NotificationBus.Tests.Host;

namespace NotificationBus.Tests.Emulators;

/// <summary>What somebody sees before is what a vendor gets: every shipped text, as it goes over the wire.</summary>
public sealed class When_texts_are_previewed : With_emulators
{
    static readonly (string Channel, string Vendor, (string Part, string Path)[] Parts)[] Wires =
    [
        ("email", "resend", [("subject", "subject"), ("text", "text"), ("html", "html")]),
        ("push", "fcm", [("title", "message.notification.title"), ("body", "message.notification.body")]),
        ("sms", "vonage", [("text", "text")]),
        ("chat", "line", [("text", "messages.0.text")]),
    ];

    static readonly string[] Categories = ["announcement", "chat-message-sent", "order-placed", "order-shipped", "payment-reminder-due"];

    [Fact]
    public async Task Should_be_what_a_vendor_gets()
    {
        await using var host = await Start();
        var compared = 0;
        foreach (var category in Categories)
        {
            foreach (var language in (string[])["en", "th"])
            {
                var sent = await Send(host, category, language);

                var preview = await Preview(host, category, sent.Data, "Som");
                preview.GetProperty("templateVersion").GetString().ShouldBe(sent.TemplateVersion);
                foreach (var (channel, vendor, parts) in Wires)
                {
                    var wire = Emulator[vendor].Requests.Last(request => request.Taken);
                    var text = preview
                        .GetProperty("texts")
                        .EnumerateArray()
                        .Single(text =>
                            text.GetProperty("channel").GetString() == channel
                            && text.TryGetProperty("language", out var written)
                            && written.GetString() == language
                        );
                    foreach (var (part, path) in parts)
                    {
                        PartOf(text, part).ShouldBe(wire.Find(path), $"{category} {channel} {language} {part}");
                        compared++;
                    }
                }
            }
        }

        compared.ShouldBe(Categories.Length * 2 * Wires.Sum(wire => wire.Parts.Length));
    }

    [Fact]
    public async Task Should_say_what_a_text_message_costs_and_which_text_cannot_be_filled()
    {
        await using var host = await Start();

        var preview = await Preview(host, "announcement", JsonElement.Parse("""{"title":"Markt öffnet","text":"Ź"}"""), name: null);
        var sms = preview
            .GetProperty("texts")
            .EnumerateArray()
            .First(text => text.GetProperty("channel").GetString() == "sms" && text.GetProperty("language").GetString() == "en");
        (sms.GetProperty("encoding").GetString(), sms.GetProperty("segments").GetInt32()).ShouldBe(("ucs2", 1));

        var broken = await Preview(host, "announcement", JsonElement.Parse("""{"title":"Market"}"""), name: null);
        var texts = broken.GetProperty("texts").EnumerateArray().Where(text => text.TryGetProperty("language", out _)).ToList();
        texts.ShouldAllBe(text => text.GetProperty("error").GetString()!.Contains("'text' is missing"));
        Emulator.Vendors.Sum(vendor => vendor.Requests.Count).ShouldBe(0);
    }

    [Fact]
    public async Task Should_name_the_categories_there_are()
    {
        await using var host = await Start();

        var answer = await host.Post("/v1/templates/preview", """{"category":"order-place","data":{}}""");

        answer.ShouldBeProblem(HttpStatusCode.NotFound, "unknown-category");
        answer.Body.ShouldContain("order-placed");
        (await host.Post("/v1/templates/preview", """{"category":"order-placed","data":[]}""")).ShouldBeProblem(
            HttpStatusCode.BadRequest,
            "validation"
        );
    }

    [Fact]
    public async Task Should_be_given_back_as_they_were_sent_and_by_no_other_name()
    {
        await using var host = await Start();
        var sent = await Send(host, "order-placed", "th");
        var email = sent.Deliveries.Single(delivery => delivery.Channel == "email");

        var content = await host.Get($"/v1/notifications/{sent.CorrelationId}/deliveries/{email.Id}/content");

        content.Status.ShouldBe(HttpStatusCode.OK);
        content.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var wire = Emulator["resend"].Requests.Last(request => request.Taken);
        foreach (var part in (string[])["subject", "text", "html"])
            PartOf(content.Json, part).ShouldBe(wire.Find(part));
        content.Json.GetProperty("template").GetString().ShouldBe("order-placed/email.th");
        content.Json.GetProperty("isPlanned").GetBoolean().ShouldBeTrue();
        var attempt = (await host.Get($"/v1/notifications/{sent.CorrelationId}"))
            .Json.GetProperty("deliveries")
            .EnumerateArray()
            .Single(delivery => delivery.GetProperty("id").GetGuid() == email.Id)
            .GetProperty("attempts")[0];
        attempt.GetProperty("content").GetGuid().ShouldBe(content.Json.GetProperty("hash").GetGuid());
        (await host.Get($"/v1/notifications/{sent.CorrelationId}/deliveries/{Guid.NewGuid()}/content")).ShouldBeProblem(
            HttpStatusCode.NotFound,
            "unknown-delivery"
        );
        (await host.Get($"/v1/notifications/{Guid.NewGuid()}/deliveries/{email.Id}/content")).ShouldBeProblem(
            HttpStatusCode.NotFound,
            "unknown-notification"
        );
        host.Logged.ShouldAllBe(line => !line.Contains("Blue ceramic bowl"));
    }

    async Task<RunningHost> Start()
    {
        var host = new RunningHost
        {
            Settings =
            [
                .. Wires.SelectMany(wire => Emulator.SettingsOf(wire.Vendor)).Select(setting => $"--{setting.Key}={setting.Value}"),
                .. Wires.Select(wire => $"--Channels:{wire.Channel}:Providers={wire.Vendor}"),
                .. Categories.SelectMany(category =>
                    (string[])[$"--EventTypes:{category}:Channels=email,push,sms,chat", $"--EventTypes:{category}:Mode=AllAtOnce"]
                ),
            ],
        };
        await host.InitializeAsync();
        return host;
    }

    /// <summary>Has a person told who speaks that language, on every channel, and waits until it is sent.</summary>
    static async Task<Model.NotificationState> Send(RunningHost host, string category, string language)
    {
        var person = new JsonObject
        {
            ["id"] = "seller-42",
            ["name"] = "Som",
            ["locale"] = language,
            ["email"] = "som@example.com",
            ["phone"] = "+66812345678",
            ["pushTokens"] = new JsonArray("dGhpcyBpcyBhIHRva2Vu:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ"),
            ["chat"] = new JsonArray("line:U4af4980629a1b2c3d4e5f60718293a4b"),
        };
        var (name, path) =
            category == "announcement" ? ("notification-requested", "recipient")
            : category is "order-placed" or "chat-message-sent" ? (category, "seller")
            : (category, "buyer");
        var accepted = await host.Post(Occurrence.AddressOf(name), Occurrence.With(name, path, person));
        accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);
        (await host.Outcome(accepted.Self)).GetProperty("status").GetString().ShouldBe("delivered");
        var id = Guid.Parse(accepted.Self.Split('/')[^1]);
        return (await host.Of<INotificationStore>().Load(id, Cancellation))!;
    }

    static async Task<JsonElement> Preview(RunningHost host, string category, JsonElement data, string? name)
    {
        var answer = await host.Post(
            "/v1/templates/preview",
            JsonSerializer.Serialize(
                new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["category"] = category,
                    ["data"] = data,
                    ["recipientName"] = name,
                }
            )
        );
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Body);
        return answer.Json;
    }

    static string? PartOf(JsonElement text, string part) =>
        text.GetProperty("parts")
            .EnumerateArray()
            .Single(one => one.GetProperty("name").GetString() == part)
            .GetProperty("text")
            .GetString();
}
