using System.Collections.Frozen;
using System.ComponentModel.DataAnnotations;
using NotificationBus.Access;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Sms;
using NotificationBus.Model;
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
    /// The most calls with all keys of the application in a <c>RateLimits:Window</c>, 1 to 10,000,000. Each item of a call with many counts
    /// as one; one more is answered 429. Default: <c>RateLimits:CallsPerApplication</c>.
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

/// <summary>The applications of users of the broker and of the database.</summary>
sealed class ApplicationUsers
{
    readonly FrozenDictionary<string, string> _byBusUser;
    readonly FrozenDictionary<string, string> _byDatabaseUser;

    ApplicationUsers(HostSettings settings)
    {
        _byBusUser = By(settings, application => application.BusUsers);
        _byDatabaseUser = By(settings, application => application.DatabaseUsers);
    }

    /// <summary>Those of the settings, which are in order.</summary>
    public static ApplicationUsers Of(HostSettings settings) => new(settings);

    /// <summary>The application of a user of the broker; null when no setting says.</summary>
    public string? OfBusUser(string user) => _byBusUser.GetValueOrDefault(user);

    /// <summary>The application of a user of the database; null when no setting says.</summary>
    public string? OfDatabaseUser(string user) => _byDatabaseUser.GetValueOrDefault(user);

    /// <summary>What is wrong with the settings.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="hostsUser">The broker's user of this host; null when there is no broker.</param>
    public static IEnumerable<string> Refuse(HostSettings settings, string? hostsUser)
    {
        if (KeyText.RefuseApplication(settings.Intake.Application) is { } wrong)
            yield return $"Intake:Application {wrong}";
        else if (settings.Intake.Application == Applications.Platform)
            yield return "Intake:Application must not be platform: whoever is unknown would see all";
        foreach (var name in settings.Applications.Keys)
        {
            if (KeyText.RefuseApplication(name) is { } refusal)
                yield return $"Applications:{name} {refusal}";
        }

        foreach (var (place, users) in Lists(settings))
        {
            foreach (var twice in users.GroupBy(user => user.User, StringComparer.Ordinal).Where(user => user.Count() > 1))
                yield return $"Applications:{twice.Last().Application}:{place} names {twice.Key}, whom {twice.First().Application} has "
                    + "already; each belongs to one application";
            if (
                place == nameof(ApplicationOptions.BusUsers)
                && hostsUser is not null
                && users.Find(user => user.User == hostsUser) is { User: not null } own
            )
                yield return $"Applications:{own.Application}:{place} names {hostsUser}, with whom this host connects; "
                    + "give its producers users of their own";
        }
    }

    static IEnumerable<(string Place, List<(string Application, string User)> Users)> Lists(HostSettings settings)
    {
        yield return (nameof(ApplicationOptions.BusUsers), All(settings, application => application.BusUsers));
        yield return (nameof(ApplicationOptions.DatabaseUsers), All(settings, application => application.DatabaseUsers));
    }

    static List<(string Application, string User)> All(HostSettings settings, Func<ApplicationOptions, IReadOnlyList<string>> users) =>
        [.. settings.Applications.SelectMany(application => users(application.Value), (application, user) => (application.Key, user))];

    static FrozenDictionary<string, string> By(HostSettings settings, Func<ApplicationOptions, IReadOnlyList<string>> users) =>
        All(settings, users).ToFrozenDictionary(one => one.User, one => one.Application, StringComparer.Ordinal);
}
