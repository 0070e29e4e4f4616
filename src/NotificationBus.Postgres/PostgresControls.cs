using System.Text.Json;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>
/// The settings of operators, in PostgreSQL. Every change and its reason are one transaction, and all hosts are notified of it.
/// </summary>
public sealed class PostgresControls(NpgsqlDataSource database, PostgresProviderHealth health) : IControls, IAsyncDisposable
{
    /// <summary>The PostgreSQL channel that is notified when anything changes that hosts have a copy of.</summary>
    internal const string Changed = "sending_controls_changed";

    // As the index has it.
    const string OneOfSubjects =
        "AND hashtextextended(subject, 0) = ANY(ARRAY(SELECT hashtextextended(one, 0) FROM unnest(@subjects) AS one)) "
        + "AND subject = ANY(@subjects)";

    readonly Listener _listener = new(database, Changed);

    /// <inheritdoc />
    public async Task<SendingControls> Load(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT 'provider', account, setting FROM provider_control
            UNION ALL
            SELECT 'channel', channel, setting FROM channel_control
            UNION ALL
            SELECT 'event-type', category, setting FROM event_type_control
            """
        );
        var providers = new Dictionary<string, ProviderControl>(StringComparer.Ordinal);
        var channels = new Dictionary<string, ChannelControl>(StringComparer.Ordinal);
        var eventTypes = new Dictionary<string, EventTypeControl>(StringComparer.Ordinal);
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var (kind, name, setting) = (reader.GetString(0), reader.GetString(1), reader.GetString(2));
                if (kind == "provider")
                    providers.Add(name, Read<ProviderControl>(setting));
                else if (kind == "channel")
                    channels.Add(name, Read<ChannelControl>(setting));
                else
                    eventTypes.Add(name, Read<EventTypeControl>(setting));
            }
        }

        return new SendingControls
        {
            Providers = providers,
            Channels = channels,
            EventTypes = eventTypes,
            Health = await health.Load(cancellationToken),
        };
    }

    /// <inheritdoc />
    public Task<ProviderControl> ChangeProvider(
        string account,
        AccountOptions configured,
        Func<ProviderControl, ProviderControl> change,
        ChangedBy by,
        CancellationToken cancellationToken
    ) =>
        Change(
            "provider_control",
            "account",
            account,
            $"provider {account}",
            change,
            by,
            cancellationToken,
            (connection, before, after) =>
                PostgresProviderHealth.Follow(
                    connection,
                    account,
                    (WaitingLine.LimitOf(before, configured), WaitingLine.LimitOf(after, configured)),
                    before.Breaker == after.Breaker ? null : after.BreakerOver(configured.Circuit).OpenFor,
                    cancellationToken
                )
        );

    /// <inheritdoc />
    public Task<ChannelControl> ChangeChannel(
        string channel,
        Func<ChannelControl, ChannelControl> change,
        ChangedBy by,
        CancellationToken cancellationToken
    ) => Change("channel_control", "channel", channel, $"channel {channel}", change, by, cancellationToken);

    /// <inheritdoc />
    public Task<EventTypeControl> ChangeEventType(
        string category,
        Func<EventTypeControl, EventTypeControl> change,
        ChangedBy by,
        CancellationToken cancellationToken
    ) => Change("event_type_control", "category", category, $"event-type {category}", change, by, cancellationToken);

    /// <inheritdoc />
    public async Task Note(string subject, ChangedBy by, JsonElement what, CancellationToken cancellationToken)
    {
        await database.Commit(connection => Note(connection, subject, by, "null", what.GetRawText(), cancellationToken), cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<ControlChange>> Changes(ChangeFilter filter, int limit, CancellationToken cancellationToken)
    {
        // Only what is asked for is in the statement, so that the server sees which index has it.
        await using var command = database.CreateCommand(
            $"""
            SELECT number, at, subject, who, why, before, after, code, until, times, on_behalf_of FROM control_change WHERE number < @before
            {(filter.Who is null ? "" : "AND who = @who")}
            {(filter.OnlyOperators ? "AND code IS NULL" : "")}
            {(filter.Subjects is null ? "" : OneOfSubjects)}
            {(filter.To is null ? "" : "AND at <= @to")}
            {(filter.From is null ? "" : "AND (at >= @from OR (code IS NOT NULL AND coalesce(until, 'infinity') >= @from))")}
            ORDER BY number DESC LIMIT @limit
            """
        );
        command.Parameters.Add(new NpgsqlParameter<long>("before", filter.Before ?? long.MaxValue));
        if (filter.Who is { } who)
            command.Parameters.Add(new NpgsqlParameter<string>("who", who));
        if (filter.Subjects is { } subjects)
            command.Parameters.Add(new NpgsqlParameter<string[]>("subjects", [.. subjects]));
        if (filter.To is { } to)
            command.Parameters.Add(new NpgsqlParameter<DateTime>("to", to.UtcDateTime));
        if (filter.From is { } from)
            command.Parameters.Add(new NpgsqlParameter<DateTime>("from", from.UtcDateTime));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var changes = new List<ControlChange>();
        while (await reader.ReadAsync(cancellationToken))
        {
            changes.Add(
                new ControlChange
                {
                    Number = reader.GetInt64(0),
                    At = reader.GetFieldValue<DateTimeOffset>(1),
                    Subject = reader.GetString(2),
                    Who = reader.GetString(3),
                    Why = reader.GetString(4),
                    Before = JsonElement.Parse(reader.GetString(5)),
                    After = JsonElement.Parse(reader.GetString(6)),
                    Code = reader.IsDBNull(7) ? null : reader.GetString(7),
                    Until = reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8),
                    Times = reader.GetInt32(9) > 1 ? reader.GetInt32(9) : null,
                    OnBehalfOf = reader.IsDBNull(10) ? null : reader.GetString(10),
                }
            );
        }

        return changes;
    }

    /// <inheritdoc />
    public async Task WaitForChange(TimeSpan atMost, CancellationToken cancellationToken)
    {
        // What was notified while nobody listened is not told again.
        if (!await _listener.EnsureListening(cancellationToken))
            await _listener.Wait(atMost, cancellationToken);
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    Task<TSetting> Change<TSetting>(
        string table,
        string key,
        string name,
        string subject,
        Func<TSetting, TSetting> change,
        ChangedBy by,
        CancellationToken cancellationToken,
        Func<NpgsqlConnection, TSetting, TSetting, Task>? changed = null
    )
        where TSetting : new() =>
        database.Commit(
            async connection =>
            {
                // There first, so that two operators who change it for the first time wait for each other.
                var stored = (string)
                    (
                        await Execute(
                            connection,
                            $$"""
                            INSERT INTO {{table}} ({{key}}, setting) VALUES (@name, '{}') ON CONFLICT ({{key}})
                                DO UPDATE SET changed_at = now() RETURNING setting
                            """,
                            cancellationToken,
                            new NpgsqlParameter<string>("name", name)
                        )
                    )!;
                var before = Read<TSetting>(stored);
                var setting = change(before);
                var after = JsonSerializer.Serialize(setting, ControlJson.Options);
                await Execute(
                    connection,
                    $"UPDATE {table} SET setting = @setting WHERE {key} = @name",
                    cancellationToken,
                    new NpgsqlParameter<string>("name", name),
                    Json("setting", after)
                );
                await Note(connection, subject, by, JsonSerializer.Serialize(before, ControlJson.Options), after, cancellationToken);
                if (changed is not null)
                    await changed(connection, before, setting);
                await Execute(connection, $"NOTIFY {Changed}", cancellationToken);
                return setting;
            },
            cancellationToken
        );

    /// <summary>Writes down a change, within the transaction that makes it.</summary>
    internal static Task<object?> Note(
        NpgsqlConnection connection,
        string subject,
        ChangedBy by,
        string before,
        string after,
        CancellationToken cancellationToken
    ) =>
        Execute(
            connection,
            "INSERT INTO control_change (subject, who, on_behalf_of, why, before, after) "
                + "VALUES (@subject, @who, @on_behalf_of, @why, @before, @after)",
            cancellationToken,
            new NpgsqlParameter<string>("subject", subject),
            new NpgsqlParameter<string>("who", by.Who),
            new NpgsqlParameter<string?>("on_behalf_of", by.OnBehalfOf),
            new NpgsqlParameter<string>("why", by.Why),
            Json("before", before),
            Json("after", after)
        );

    static async Task<object?> Execute(
        NpgsqlConnection connection,
        string sql,
        CancellationToken cancellationToken,
        params NpgsqlParameter[] parameters
    )
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        Storable.MakeAll(command.Parameters);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    static NpgsqlParameter Json(string name, string value) => new(name, NpgsqlDbType.Jsonb) { Value = value };

    static TSetting Read<TSetting>(string json) => JsonSerializer.Deserialize<TSetting>(json, ControlJson.Options)!;
}
