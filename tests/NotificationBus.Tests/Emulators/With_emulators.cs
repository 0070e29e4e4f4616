using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Channels;
using NotificationBus.Channels.Webhook;
using NotificationBus.Emulators;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Chat;
using NotificationBus.Tests.Channels.Push;
using NotificationBus.Tests.Channels.Sms;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Emulators;

/// <summary>A situation: the emulator in this process, and accounts at its vendors as the host makes them.</summary>
public abstract class With_emulators : IAsyncLifetime
{
    static readonly Browser Firefox = new();

    readonly List<ServiceProvider> _services = [];
    readonly List<IProvider> _providers = [];
    Emulator? _emulator;

    internal Emulator Emulator => _emulator!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _emulator = await Emulator.Start();

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers.OfType<IAsyncDisposable>())
            await provider.DisposeAsync();
        foreach (var services in _services)
            await services.DisposeAsync();
        await Emulator.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>An account at a vendor, told just what the emulator says it must be told.</summary>
    protected IProvider Account(string vendor, double timeout = 15)
    {
        var services = new ServiceCollection()
            .AddChannels()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IConfiguration>(
                new ConfigurationBuilder()
                    .AddInMemoryCollection(
                        Emulator
                            .SettingsOf(vendor, "account")
                            .Append(("Providers:account:Timeout", $"{TimeSpan.FromSeconds(timeout)}"))
                            .Select(setting => KeyValuePair.Create(setting.Item1, (string?)setting.Item2))
                    )
                    .Build()
            )
            .BuildServiceProvider();
        _services.Add(services);
        var provider = services.GetServices<ProviderType>().First(type => type.Name == vendor).Create(services, "account");
        _providers.Add(provider);
        return provider;
    }

    /// <summary>A delivery that the vendor carries, another one each time.</summary>
    protected Delivery DeliveryFor(string vendor) =>
        (
            vendor switch
            {
                "fcm" => APush.To("dGhpcyBpcyBhIHRva2Vu:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ"),
                "apns" => APush.To("00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"),
                "webpush" => APush.To(Firefox.Subscription("https://updates.push.services.mozilla.com/wpush/v2/gAAAAABnotguessable")),
                "twilio" or "vonage" => AnSms.ToSomchai,
                "slack" => Message.To("slack:C0123456789"),
                "slack-webhook" => Message.To("slack:https://hooks.slack.com/services/T0/B0/x"),
                "teams" => Message.To(
                    "teams:https://prod-1.westeurope.logic.azure.com/workflows/1/triggers/manual/paths/invoke?sv=1.0&sig=x"
                ),
                "discord" => Message.To("discord:https://discord.com/api/webhooks/1/x"),
                "line" => Message.To("line:U4af4980629a1b2c3d4e5f60718293a4b"),
                "telegram" => Message.To("telegram:12345"),
                "webhook" => Mail.ToSomchai with
                {
                    Channel = "webhook",
                    Address = $"{Emulator.UrlOf(Emulator["webhook"].Vendor)}/hooks/1",
                    Content = new WebhookContent(JsonElement.Parse("""{"orderId":"4711"}""")),
                },
                _ => Mail.ToSomchai,
            }
        ) with
        {
            Id = Guid.NewGuid(),
            ExpiresAt = null,
        };
}
