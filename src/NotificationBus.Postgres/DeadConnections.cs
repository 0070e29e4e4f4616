using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Connections that ended while nobody used them, by a limit, an operator or a proxy on the way. The pool learns of each only from whoever
/// uses it next, and to try each of them before would cost every call a round trip.
/// </summary>
public sealed class DeadConnections([FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource operators)
{
    /// <summary>Has what operators ask next go over fresh connections, when a dead one was the reason for a failure.</summary>
    /// <returns>Whether it was. What only reads may be done again at once.</returns>
    public bool Forget(Exception failure)
    {
        for (var link = failure; link is not null; link = link.InnerException)
        {
            if (
                link
                is PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.IdleSessionTimeout }
                    or NpgsqlException { InnerException: IOException }
            )
            {
                // The others are most likely as old.
                operators.Clear();
                return true;
            }
        }

        return false;
    }
}
