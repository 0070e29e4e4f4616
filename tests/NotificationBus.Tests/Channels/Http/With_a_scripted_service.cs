using NotificationBus.Channels.Http;
using NotificationBus.Channels.Push;
using NotificationBus.Model;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Http;

/// <summary>A situation: a service that answers as written, and a provider that posts to it.</summary>
public abstract class With_a_scripted_service : IAsyncLifetime
{
    readonly List<HttpProvider> _providers = [];

    internal ScriptedHttpServer Service { get; } = new();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers)
            await provider.DisposeAsync();
        await Service.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    internal HttpProvider Provider(Action<HttpProviderOptions>? change = null, TimeProvider? clock = null)
    {
        var options = new HttpProviderOptions { Url = $"{Service.Url}" };
        change?.Invoke(options);
        var provider = new HttpProvider("acme", "push", options, clock ?? TimeProvider.System);
        _providers.Add(provider);
        return provider;
    }

    internal static Delivery ADelivery(Content? content = null) =>
        new()
        {
            NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
            Id = Guid.Parse("22222222-2222-2222-2222-222222222222"),
            Channel = "push",
            Address = "token-of-soms-phone",
            RecipientName = "Som \"the\" seller",
            Category = "order-placed",
            Content = content ?? new PushContent("Sold", "Your \"bowl\" is sold & paid."),
        };
}
