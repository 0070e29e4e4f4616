using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.IntegrationTests;

/// <summary>3.7: five hundred that have failed for five causes, among others that must not be sent again.</summary>
public sealed class When_operators_repair_what_has_failed(BusAndDatabase servers)
{
    const int OfACause = 100;
    const int Planned = 5 * OfACause;
    const int FirstLimit = 150;

    // So slow that whoever is killed is killed before the end.
    const int PerSecond = 25;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_begin_exactly_what_was_planned_and_each_once_whoever_is_killed_meanwhile()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var mail = new ScriptedHttpServer { Answer = [], Resets = true };
        await using var text = new ScriptedHttpServer();
        await using var push = new ScriptedHttpServer();
        text.Answers("200 OK");
        await using var record = new The_record(database);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "mail",
            ["Providers:mail:Type"] = "http",
            ["Providers:mail:Url"] = $"{mail.Url}",
            ["Providers:mail:Rejected"] = "451",
            ["Channels:sms:Providers"] = "text",
            ["Channels:sms:Guard:Price"] = "0.5",
            ["Providers:text:Type"] = "http",
            ["Providers:text:Url"] = $"{text.Url}",
            ["Providers:text:Rejected"] = "451",
            ["Channels:push:Providers"] = "push",
            ["Providers:push:Type"] = "http",
            ["Providers:push:Url"] = $"{push.Url}",
            ["Providers:push:Rejected"] = "451",
            ["EventTypes:order-placed:Channels"] = "push",
            ["EventTypes:order-shipped:Channels"] = "email",
            ["EventTypes:order-shipped:OnInDoubt"] = "Hold",
            ["EventTypes:announcement:Channels"] = "email",
            ["EventTypes:payment-reminder-due:Channels"] = "sms",
            ["EventTypes:chat-message-sent:Channels"] = "sms",
        };
        var expected = new Dictionary<Guid, string>();
        await using (var host = await HostInProcess.Start(broker, database, With(settings, "Channels:sms:Guard:BlockCountries", "SG")))
            await Fail(host, record, mail, text, push, expected);
        var vendors = (ScriptedHttpServer[])[mail, text, push];
        foreach (var vendor in vendors)
            vendor.Answers("200 OK");
        var before = vendors.Select(vendor => vendor.Requests.Count).ToArray();

        await using var sender = await HostInProcess.Start(broker, database, With(settings, "Roles", "api,sender"));
        var plan = await Plan(sender);
        var id = plan.GetProperty("repair").GetProperty("id").GetGuid();
        (Number(plan, "planned"), Number(plan, "leftOut"), Number(plan, "found")).ShouldBe(
            (Planned, expected.Count - Planned, expected.Count)
        );
        Counts(plan, "causes", "code")
            .ShouldBe(["country-blocked 100", "decided-failed 100", "rejected 100", "rejected 100", "rejected 100"], ignoreOrder: true);
        Counts(plan, "exclusions", "reason")
            .ShouldBe(["expired 5", "in-doubt 5", "reached 20", "suppressed 10", "withdrawn 10"], ignoreOrder: true);
        Counts(plan, "channels", "channel").ShouldBe(["email 200", "sms 200", "push 100"]);
        plan.GetProperty("channels")
            .EnumerateArray()
            .Single(one => Text(one, "channel") == "sms")
            .GetProperty("cost")
            .GetDecimal()
            .ShouldBe(100m);
        (await Items(sender, id)).ShouldBe(expected, ignoreOrder: true);

        await Run(sender, id, FirstLimit);
        await using (var first = await HostProcess.Start(broker, database, With(settings, "Roles", "saga")))
        {
            await record.Until("SELECT count(*) FROM repair WHERE state = 'Paused'", 1, Soon);
            (await record.Scalar<long>(Repaired)).ShouldBe(FirstLimit, "so many were to begin");
            await Run(sender, id);
            await record.Some($"SELECT ({Repaired}) / 230", Soon);
            await first.Kill();
        }

        await using (var second = await HostProcess.Start(broker, database, With(settings, "Roles", "saga")))
        {
            await record.Some($"SELECT ({Repaired}) / 340", Soon);
            await second.Kill();
        }

        (await record.Scalar<long>(Repaired)).ShouldBeLessThan(Planned, "it was to be killed in the middle");
        await using var third = await HostInProcess.Start(broker, database, With(settings, "Roles", "saga"));
        await record.Until("SELECT count(*) FROM repair WHERE state = 'Done'", 1, Soon);
        await record.Until("SELECT count(*) FROM repair_effect WHERE outcome = 'Delivered'", Planned, Soon);
        await record.UntilNothingIsOutgoing(Soon);

        (await Items(sender, id)).ShouldBe(
            expected.ToDictionary(one => one.Key, one => one.Value.Replace("planned", "repaired", StringComparison.Ordinal)),
            ignoreOrder: true,
            "the preview is the effect, item by item"
        );
        (await record.Scalar<long>("SELECT count(DISTINCT repaired_by) FROM repair_item WHERE state = 'Repaired'")).ShouldBe(Planned);
        Sent().ShouldBe([200, 200, 100]);
        foreach (var (index, vendor) in vendors.Index())
            KeysOf(vendor).Skip(before[index]).ShouldBeUnique();

        var again = await Run(sender, id);
        (again.GetProperty("repair").GetProperty("status").GetString(), Number(again, "repaired")).ShouldBe(("done", Planned));
        var next = await Plan(sender);
        Number(next, "planned").ShouldBe(0, "each was repaired, or must not be");
        Counts(next, "exclusions", "reason").ShouldContain("repaired-before 500");
        Sent().ShouldBe([200, 200, 100]);
        (await record.Scalar<long>($"SELECT count(*) FROM control_change WHERE subject = 'repair {id}' AND who = 'ann'")).ShouldBe(
            3,
            "the plan and two runs; what was done is not run again"
        );
        await The_broker.ShouldHaveNoStrays(broker);

        IEnumerable<int> Sent() => vendors.Select((vendor, index) => vendor.Requests.Count - before[index]);
    }

    const string Repaired = "SELECT count(*) FROM repair_item WHERE state = 'Repaired'";

    /// <summary>Has all of it fail, each cause after the other, and what must not be sent again beside it.</summary>
    static async Task Fail(
        HostInProcess host,
        The_record record,
        ScriptedHttpServer mail,
        ScriptedHttpServer text,
        ScriptedHttpServer push,
        Dictionary<Guid, string> expected
    )
    {
        foreach (var account in (string[])["mail", "text", "push"])
            await The_operator.SetsProvider(
                account,
                new
                {
                    pin = "closed",
                    by = "ann",
                    why = "no break for it",
                },
                one => one.TryGetProperty("pin", out _),
                host
            );

        var doubted = await Each(OfACause + 5, n => Post(host, "events/order-shipped", Shipped($"shipped-{n}")));
        await record.Until("SELECT count(*) FROM held_notification", doubted.Count, Soon);
        using (var decided = await host.Client.PostAsJsonAsync("/v1/decisions", DecideFailed))
            decided.StatusCode.ShouldBe(HttpStatusCode.Accepted, await decided.Content.ReadAsStringAsync());
        await Ended("category = 'order-shipped' AND status = 'failed'", OfACause);
        foreach (var id in doubted)
            expected[id] =
                await record.Scalar<string>($"SELECT status FROM notification_overview WHERE id = '{id}'") == "held"
                    ? "left-out in-doubt none"
                    : "planned decided-failed/email/mail";

        mail.Resets = false;
        mail.Answers("451 Unavailable For Legal Reasons");
        Expect(await Each(OfACause, n => Post(host, "notifications", Announcement($"news-{n}"))), "planned rejected/email/mail");
        await Ended("category = 'announcement' AND status = 'failed'", OfACause);

        push.Answers("451 Unavailable For Legal Reasons");
        Expect(await Each(OfACause, n => Post(host, "events/order-placed", Placed($"placed-{n}"))), "planned rejected/push/push");
        Expect(
            await Each(20, n => Post(host, "notifications", Announcement($"both-{n}", channels: ["email", "sms"]))),
            "left-out reached none"
        );
        await Ended("category = 'announcement' AND status IN ('delivered', 'partly-delivered')", 20);
        Expect(await Each(10, n => Post(host, "events/order-placed", Placed($"sold-{n}"))), "left-out withdrawn rejected/push/push");
        Expect(await Each(10, n => Post(host, "events/order-placed", Placed($"gone-{n}"))), "left-out suppressed rejected/push/push");
        await Ended("category = 'order-placed' AND status = 'failed'", OfACause + 20);
        for (var n = 0; n < 10; n++)
        {
            await The_operator.Asks(
                host,
                HttpMethod.Post,
                "/v1/withdrawals",
                new
                {
                    key = $"order:sold-{n}",
                    categories = (string[])["order-placed"],
                    by = "ann",
                    why = "it is sold",
                }
            );
            await The_operator.Asks(
                host,
                HttpMethod.Post,
                "/v1/suppressions",
                new
                {
                    channel = "push",
                    address = $"phone-of-gone-{n}",
                    by = "ann",
                    why = "she asked",
                }
            );
        }

        text.Answers("451 Unavailable For Legal Reasons");
        Expect(await Each(OfACause, n => Post(host, "events/payment-reminder-due", Reminder($"due-{n}"))), "planned rejected/sms/text");
        await Ended("category = 'payment-reminder-due' AND status = 'failed'", OfACause);
        Expect(await Each(OfACause, n => Post(host, "events/chat-message-sent", Chat($"chat-{n}"))), "planned country-blocked/sms/");
        await Ended("category = 'chat-message-sent' AND status = 'failed'", OfACause);

        // Of use for a moment only; it may have failed before that, or not.
        var brief = await Each(5, n => Post(host, "notifications", Announcement($"brief-{n}", of: TimeSpan.FromSeconds(2))));
        await record.Until("SELECT count(*) FROM notification WHERE event_id LIKE 'brief-%'", brief.Count, Soon);
        await record.Until("SELECT count(*) FROM notification_overview WHERE completed_at IS NULL", 5, Soon);
        await record.Until("SELECT count(*) FROM notification WHERE event_id LIKE 'brief-%' AND expires_at > now()", 0, Soon);
        foreach (var id in brief)
            expected[id] =
                await record.Scalar<string>($"SELECT status FROM notification_overview WHERE id = '{id}'") == "expired"
                    ? "left-out expired expired/email/"
                    : "left-out expired rejected/email/mail";

        void Expect(IEnumerable<Guid> ids, string what)
        {
            foreach (var id in ids)
                expected[id] = what;
        }

        Task Ended(string where, long count) => record.Until($"SELECT count(*) FROM notification_overview WHERE {where}", count, Soon);
    }

    static readonly object DecideFailed = new
    {
        filter = new { channel = "email" },
        decision = "failed",
        limit = OfACause,
        by = "ann",
        why = "the vendor has none of them",
    };

    static async Task<IReadOnlyList<Guid>> Each(int count, Func<int, Task<Guid>> post)
    {
        var ids = new Guid[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, _) => ids[n] = await post(n));
        return ids;
    }

    static async Task<Guid> Post(HostInProcess host, string path, object body)
    {
        using var answer = await host.Client.PostAsJsonAsync($"/v1/{path}", body);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        var accepted = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (accepted.TryGetProperty("notifications", out var all) ? all[0] : accepted).GetProperty("id").GetGuid();
    }

    static object Person(string name, string phone = "+66812345678") =>
        new
        {
            id = name,
            email = $"{name}@example.com",
            phone,
            pushTokens = (string[])[$"phone-of-{name}"],
        };

    static object Placed(string name) =>
        new
        {
            eventId = name,
            orderId = name,
            product = "Blue ceramic bowl",
            total = new { amount = 590, currency = "THB" },
            buyer = new { id = "buyer-7" },
            seller = Person(name),
        };

    static object Shipped(string name) =>
        new
        {
            eventId = name,
            orderId = name,
            product = "Blue ceramic bowl",
            buyer = Person(name),
        };

    static object Reminder(string name) =>
        new
        {
            eventId = name,
            orderId = name,
            product = "Blue ceramic bowl",
            total = new { amount = 590, currency = "THB" },
            buyer = Person(name),
        };

    static object Chat(string name) =>
        new
        {
            eventId = name,
            conversationId = name,
            text = "Is it still there?",
            buyer = new { id = "buyer-7" },
            seller = Person(name, "+6591234567"),
        };

    static Dictionary<string, object?> Announcement(string name, string[]? channels = null, TimeSpan? of = null) =>
        new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["eventId"] = name,
            ["category"] = "announcement",
            ["recipient"] = Person(name),
            ["data"] = new { title = "New opening hours", text = "We are open on Sunday." },
            ["channels"] = channels ?? ["email"],
            ["expiresAt"] = (TimeProvider.System.GetUtcNow() + (of ?? TimeSpan.FromDays(1))).ToString("O"),
        };

    static Dictionary<string, string> With(Dictionary<string, string> settings, string name, string value) =>
        new(settings, StringComparer.Ordinal) { [name] = value };

    static async Task<JsonElement> Plan(HostInProcess host)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/repairs",
            new
            {
                filter = new { from = $"{TimeProvider.System.GetUtcNow().AddHours(-2):yyyy-MM-dd'T'HH:mm:ss}Z" },
                by = "ann",
                why = "the vendors are back",
            }
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    static async Task<JsonElement> Run(HostInProcess host, Guid id, int? limit = null)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            $"/v1/repairs/{id}/run",
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["perSecond"] = PerSecond,
                ["limit"] = limit ?? 10_000,
                ["by"] = "ann",
                ["why"] = "the vendors are back",
            }
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>What is to become of each, or has: page by page.</summary>
    static async Task<Dictionary<Guid, string>> Items(HostInProcess host, Guid id)
    {
        var items = new Dictionary<Guid, string>();
        for (var path = $"/v1/repairs/{id}/items?limit=200"; path is not null; )
        {
            var page = await host.Client.GetFromJsonAsync<JsonElement>(path);
            foreach (var item in page.GetProperty("items").EnumerateArray())
                items.Add(item.GetProperty("notificationId").GetGuid(), Said(item));
            path = Text(page, "next");
        }

        return items;

        static string Said(JsonElement item)
        {
            var cause = item.GetProperty("cause");
            var code = Text(cause, "code");
            var why = code == "none" ? "none" : $"{code}/{Text(cause, "channel")}/{Text(cause, "provider")}";
            return string.Join(' ', new[] { Text(item, "status"), Text(item, "leftOut"), why }.OfType<string>());
        }
    }

    static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    static IEnumerable<string> Counts(JsonElement plan, string list, string name) =>
        plan.GetProperty(list).EnumerateArray().Select(one => $"{Text(one, name)} {Number(one, "count")}");

    static IEnumerable<string> KeysOf(ScriptedHttpServer server) =>
        server.Requests.Select(request =>
            request.Head.Split("\r\n").Single(line => line.StartsWith("Idempotency-Key:", StringComparison.OrdinalIgnoreCase))
        );
}
