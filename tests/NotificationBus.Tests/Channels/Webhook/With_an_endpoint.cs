using System.Text.Json;
using NotificationBus.Channels.Webhook;
using NotificationBus.Channels.Webhook.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Webhook;

/// <summary>A situation: somebody's endpoint, which answers as written, and a provider that posts to it.</summary>
public abstract class With_an_endpoint : IAsyncLifetime
{
    /// <summary>Of the test suite of Standard Webhooks.</summary>
    internal const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    readonly List<WebhookProvider> _providers = [];

    internal ScriptedHttpServer Endpoint { get; } = new();

    internal FakeTimeProvider Clock { get; } = new(A.Time);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected Delivery ADelivery => DeliveryTo($"http://127.0.0.1:{Endpoint.Port}/hooks/a-secret-of-the-receiver");

    internal static Delivery DeliveryTo(string url) =>
        new()
        {
            NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
            Id = Guid.Parse("22222222-2222-2222-2222-222222222222"),
            Channel = "webhook",
            Address = url,
            RecipientName = "Somchai",
            Category = "order-placed",
            OccurredAt = new DateTimeOffset(2026, 3, 14, 9, 0, 0, TimeSpan.Zero),
            Content = new WebhookContent(JsonElement.Parse("""{"orderId":"4711","product":"ชามเซรามิก"}""")),
        };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers)
            await provider.DisposeAsync();
        await Endpoint.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected WebhookProvider Provider(string secret = Secret)
    {
        var provider = new WebhookProvider("webhook", new WebhookOptions { Secret = secret, AllowPrivateAddresses = true }, Clock);
        _providers.Add(provider);
        return provider;
    }
}
