using System.Collections.Frozen;
using NotificationBus.Access;
using NotificationBus.Model;

namespace NotificationBus.Host.Settings;

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
