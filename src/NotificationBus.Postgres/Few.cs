namespace NotificationBus.Postgres;

/// <summary>
/// Parts of statements that take a few rows of what may be millions. They are planned once for a connection, for whatever limit comes
/// (<see cref="Session"/>): of <c>LIMIT @limit</c> the server expects a tenth of the table, and would read all of it to join it with them.
/// Here it looks for each.
/// </summary>
static class Few
{
    /// <summary>
    /// Ends a subquery that is asked for each row: one with an offset is made into no join with all, and no table of all to look in.
    /// Before it stands an <c>ORDER BY</c> of the index that is meant where others begin alike: planned while the table was empty, all
    /// cost the same.
    /// </summary>
    public const string OneByOne = "OFFSET 0";

    /// <summary>Compares with the ids that a part before has chosen: of a list the server expects ten.</summary>
    /// <param name="column">Their column.</param>
    /// <param name="from">The part, and which of its rows.</param>
    public static string Of(string column, string from) => $"ANY (ARRAY(SELECT {column} FROM {from}))";

    /// <summary>Asks of rows that were found otherwise: no index is looked into for a condition that all of a backlog meets.</summary>
    public static string OnceFound(string condition) => $"({condition}) IS TRUE";
}
