using System.ComponentModel.DataAnnotations;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Sms;
using NotificationBus.Providers;

namespace NotificationBus.Host.Settings;

/// <summary>
/// Settings of <c>Applications:{name}</c>: who sends for an application where there are no keys, and what it has of its own.
/// </summary>
public sealed class ApplicationOptions
{
    /// <summary>
    /// The users of the broker whose messages belong to it. They must set the property <c>user_id</c>, which RabbitMQ checks. No user may
    /// be in two applications, and the host's own in none.
    /// </summary>
    public IReadOnlyList<string> BusUsers { get; set; } = [];

    /// <summary>The users of the database whose events by SQL belong to it. No user may be in two applications.</summary>
    public IReadOnlyList<string> DatabaseUsers { get; set; } = [];

    /// <summary>The sender of its e-mails.</summary>
    public EmailSenderOptions Email { get; set; } = new();

    /// <summary>The sender of its text messages.</summary>
    public SmsSenderOptions Sms { get; set; } = new();

    /// <summary>What it has of its own on a channel, by channel.</summary>
    public IReadOnlyDictionary<string, ApplicationChannelOptions> Channels { get; set; } =
        new Dictionary<string, ApplicationChannelOptions>(StringComparer.Ordinal);

    /// <summary>The most calls of the API that are made for it.</summary>
    public ApplicationRateLimits RateLimits { get; set; } = new();

    /// <summary>The texts it has of its own.</summary>
    public ApplicationTemplates Templates { get; set; } = new();

    /// <summary>What it has of its own when something is sent for it.</summary>
    internal ApplicationChoice ToChoice()
    {
        var senders = new Dictionary<string, Sender>(StringComparer.Ordinal);
        if (Email.ToSender() is { } mailbox)
            senders.Add("email", mailbox);
        if (Sms.ToSender() is { } number)
            senders.Add("sms", number);
        return new ApplicationChoice
        {
            Senders = senders,
            Providers = Channels.ToDictionary(one => one.Key, one => one.Value.Providers, StringComparer.Ordinal),
        };
    }
}

/// <summary>Settings of <c>Applications:{name}:Channels:{channel}</c>: a channel, as an application uses it.</summary>
public sealed class ApplicationChannelOptions
{
    /// <summary>
    /// Accounts in the order in which they are tried, of those that <c>Channels:{channel}:Providers</c> and its routes name. All deliveries
    /// of the application use these and no others, whatever route they would take. Default: those of the channel and its routes.
    /// </summary>
    public IReadOnlyList<string> Providers { get; set; } = [];
}

/// <summary>Settings of <c>Applications:{name}:RateLimits</c>: the calls of an application. Each host counts for itself.</summary>
public sealed class ApplicationRateLimits
{
    /// <summary>
    /// The most calls with all keys of the application in a <c>RateLimits:Window</c>, 1 to 10,000,000; one more is answered 429. Each item
    /// of a call with many counts as one, and a call with more items than that takes the whole window. Default:
    /// <c>RateLimits:CallsPerApplication</c>.
    /// </summary>
    [Range(1, 10_000_000)]
    public int? Calls { get; set; }
}

/// <summary>Settings of <c>Applications:{name}:Templates</c>: the texts of an application.</summary>
public sealed class ApplicationTemplates
{
    /// <summary>
    /// A folder of the application's own templates, with files <c>{category}/{channel}.{language}.liquid</c> and partials in
    /// <c>_layout</c>, as in <c>Templates:Folder</c>. What it has replaces those for all; what it lacks is taken from them. Default: none.
    /// </summary>
    public string? Folder { get; set; }
}
