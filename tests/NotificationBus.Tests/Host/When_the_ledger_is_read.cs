using System.Net;
using System.Text.Json;
using NotificationBus.Intake;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

public sealed class When_the_ledger_is_read : IAsyncLifetime
{
    readonly HostWithServices _services = new() { Settings = ["--Telemetry:Record:Interval=00:00:01"] };

    public ValueTask InitializeAsync() => _services.InitializeAsync();

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task Should_show_what_was_accepted_and_what_became_of_it()
    {
        var first = await _services.PlaceOrder("som@example.com");
        await _services.Host.Outcome(first);
        await _services.SetEmail("""{"paused":true}""");
        await _services.PlaceOrder("nok@example.com");

        var ledger = await Ledger(hour => Number(hour, "inFlight") == 1 && Number(hour.GetProperty("ended"), "delivered") == 1);

        var hour = All(ledger, "hours").First();
        Number(hour, "accepted").ShouldBe(2);
        Number(hour, "difference").ShouldBe(0);
        Text(hour, "oldestOpen").ShouldNotBeNull();
        Number(ledger, "unreconciled").ShouldBe(0);
        ledger.TryGetProperty("next", out _).ShouldBeFalse("there is no earlier hour on record");
    }

    [Fact]
    public async Task Should_count_a_repetition_once()
    {
        var order = Occurrence.With("order-placed", "eventId", "order-4711");
        foreach (var _ in Enumerable.Range(0, 3))
            (await _services.Host.Post("/v1/events/order-placed", order)).Status.ShouldBe(HttpStatusCode.Accepted);

        var ledger = await Ledger(hour => Number(hour.GetProperty("ended"), "delivered") == 1);

        Number(All(ledger, "hours").First(), "accepted").ShouldBe(1);
    }

    [Fact]
    public async Task Should_miss_what_was_accepted_and_never_came()
    {
        var promised = new PromisedNotification(Guid.CreateVersion7(), Guid.CreateVersion7(), TimeSpan.FromSeconds(31));
        await _services.Host.Of<IUnrecordedNotifications>().Note([promised], CancellationToken.None);

        var answer = await _services.Host.Until("/v1/ledger", all => Number(all, "unreconciled") == 1);
        All(answer, "hours").Sum(hour => Number(hour, "difference")).ShouldBe(1);
        await _services.Host.Until(
            "/v1/status",
            status => All(status, "problems").Any(problem => Text(problem, "code") == "notifications-unreconciled")
        );
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=201")]
    [InlineData("after=yesterday")]
    [InlineData("hour=1")]
    public async Task Should_refuse_what_it_does_not_know(string query) =>
        (await _services.Host.Get($"/v1/ledger?{query}")).Status.ShouldBe(HttpStatusCode.BadRequest);

    async Task<JsonElement> Ledger(Func<JsonElement, bool> newest) =>
        await _services.Host.Until("/v1/ledger", answer => newest(All(answer, "hours").First()));

    static long Number(JsonElement element, string property) => element.GetProperty(property).GetInt64();
}
