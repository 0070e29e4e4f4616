using NotificationBus.Postgres;
using Npgsql;

namespace NotificationBus.Host;

/// <summary>
/// <c>migrate</c> on the command line: what only the owner of the tables may do, so that hosts need not be the owner
/// (<c>Postgres:Migrate=false</c>). Brings the tables up to date, makes the partitions of the coming months, and drops those that are
/// older than <c>Retention</c> says.
/// </summary>
static class MigrateCommand
{
    const int Done = 0;
    const int NotDone = 1;

    /// <summary>Does it with the database of the settings.</summary>
    /// <returns>0 when it is done; 1 when somebody used the tables for too long, and it is to be tried again.</returns>
    /// <exception cref="SettingsException">A setting is wrong, or the user may not.</exception>
    public static async Task<int> Run(IReadOnlyList<string> settings, TextWriter output)
    {
        await using var app = NotificationHost.Build(
            [.. settings, "--Postgres:Migrate=true"],
            services => services.AddLogging(logging => logging.ClearProviders())
        );
        if (app.Services.GetService<Schema>() is not { } schema)
            throw new SettingsException("migrate: embedded there are no tables; name the servers (Transport=RabbitMq)");

        await schema.EnsureReady(CancellationToken.None);
        try
        {
            await app.Services.GetRequiredService<Partitions>().MakeAhead(CancellationToken.None);
            await app.Services.GetRequiredService<Retention>().Apply(CancellationToken.None);
        }
        catch (PostgresException refusal)
        {
            await output.WriteLineAsync($"the tables are up to date, their partitions are not: {refusal.MessageText}; try it again");
            return NotDone;
        }

        await output.WriteLineAsync("the tables and their partitions are up to date");
        return Done;
    }
}
