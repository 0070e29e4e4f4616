using System.CommandLine;
using NotificationBus.Postgres;

namespace NotificationBus.Host.CommandLine;

/// <summary>The settings of a host, which come after the words of a command and are written as for the host.</summary>
static class HostOptions
{
    /// <summary>Has a command take them.</summary>
    public static Command WithSettings(this Command command)
    {
        command.TreatUnmatchedTokensAsErrors = false;
        return command;
    }

    /// <summary>The settings that were said.</summary>
    public static string[] Settings(this ParseResult parsed) => [.. parsed.UnmatchedTokens];

    /// <summary>Builds a host of these settings that is not started, and does something with what it is made of.</summary>
    /// <exception cref="SettingsException">A setting is wrong.</exception>
    public static async Task<int> With(IReadOnlyList<string> settings, Func<IServiceProvider, Task<int>> act)
    {
        await using var app = NotificationHost.Build([.. settings], services => services.AddLogging(logging => logging.ClearProviders()));
        return await act(app.Services);
    }

    /// <summary>The same with the database of the settings.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="withoutTables">What is said when they have none.</param>
    /// <param name="mayUpgrade">
    /// False: tables of an earlier version are refused, for hosts of that version may run beside. Where there are none they are made.
    /// </param>
    /// <param name="act">Does it.</param>
    /// <exception cref="SettingsException">A setting is wrong, or has no database, or its tables are of another version.</exception>
    public static Task<int> WithTables(
        IReadOnlyList<string> settings,
        string withoutTables,
        bool mayUpgrade,
        Func<IServiceProvider, Task<int>> act
    ) =>
        With(
            settings,
            async services =>
            {
                if (services.GetService<Schema>() is not { } schema)
                    throw new SettingsException(withoutTables);

                await schema.EnsureReady(CancellationToken.None, mayUpgrade);
                return await act(services);
            }
        );
}
