using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Chat.Providers;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Channels.Http;
using NotificationBus.Channels.Log;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Push.Providers;
using NotificationBus.Channels.Sandbox;
using NotificationBus.Channels.Sms;
using NotificationBus.Channels.Sms.Providers;
using NotificationBus.Channels.Webhook;
using NotificationBus.Channels.Webhook.Providers;
using NotificationBus.Contents;
using NotificationBus.Erasures;
using NotificationBus.Providers;
using NotificationBus.Sending;
using NotificationBus.Subscriptions;

namespace NotificationBus.Channels;

/// <summary>The inventory: every channel and every provider there is, a line each.</summary>
public static class ChannelSetup
{
    /// <summary>Makes the channels and their providers known. Configuration chooses among them.</summary>
    public static IServiceCollection AddChannels(this IServiceCollection services)
    {
        services.AddSingleton<SandboxInbox>();
        services.AddSingleton<IErasableInbox>(provider => new ErasableInbox(
            provider.GetRequiredService<SandboxInbox>(),
            provider.GetService<ICaughtDeliveries>()
        ));
        services.AddSingleton<IWebhookCaller, WebhookCaller>();
        services.AddSingleton<IFileSource, AttachmentSource>();

        services
            .AddChannel<EmailChannel>()
            .Provider<SmtpEmailProvider, SmtpOptions>("smtp")
            .Provider<SendGridEmailProvider, SendGridOptions>("sendgrid")
            .Provider<BrevoEmailProvider, BrevoOptions>("brevo")
            .Provider<SesEmailProvider, SesOptions>("ses")
            .Provider<ResendEmailProvider, ResendOptions>("resend")
            .Provider<PostmarkEmailProvider, PostmarkOptions>("postmark")
            .Http("email")
            .Log("email")
            .Sandbox("email");
        services
            .AddChannel<PushChannel>()
            .Provider<FcmPushProvider, FcmOptions>("fcm")
            .Provider<ApnsPushProvider, ApnsOptions>("apns")
            .Provider<WebPushProvider, WebPushOptions>("webpush")
            .Http("push")
            .Log("push")
            .Sandbox("push");
        services
            .AddChannel<SmsChannel>()
            .Provider<TwilioSmsProvider, TwilioOptions>("twilio")
            .Provider<VonageSmsProvider, VonageOptions>("vonage")
            .Http("sms")
            .Log("sms")
            .Sandbox("sms");
        services
            .AddChannel<ChatChannel>()
            .Provider<SlackProvider, SlackOptions>("slack")
            .Provider<SlackWebhookProvider, SlackWebhookOptions>("slack-webhook")
            .Provider<TeamsProvider, TeamsOptions>("teams")
            .Provider<TelegramProvider, TelegramOptions>("telegram")
            .Provider<DiscordProvider, DiscordOptions>("discord")
            .Provider<LineProvider, LineOptions>("line")
            .Http("chat")
            .Log("chat")
            .Sandbox("chat");
        services
            .AddChannel<WebhookChannel>()
            .Provider<WebhookProvider, WebhookOptions>("webhook")
            .Http("webhook")
            .Log("webhook")
            .Sandbox("webhook");
        return services;
    }

    /// <summary>Lets the inbox of any host show what the sandbox of any host caught. It needs a place where they meet.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="isShown">Whether this host shows an inbox.</param>
    public static IServiceCollection AddSharedInbox(this IServiceCollection services, bool isShown)
    {
        services.AddSingleton<CaughtHere>();
        return services.AddHostedService(provider => new SharedInbox(
            provider.GetRequiredService<CaughtHere>(),
            isShown ? provider.GetRequiredService<SandboxInbox>() : null,
            provider.GetRequiredService<ICaughtDeliveries>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SharedInbox>>()
        ));
    }

    static ChannelBuilder Http(this ChannelBuilder builder, string channel) =>
        builder.Provider<HttpProviderOptions>(
            "http",
            (services, account, options) => new HttpProvider(account, channel, options, services.GetRequiredService<TimeProvider>())
        );

    static ChannelBuilder Log(this ChannelBuilder builder, string channel) =>
        builder.Provider<LogOptions>(
            LogProvider.Type,
            (services, account, options) => new LogProvider(account, channel, options, services.GetRequiredService<ILogger<LogProvider>>())
        );

    static ChannelBuilder Sandbox(this ChannelBuilder builder, string channel) =>
        builder.Provider<SandboxOptions>(
            SandboxProvider.Type,
            (services, account, options) =>
                new SandboxProvider(
                    account,
                    channel,
                    options,
                    services.GetRequiredService<SandboxInbox>(),
                    services.GetRequiredService<TimeProvider>(),
                    services.GetRequiredService<Random>()
                )
        );
}
