using Microsoft.Extensions.Logging.Abstractions;

using NotificationBus.Embedded;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>A situation: two providers of one channel, and a ledger whose clock the test moves.</summary>
public abstract class With_scripted_providers
{
    protected With_scripted_providers() => Ledger = new InMemoryAttemptLedger(Clock);

    internal ManualClock Clock { get; } = new();

    internal ScriptedProvider First { get; } = new("first", "email");

    internal ScriptedProvider Second { get; } = new("second", "email");

    internal InMemoryAttemptLedger Ledger { get; }

    internal static Delivery TheDelivery { get; } = new()
    {
        NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
        Id = Guid.Parse("22222222-2222-2222-2222-222222222222"),
        Channel = "email",
        Address = "som@example.com",
        Category = "order-placed",
        Content = new Text("It is on its way."),
    };

    /// <summary>What the ledger has: number, provider, status, reason.</summary>
    protected IEnumerable<string> Attempts =>
        Ledger.AttemptsOf(TheDelivery.NotificationId).Select(attempt => $"{attempt.Number} {attempt.Provider} {attempt.Status} {attempt.Reason}".TrimEnd());

    protected Task<DeliveryAttempt> Send(int earlierAttempts = 0) =>
        new ProviderChain("email", [First, Second], Ledger, Clock, NullLogger<ProviderChain>.Instance).Send(TheDelivery, earlierAttempts, CancellationToken.None);

    sealed record Text(string Value) : Content;
}
