using System.Globalization;
using System.Net;
using System.Text.Json;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

public sealed class When_metrics_are_scraped : IAsyncLifetime
{
    readonly HostWithServices _services = new()
    {
        Settings = ["--Providers:gateway:Circuit:MinimumCalls=2", "--Telemetry:Record:Interval=00:00:01"],
    };

    public ValueTask InitializeAsync() => _services.InitializeAsync();

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task Should_count_what_was_delivered_and_name_nobody()
    {
        var mailbox = Mailbox();
        await using var other = new RunningHost();
        await other.InitializeAsync();

        var self = await _services.PlaceOrder(mailbox);
        await _services.Host.Outcome(self);

        var text = await Scraped("notificationbus_notifications_ended_total", 1, "outcome=\"delivered\"");
        Value(text, "notificationbus_notifications_accepted_total", "category=\"order-placed\"", "by=\"http\"").ShouldBe(1);
        Value(text, "notificationbus_notifications_ended_total", "category=\"order-placed\"").ShouldBe(1);
        Value(text, "notificationbus_deliveries_settled_total", "channel=\"email\"", "status=\"sent\"").ShouldBe(1);
        Value(text, "notificationbus_deliveries_settled_total").ShouldBe(1);
        Value(text, "notificationbus_notification_duration_seconds_count", "outcome=\"delivered\"").ShouldBe(1);
        Value(text, "notificationbus_notification_duration_seconds_bucket", "le=\"604800\"").ShouldBe(1);
        Value(text, "notificationbus_provider_request_duration_seconds_count", "account=\"gateway\"", "outcome=\"accepted\"").ShouldBe(1);
        Value(text, "notificationbus_provider_circuit_state", "account=\"gateway\"").ShouldBe(0);
        foreach (var instrumented in (string[])["http_server_request_duration", "http_client_request_duration", "dotnet_"])
            text.ShouldContain(instrumented);
        var id = self[(self.LastIndexOf('/') + 1)..];
        foreach (
            var nobody in (string[])[mailbox, mailbox.Split('@')[0], "seller-42", "buyer-7", "ceramic", id, $":{_services.Gateway.Port}"]
        )
            text.ShouldNotContain(nobody);
        Value((await other.Get("/metrics")).Body, "notificationbus_notifications_accepted_total").ShouldBe(0, "that is another host");
    }

    [Fact]
    public async Task Should_count_what_came_by_the_bus_and_what_was_set_aside()
    {
        await _services.Host.Bus.Publish(TestKit.An.OrderPlaced());
        await _services.Host.Bus.Publish(
            new Contracts.NotificationRequested
            {
                Category = "none",
                Recipient = new Contracts.Contact { Id = "somebody" },
                Data = JsonSerializer.SerializeToElement(new { title = "Hello" }),
            }
        );

        await Scraped("notificationbus_notifications_ended_total", 1);
        var text = await Scraped("notificationbus_failed_messages_total", 1, "kind=\"failed\"");
        Value(text, "notificationbus_notifications_accepted_total").ShouldBe(1);
        Value(text, "notificationbus_notifications_accepted_total", "by=\"bus\"").ShouldBe(1);
    }

    [Fact]
    public async Task Should_show_an_account_that_keeps_failing()
    {
        _services.Gateway.Answers("503 Service Unavailable");

        foreach (var mailbox in (string[])[Mailbox(), Mailbox()])
            Text(Delivery(await _services.Host.Outcome(await _services.PlaceOrder(mailbox))), "provider").ShouldBe("backup");

        var text = await Scraped("notificationbus_provider_circuit_state", 1, "account=\"gateway\"");
        Value(text, "notificationbus_provider_circuit_state", "account=\"backup\"").ShouldBe(0);
        Value(text, "notificationbus_channel_accounts", "channel=\"email\"").ShouldBe(1, "the backup may be called");
        Value(text, "notificationbus_provider_circuit_changes_total").ShouldBe(1);
        Value(text, "notificationbus_provider_circuit_changes_total", "account=\"gateway\"", "from=\"closed\"", "to=\"open\"").ShouldBe(1);
        Value(text, "notificationbus_deliveries_fallbacks_total", "channel=\"email\"", "from=\"gateway\"").ShouldBe(2);
        Value(text, "notificationbus_provider_request_duration_seconds_count", "account=\"gateway\"", "outcome=\"unavailable\"")
            .ShouldBe(2);
        Value(text, "notificationbus_provider_request_duration_seconds_count", "account=\"backup\"", "outcome=\"accepted\"").ShouldBe(2);
    }

    /// <summary>docs/operating.md gives the metrics for the words of other services: each is there, with each of its labels.</summary>
    [Fact]
    public async Task Should_show_whatever_other_services_have_a_word_for()
    {
        _services.Gateway.Answers("503 Service Unavailable");
        foreach (var mailbox in (string[])[Mailbox(), Mailbox()])
            await _services.Host.Outcome(await _services.PlaceOrder(mailbox));
        var text = await Scraped("notificationbus_provider_circuit_state", 1, "account=\"gateway\"");

        var words = Words();

        words.Count.ShouldBe(8);
        foreach (var (metric, labels) in words)
            Lines(text, metric, [.. labels.Select(label => $"{label}=\"")]).ShouldNotBeEmpty($"{metric} by {string.Join(", ", labels)}");
    }

    /// <summary>The rows of the table, in which "the same" are the labels of the row before.</summary>
    static List<(string Metric, IReadOnlyList<string> Labels)> Words()
    {
        var words = new List<(string Metric, IReadOnlyList<string> Labels)>();
        foreach (
            var row in File.ReadAllLines(Path.Combine(The_dependency_rule.Root(), "docs", "operating.md"))
                .SkipWhile(line => !line.StartsWith("| words |", StringComparison.Ordinal))
                .Skip(2)
                .TakeWhile(line => line.StartsWith('|'))
                .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        )
        {
            var labels = row[3].Split('`').Where((_, index) => index % 2 == 1);
            words.Add(
                (row[2].Trim('`'), row[3].StartsWith("the same", StringComparison.Ordinal) ? [.. words[^1].Labels, .. labels] : [.. labels])
            );
        }

        return words;
    }

    [Fact]
    public async Task Should_count_what_was_put_off_by_why()
    {
        await _services.SetEmail("""{"paused":true}""");

        await _services.PlaceOrder(Mailbox());

        var text = await Scraped("notificationbus_deliveries_redelivered_total", 1, "channel=\"email\"", "reason=\"channel-paused\"");
        Value(text, "notificationbus_notifications_ended_total").ShouldBe(0);
    }

    /// <summary>A counter that is not there cannot stand still.</summary>
    [Fact]
    public async Task Should_show_every_category_before_anything_has_come()
    {
        var text = (await _services.Host.Get("/metrics")).Body;

        foreach (var category in (string[])["announcement", "chat-message-sent", "order-placed", "order-shipped", "payment-reminder-due"])
        {
            Lines(text, "notificationbus_notifications_accepted_total", $"category=\"{category}\"")
                .Count()
                .ShouldBe(2, "by bus and by HTTP");
            Lines(text, "notificationbus_notifications_ended_total", $"category=\"{category}\"").Count().ShouldBe(5, "outcomes");
        }

        Value(text, "notificationbus_notifications_accepted_total").ShouldBe(0);
        Value(text, "notificationbus_notifications_ended_total").ShouldBe(0);
        Value(text, "notificationbus_channel_accounts", "channel=\"email\"").ShouldBe(2);
    }

    [Fact]
    public async Task Should_show_what_is_wrong_for_as_long_as_it_is()
    {
        string[] paused = ["code=\"channel-paused\"", "where=\"email\""];
        await _services.SetEmail("""{"paused":true}""");
        await _services.Host.Until("/v1/status", status => All(status, "problems").Any(problem => Text(problem, "where") == "email"));

        var text = await Scraped(answer => Lines(answer, "notificationbus_problem_age_seconds", paused).Any());
        Value(text, "notificationbus_problem_age_seconds", paused).ShouldBeInRange(0, RunningHost.Patience.TotalSeconds);

        await _services.SetEmail("""{"paused":false}""");
        await _services.Host.Until("/v1/status", status => All(status, "problems").All(problem => Text(problem, "where") != "email"));
        await Scraped(answer => !Lines(answer, "notificationbus_problem_age_seconds", paused).Any());
    }

    [Fact]
    public async Task Should_show_what_waits_and_for_what()
    {
        await _services.SetEmail("""{"paused":true}""");

        await _services.PlaceOrder(Mailbox());

        var text = await Scraped("notificationbus_deliveries_waiting", 1, "channel=\"email\"", "waiting_for=\"pause\"");
        Value(text, "notificationbus_deliveries_waiting").ShouldBe(1);
        Value(text, "notificationbus_deliveries_age_seconds", "channel=\"email\"", "waiting_for=\"pause\"").ShouldBeGreaterThan(0);
        Value(text, "notificationbus_notifications_age_seconds", "waiting_for=\"pause\"").ShouldBeGreaterThan(0);
        foreach (var nothing in (string[])["intake", "queue", "decision", "rate", "schedule"])
            Value(text, "notificationbus_notifications_age_seconds", $"waiting_for=\"{nothing}\"").ShouldBe(0, nothing);
        text.ShouldContain("notificationbus_ledger_unreconciled{");
        Value(text, "notificationbus_ledger_unreconciled").ShouldBe(0);
    }

    [Fact]
    public async Task Should_show_how_much_of_each_gate_is_taken()
    {
        // It is silent, so that the call goes on for as long as its time limit.
        _services.Gateway.Answer = null;
        await _services.PlaceOrder(Mailbox());

        var text = await Scraped("notificationbus_gate_used", 1, "gate=\"bulkhead\"", "channel=\"email\"", "lane=\"transactional\"");
        Value(text, "notificationbus_gate_used", "gate=\"account\"", "account=\"gateway\"").ShouldBe(1);
        Value(text, "notificationbus_gate_limit", "gate=\"account\"", "account=\"gateway\"").ShouldBe(3, "nobody has seen it work yet");
        Value(text, "notificationbus_gate_limit", "gate=\"intake\"").ShouldBe(1_000);
    }

    /// <summary>Asks until a value is there: a host counts after it has stored, and so after it is seen.</summary>
    Task<string> Scraped(string name, double value, params string[] labels) => Scraped(text => Value(text, name, labels) == value);

    /// <summary>Asks until the answer is as wanted: what was answered a moment ago is answered once more.</summary>
    async Task<string> Scraped(Func<string, bool> wanted)
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while (true)
        {
            var answer = await _services.Host.Get("/metrics");
            answer.Status.ShouldBe(HttpStatusCode.OK);
            if (wanted(answer.Body))
                return answer.Body;
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"It does not come: {answer.Body}");

            await Task.Delay(50);
        }
    }

    /// <summary>The sum of all that have these labels.</summary>
    static double Value(string text, string name, params string[] labels) =>
        Lines(text, name, labels)
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ')[1], CultureInfo.InvariantCulture));

    static IEnumerable<string> Lines(string text, string name, params string[] labels) =>
        text.Split('\n')
            .Where(line =>
                line.StartsWith(name + "{", StringComparison.Ordinal) && labels.All(label => line.Contains(label, StringComparison.Ordinal))
            );

    static string Mailbox() => $"m{Guid.NewGuid():N}@example.com";
}
