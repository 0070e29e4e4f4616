using System.CommandLine;
using NotificationBus.Postgres;
using Npgsql;

namespace NotificationBus.Host.CommandLine;

/// <summary>
/// <c>migrate</c>: what only the owner of the tables may do, so that hosts need not be the owner (<c>Postgres:Migrate=false</c>). Brings
/// the tables up to date, makes the partitions of the coming months, and drops those that are older than <c>Retention</c> says.
/// </summary>
sealed class MigrateCommand(CommandOutput output)
{
    public Command Build()
    {
        var command = new Command(
            "migrate",
            "Brings the tables up to date as their owner, makes the partitions of the coming months, and ends."
        ).WithSettings();
        command.SetAction((parsed, _) => Run(parsed.Settings()));
        return command;
    }

    Task<int> Run(string[] settings) =>
        HostOptions.WithTables(
            [.. settings, "--Postgres:Migrate=true"],
            "migrate: embedded there are no tables; name the servers (Transport=RabbitMq)",
            mayUpgrade: true,
            async services =>
            {
                try
                {
                    await services.GetRequiredService<Partitions>().MakeAhead(CancellationToken.None);
                    await services.GetRequiredService<Retention>().Apply(CancellationToken.None);
                }
                catch (PostgresException refusal)
                {
                    await output.Line($"the tables are up to date, their partitions are not: {refusal.MessageText}; try it again");
                    return ExitCode.NotThere;
                }

                await output.Line("the tables and their partitions are up to date");
                return ExitCode.Done;
            }
        );
}
