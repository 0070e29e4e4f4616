using NotificationBus.Model;

namespace NotificationBus.Providers;

/// <summary>A sender on a channel.</summary>
/// <param name="Address">The mailbox, the number or the name that sends.</param>
/// <param name="Name">The name that readers see beside it; null for none.</param>
public sealed record Sender(string Address, string? Name = null);

/// <summary>
/// What applications have of their own when something is sent for them: <c>Applications:{name}</c>. In force as the host was started, also
/// for what was planned before.
/// </summary>
/// <param name="byApplication">The choices of each application that has any.</param>
public sealed class ApplicationChoices(IReadOnlyDictionary<string, ApplicationChoice> byApplication)
{
    /// <summary>None has anything of its own.</summary>
    public static ApplicationChoices None { get; } = new(new Dictionary<string, ApplicationChoice>(StringComparer.Ordinal));

    /// <summary>The sender that an application has of its own on a channel; null when it has none.</summary>
    /// <param name="application">The application; null for the default one.</param>
    /// <param name="channel">The channel.</param>
    public Sender? SenderOf(string? application, string channel) => Of(application)?.Senders.GetValueOrDefault(channel);

    /// <summary>The accounts of a channel that applications use in the place of the channel's, in order, by application.</summary>
    /// <param name="channel">The channel.</param>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ProvidersOn(string channel) =>
        byApplication
            .Where(one => one.Value.Providers.ContainsKey(channel))
            .ToDictionary(one => one.Key, one => one.Value.Providers[channel], StringComparer.Ordinal);

    ApplicationChoice? Of(string? application) =>
        byApplication.Count == 0 ? null : byApplication.GetValueOrDefault(application ?? Applications.Default);
}

/// <summary>What one application has of its own.</summary>
public sealed record ApplicationChoice
{
    /// <summary>Its senders, by channel.</summary>
    public IReadOnlyDictionary<string, Sender> Senders { get; init; } = new Dictionary<string, Sender>(StringComparer.Ordinal);

    /// <summary>The accounts it uses, in order, by channel.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Providers { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
}
