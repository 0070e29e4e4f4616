using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>Parameters of statements that take many rows: one array for each column.</summary>
static class Columns
{
    public static void Add<TRow, TValue>(
        this NpgsqlParameterCollection parameters,
        string name,
        IReadOnlyList<TRow> rows,
        Func<TRow, TValue> value
    ) => parameters.Add(new NpgsqlParameter<TValue[]>(name, [.. rows.Select(value)]));

    public static void AddJsonAsWritten<TRow>(
        this NpgsqlParameterCollection parameters,
        string name,
        IReadOnlyList<TRow> rows,
        Func<TRow, string?> value
    ) =>
        parameters.Add(
            new NpgsqlParameter<string?[]>(name, NpgsqlDbType.Array | NpgsqlDbType.Json) { TypedValue = [.. rows.Select(value)] }
        );

    public static void AddJson<TRow>(
        this NpgsqlParameterCollection parameters,
        string name,
        IReadOnlyList<TRow> rows,
        Func<TRow, string?> value
    ) =>
        parameters.Add(
            new NpgsqlParameter<string?[]>(name, NpgsqlDbType.Array | NpgsqlDbType.Jsonb) { TypedValue = [.. rows.Select(value)] }
        );
}
