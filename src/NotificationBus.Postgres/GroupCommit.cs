using NotificationBus.Messaging;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Gathers the rows of concurrent messages into one statement and one commit.</summary>
static class GroupCommit
{
    /// <summary>Gathers rows.</summary>
    /// <param name="key">The row. Two writes of one row never share a statement, and the later one waits for the earlier.</param>
    /// <param name="execute">Runs one statement for many rows and gives the answer of each.</param>
    public static Gathering<TRow, TAnswer> Of<TRow, TAnswer>(Func<TRow, Guid> key, Func<IReadOnlyList<TRow>, Task<Func<TRow, TAnswer>>> execute) =>
        new(key, execute, failure => failure is not NpgsqlException { IsTransient: true });
}
