using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NotificationBus.Model;

namespace NotificationBus.Providers;

/// <summary>
/// A kind of provider that configuration may use, under any number of names: two SMTP servers are two accounts of the type <c>smtp</c>.
/// </summary>
/// <param name="Name">The word in <c>Providers:{account}:Type</c>; an account named like its type needs no <c>Type</c>.</param>
/// <param name="Channel">The channel it carries.</param>
/// <param name="OptionsType">What <c>Providers:{account}</c> is bound to; null when there is nothing to set.</param>
/// <param name="Create">Makes the provider for one account. Options are validated here, so that an account nobody uses needs none.</param>
public sealed record ProviderType(string Name, string Channel, Type? OptionsType, Func<IServiceProvider, string, IProvider> Create);

/// <summary>
/// Adds what a channel consists of:
/// <c>services.AddChannel&lt;EmailChannel&gt;().Provider&lt;SmtpEmailProvider, SmtpOptions&gt;("smtp")</c>.
/// </summary>
public sealed class ChannelBuilder
{
    readonly IServiceCollection _services;
    readonly string _channel;

    internal ChannelBuilder(IServiceCollection services, string channel)
    {
        _services = services;
        _channel = channel;
    }

    /// <summary>Adds a provider whose constructor takes the account's name and its options.</summary>
    public ChannelBuilder Provider<TProvider, TOptions>(string type)
        where TProvider : class, IProvider
        where TOptions : class =>
        Provider<TOptions>(type, (services, account, options) => ActivatorUtilities.CreateInstance<TProvider>(services, account, options));

    /// <summary>Adds a provider that is made of the account's name and its options.</summary>
    public ChannelBuilder Provider<TOptions>(string type, Func<IServiceProvider, string, TOptions, IProvider> create)
        where TOptions : class
    {
        _services.AddOptionsWithValidation<TOptions>();
        return Provider(
            new ProviderType(
                type,
                _channel,
                typeof(TOptions),
                (services, account) =>
                    create(new OwnClock(services), account, services.GetRequiredService<IOptionsMonitor<TOptions>>().Get(account))
            )
        );
    }

    /// <summary>Adds a provider that is made by <see cref="ProviderType.Create"/>.</summary>
    public ChannelBuilder Provider(ProviderType type)
    {
        _services.AddSingleton(type);
        return this;
    }
}

/// <summary>Registration of channels.</summary>
public static class ChannelRegistration
{
    /// <summary>Adds a channel. Configuration decides which events use it and in which order its providers are tried.</summary>
    public static ChannelBuilder AddChannel<TChannel>(this IServiceCollection services)
        where TChannel : class, IChannel, new()
    {
        var channel = new TChannel();
        services.AddSingleton<IChannel>(channel);
        return new ChannelBuilder(services, channel.Name);
    }

    /// <summary>Binds the account's section by name when it is first asked for, and validates it with its data annotations.</summary>
    internal static void AddOptionsWithValidation<TOptions>(this IServiceCollection services)
        where TOptions : class
    {
        services.AddOptions();
        services.AddSingleton<IConfigureOptions<TOptions>, BindAccount<TOptions>>();
        services.AddSingleton<IValidateOptions<TOptions>, ValidateAccount<TOptions>>();
    }
}
