using System.Net;
using System.Text.RegularExpressions;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

/// <summary>Whoever asks whether somebody got it is told a story that ends with the answer, as text or as JSON.</summary>
public sealed partial class When_a_notification_is_explained : IAsyncLifetime
{
    readonly HostWithServices _services = new() { Settings = ["--Providers:gateway:Circuit:MinimumCalls=2"] };

    public ValueTask InitializeAsync() => _services.InitializeAsync();

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task Should_tell_what_it_waited_for_who_sent_it_and_end_with_the_answer()
    {
        await _services.SetEmail("""{"paused":true}""");
        var self = await _services.PlaceOrder("som@example.com");
        await _services.Host.Until(
            self,
            one => one.TryGetProperty("deliveries", out _) && Text(Delivery(one), "waitingCode") == "channel-paused"
        );

        var waiting = (await Told(self)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        waiting[^1].ShouldStartWith("Did they get it? Not yet: it waits for email, tried again by ");
        waiting[^1].ShouldContain("channel email is paused");

        await _services.SetEmail("{}");
        await _services.Host.Outcome(self);

        var told = await Told(self);
        Sentences(told)
            .ShouldBe([
                "operator ann changed channel email, paused from false to true: they are down.",
                "intake Accepted from the event order-placed for seller-42.",
                "planner email to s…@example.com was planned to go out at once. [planned]",
                "sender email waited until T: channel email is paused. [channel-paused]",
                "operator ann changed channel email, paused from true to false: they are down.",
                "sender email: gateway was called (attempt 1) and took it after N ms.",
                "outcome It ended as delivered.",
            ]);
        told.TrimEnd().Split('\n')[^1].ShouldStartWith("Did they get it? It was sent: gateway took email to s…@example.com at ");
        told.ShouldNotContain("som@example.com");
    }

    [Fact]
    public async Task Should_tell_which_circuit_was_open_since_when_and_why()
    {
        _services.Gateway.Answers("503 Service Unavailable");
        foreach (var mailbox in (string[])["nok@example.com", "lek@example.com"])
            await _services.Host.Outcome(await _services.PlaceOrder(mailbox));
        await _services.Host.Until(
            "/v1/providers",
            all => All(all, "providers").Any(one => Text(one, "account") == "gateway" && Text(one, "circuit") == "open")
        );

        var self = await _services.PlaceOrder("som@example.com");
        await _services.Host.Outcome(self);

        var explained = (await _services.Host.Get($"{self}/explain")).Json;
        var circuit = All(explained, "story").Single(step => Text(step, "by") == "automation");
        (
            Text(circuit, "code"),
            Text(circuit, "text")!.StartsWith("The circuit of gateway has been open since then: ", StringComparison.Ordinal)
        ).ShouldBe(("circuit-open", true));
    }

    [Fact]
    public async Task Should_say_no_and_why_for_a_program()
    {
        _services.Gateway.Answers("422 Unprocessable Content", "too long");
        _services.Backup.Answers("422 Unprocessable Content", "too long");
        var self = await _services.PlaceOrder("som@example.com");
        await _services.Host.Outcome(self);

        var answer = await _services.Host.Get($"{self}/explain");

        answer.Status.ShouldBe(HttpStatusCode.OK);
        var explained = answer.Json;
        (Text(explained, "status"), Text(explained, "id")).ShouldBe(("failed", self[(self.LastIndexOf('/') + 1)..]));
        var code = Text(explained, "code");
        All(explained, "story").Select(step => Text(step, "code")).OfType<string>().ShouldContain(code);
        Text(explained, "answer")!.ShouldStartWith("No: email: ");
        All(explained, "story").Select(step => step.GetProperty("at").GetDateTimeOffset()).ShouldBeInOrder();
    }

    [Theory]
    [InlineData("text/plain", true)]
    [InlineData("text/plain, application/json;q=0.5", true)]
    [InlineData("text/*;q=0.9, application/json", false)]
    [InlineData("*/*", false)]
    [InlineData(null, false)]
    public async Task Should_be_text_for_whoever_likes_that_better(string? accept, bool isText)
    {
        var self = await _services.PlaceOrder("som@example.com");
        await _services.Host.Outcome(self);

        using var request = new HttpRequestMessage(HttpMethod.Get, $"{self}/explain");
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        using var answer = await _services.Host.Client.SendAsync(request);

        answer.Content.Headers.ContentType!.MediaType.ShouldBe(isText ? "text/plain" : "application/json");
    }

    [Fact]
    public async Task Should_be_known_for_what_is_on_record_only() =>
        (await _services.Host.Get($"/v1/notifications/{Guid.NewGuid()}/explain")).Status.ShouldBe(HttpStatusCode.NotFound);

    async Task<string> Told(string self)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{self}/explain") { Headers = { { "Accept", "text/plain" } } };
        using var answer = await _services.Host.Client.SendAsync(request);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>The lines of the story without the times, which differ.</summary>
    static IEnumerable<string> Sentences(string told) =>
        told.Split('\n')
            .Where(line => line.Length > 20 && char.IsAsciiDigit(line[0]))
            .Select(line => Lengths().Replace(Times().Replace(line[21..], "T"), "N ms."))
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    [GeneratedRegex(@"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", RegexOptions.None, 1000)]
    private static partial Regex Times();

    [GeneratedRegex(@"[\d.]+ m?s\.", RegexOptions.None, 1000)]
    private static partial Regex Lengths();
}
