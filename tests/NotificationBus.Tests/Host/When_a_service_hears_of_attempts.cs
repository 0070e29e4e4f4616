using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using MassTransit;
using NotificationBus.Contracts;

namespace NotificationBus.Tests.Host;

/// <summary>What goes out on the bus before there is an outcome, for a category that asks for it.</summary>
public sealed class When_a_service_hears_of_attempts : IAsyncLifetime
{
    static readonly string[] Asking = ["--EventTypes:order-placed:PublishAttempts=true", "--EventTypes:order-shipped:Channels=email"];

    // The address, the name, and what only the text has.
    static readonly string[] Private = ["som@example.com", "Som", "Blue ceramic bowl"];

    readonly Channel<(object Message, Guid? Id, string Body)> _heard = Channel.CreateUnbounded<(object, Guid?, string)>();

    HostWithServices _services = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task Should_hear_each_call_that_failed_in_order_and_what_follows()
    {
        await Start("--EventTypes:order-placed:Channels=email,push", "--EventTypes:order-placed:Mode=FirstThatWorks");
        _services.Gateway.Answers("503 Service Unavailable");
        _services.Backup.Answers("503 Service Unavailable");

        var id = await PlaceOrder("order-1");

        var attempts = new List<DeliveryAttemptFailed>();
        for (var number = 1; number <= 4; number++)
            attempts.Add((await Next()).ShouldBeOfType<DeliveryAttemptFailed>());
        attempts
            .Select(attempt => (attempt.Attempt, attempt.Provider, attempt.Code, attempt.Next, attempt.NextProvider))
            .ShouldBe([
                (1, "gateway", ReasonCode.Unavailable, NextAttempt.NextAccount, "backup"),
                (2, "backup", ReasonCode.Unavailable, NextAttempt.SameAccount, "backup"),
                (3, "backup", ReasonCode.Unavailable, NextAttempt.SameAccount, "backup"),
                (4, "backup", ReasonCode.Unavailable, NextAttempt.None, null),
            ]);
        foreach (var attempt in attempts)
        {
            (attempt.NotificationId, attempt.Application, attempt.Category, attempt.EventName, attempt.EventId, attempt.Channel).ShouldBe(
                (id, "default", "order-placed", "order-placed", "order-1", "email")
            );
            attempt.RecipientId.ShouldBe("seller-42");
            attempt.Keys.ShouldBe(new Dictionary<string, string>(StringComparer.Ordinal) { ["order"] = "4711" });
        }

        var outcome = await _services.Host.Outcome($"/v1/notifications/{id}");
        HostWithServices.Text(outcome, "status").ShouldBe("delivered");
        attempts
            .Select(attempt => $"{attempt.DeliveryId}")
            .Distinct(StringComparer.Ordinal)
            .ShouldBe([HostWithServices.Text(HostWithServices.All(outcome, "deliveries").First(), "id")]);
    }

    [Fact]
    public async Task Should_hear_for_what_it_waits_and_until_when()
    {
        await Start();
        await _services.SetEmail("""{"paused":true}""");

        var id = await PlaceOrder("order-1");

        var waiting = (await Next()).ShouldBeOfType<DeliveryWaiting>();
        (waiting.NotificationId, waiting.Channel, waiting.Code, waiting.Provider, waiting.Attempts).ShouldBe(
            (id, "email", ReasonCode.ChannelPaused, null, 0)
        );
        (waiting.Application, waiting.EventId, waiting.RecipientId).ShouldBe(("default", "order-1", "seller-42"));
        waiting.Keys.ShouldBe(new Dictionary<string, string>(StringComparer.Ordinal) { ["order"] = "4711" });
        waiting.Until.ShouldBeGreaterThan(waiting.At);

        await _services.SetEmail("""{"paused":false}""");
        var outcome = await _services.Host.Outcome($"/v1/notifications/{id}");
        HostWithServices.Text(outcome, "status").ShouldBe("delivered");
    }

    [Fact]
    public async Task Should_hear_that_it_comes_again_when_nobody_takes_it()
    {
        await Start("--Redelivery:FirstDelay=00:00:00.1");
        _services.Gateway.Answers("429 Too Many Requests");
        _services.Backup.Answers("403 Forbidden");

        await PlaceOrder("order-1");

        (await Failed()).ShouldBe((1, "gateway", ReasonCode.Throttled, NextAttempt.NextAccount, "backup"));
        (await Failed()).ShouldBe((2, "backup", ReasonCode.Misconfigured, NextAttempt.Later, null));
        var waiting = (await Next()).ShouldBeOfType<DeliveryWaiting>();
        (waiting.Code, waiting.Provider, waiting.Attempts).ShouldBe((ReasonCode.Misconfigured, "backup", 2));
    }

    [Fact]
    public async Task Should_hear_that_an_operator_has_to_decide()
    {
        await Start();
        _services.Gateway.Answers("500 Internal Server Error");

        await PlaceOrder("order-1");

        (await Failed()).ShouldBe((1, "gateway", ReasonCode.InDoubt, NextAttempt.Held, null));
    }

    [Fact]
    public async Task Should_hear_nothing_of_a_category_that_does_not_ask_for_it()
    {
        await Start("--EventTypes:order-shipped:OnInDoubt=Hold");
        _services.Gateway.Answers("503 Service Unavailable");

        var shipped = await _services.Host.Post(
            "/v1/events/order-shipped",
            Occurrence.With("order-shipped", "buyer", new JsonObject { ["id"] = "buyer-7", ["email"] = "nok@example.com" })
        );
        shipped.Status.ShouldBe(HttpStatusCode.Accepted, shipped.Body);
        var outcome = await _services.Host.Outcome(shipped.Self);
        HostWithServices.Delivery(outcome).GetProperty("attempts").GetArrayLength().ShouldBe(2);
        var id = await PlaceOrder("order-1");

        // What is told comes by one queue, in order.
        (await Next())
            .ShouldBeOfType<DeliveryAttemptFailed>()
            .NotificationId.ShouldBe(id);
        _heard.Reader.TryRead(out _).ShouldBeFalse();
    }

    async Task Start(params string[] settings)
    {
        _services = new HostWithServices { Settings = [.. Asking, .. settings] };
        await _services.InitializeAsync();
        await _services
            .Host.Bus.ConnectReceiveEndpoint(
                "shop-hears",
                endpoint =>
                {
                    endpoint.ConcurrentMessageLimit = 1;
                    endpoint.Handler<DeliveryAttemptFailed>(Hear);
                    endpoint.Handler<DeliveryWaiting>(Hear);
                }
            )
            .Ready.WaitAsync(RunningHost.Patience);
    }

    Task Hear<T>(ConsumeContext<T> context)
        where T : class => _heard.Writer.WriteAsync((context.Message, context.MessageId, context.ReceiveContext.Body.GetString())).AsTask();

    async Task<object> Next()
    {
        var (message, id, body) = await _heard.Reader.ReadAsync().AsTask().WaitAsync(RunningHost.Patience);
        id.ShouldNotBeNull();
        foreach (var word in Private)
            body.ShouldNotContain(word, Case.Sensitive);
        return message;
    }

    async Task<(int, string, string, string, string?)> Failed()
    {
        var failed = (await Next()).ShouldBeOfType<DeliveryAttemptFailed>();
        return (failed.Attempt, failed.Provider, failed.Code, failed.Next, failed.NextProvider);
    }

    async Task<Guid> PlaceOrder(string eventId)
    {
        var order = JsonNode.Parse(Occurrence.ByName["order-placed"])!;
        order["eventId"] = eventId;
        var accepted = await _services.Host.Post("/v1/events/order-placed", order.ToJsonString());
        accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);
        return Guid.Parse(accepted.Self[(accepted.Self.LastIndexOf('/') + 1)..]);
    }
}
