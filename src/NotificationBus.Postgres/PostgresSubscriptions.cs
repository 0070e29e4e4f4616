using System.Text.Json;
using NotificationBus.Providers.Controls;
using NotificationBus.Subscriptions;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// The subscriptions, in PostgreSQL. Every change of an operator's and its reason are one transaction, and hosts are notified of it as of
/// every other.
/// </summary>
public sealed class PostgresSubscriptions(NpgsqlDataSource database) : ISubscriptions
{
    const string Columns =
        "id, url, events, categories, secret, earlier_secret, earlier_until, created_at, failing_since, disabled_at, disabled_reason, "
        + "enabled_at, application";

    // Those who add at the same moment count each other.
    const string Insert = $"""
        INSERT INTO subscription (id, url, events, categories, secret, application)
        SELECT @id, @url, @events, @categories, @secret, @application
        WHERE (SELECT count(*) FROM subscription WHERE application IS NOT DISTINCT FROM @application) < @most
            AND (SELECT count(*) FROM subscription) < @most_in_all
        RETURNING {Columns}
        """;

    /// <inheritdoc />
    public async Task<IReadOnlyList<Subscription>> Load(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM subscription ORDER BY created_at, id");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var all = new List<Subscription>();
        while (await reader.ReadAsync(cancellationToken))
            all.Add(Read(reader));

        return all;
    }

    /// <inheritdoc />
    public async Task<bool> Add(Subscription subscription, ChangedBy by, CancellationToken cancellationToken) =>
        await Change(
            Insert,
            by,
            SubscriptionNotes.Made(subscription),
            cancellationToken,
            new NpgsqlParameter<Guid>("id", subscription.Id),
            new NpgsqlParameter<string>("url", subscription.Url),
            new NpgsqlParameter<string[]>("events", [.. subscription.Events]),
            new NpgsqlParameter<string[]>("categories", [.. subscription.Categories]),
            new NpgsqlParameter<byte[]>("secret", subscription.Secret),
            new NpgsqlParameter<string?>("application", subscription.Application),
            new NpgsqlParameter<int>("most", Subscription.Most),
            new NpgsqlParameter<int>("most_in_all", Subscription.MostInAll)
        )
            is not null;

    /// <inheritdoc />
    public Task<Subscription?> Change(Guid id, SubscriptionChange change, ChangedBy by, CancellationToken cancellationToken) =>
        Change(
            $"""
            WITH hastened AS (
                UPDATE subscription_delivery d SET due_at = now()
                WHERE @enabled AND d.subscription_id = @id AND {PostgresWebhookDeliveries.PutOff})
            UPDATE subscription SET
                url = coalesce(@url, url), events = coalesce(@events, events), categories = coalesce(@categories, categories),
                disabled_at = CASE WHEN @enabled THEN NULL WHEN @disabled THEN coalesce(disabled_at, now()) ELSE disabled_at END,
                disabled_reason = CASE WHEN @enabled THEN NULL WHEN @disabled THEN coalesce(disabled_reason, @by_hand)
                ELSE disabled_reason END, failing_since = CASE WHEN @enabled THEN NULL ELSE failing_since END,
                enabled_at = CASE WHEN @enabled THEN now() ELSE enabled_at END
            WHERE id = @id RETURNING {Columns}
            """,
            by,
            SubscriptionNotes.Changed(change),
            cancellationToken,
            new NpgsqlParameter<Guid>("id", id),
            new NpgsqlParameter<string?>("url", change.Url),
            new NpgsqlParameter<string[]?>("events", change.Events?.ToArray()),
            new NpgsqlParameter<string[]?>("categories", change.Categories?.ToArray()),
            new NpgsqlParameter<bool>("enabled", change.Enabled == true),
            new NpgsqlParameter<bool>("disabled", change.Enabled == false),
            new NpgsqlParameter<string>("by_hand", SubscriptionChange.DisabledByHand)
        );

    /// <inheritdoc />
    public Task<Subscription?> Rotate(Guid id, byte[] secret, TimeSpan grace, ChangedBy by, CancellationToken cancellationToken) =>
        Change(
            $"""
            UPDATE subscription SET secret = @secret,
                earlier_secret = CASE WHEN @grace > interval '0' THEN secret END,
                earlier_until = CASE WHEN @grace > interval '0' THEN now() + @grace END
            WHERE id = @id RETURNING {Columns}
            """,
            by,
            SubscriptionNotes.Rotated(grace),
            cancellationToken,
            new NpgsqlParameter<Guid>("id", id),
            new NpgsqlParameter<byte[]>("secret", secret),
            new NpgsqlParameter<TimeSpan>("grace", grace)
        );

    /// <inheritdoc />
    public async Task<bool> Remove(Guid id, ChangedBy by, CancellationToken cancellationToken) =>
        await Change(
            $"DELETE FROM subscription WHERE id = @id RETURNING {Columns}",
            by,
            SubscriptionNotes.Removed,
            cancellationToken,
            new NpgsqlParameter<Guid>("id", id)
        )
            is not null;

    /// <inheritdoc />
    public Task Disable(Guid id, string reason, CancellationToken cancellationToken) =>
        Note(
            "UPDATE subscription SET disabled_at = now(), disabled_reason = @reason WHERE id = @id AND disabled_at IS NULL RETURNING id",
            cancellationToken,
            new NpgsqlParameter<Guid>("id", id),
            new NpgsqlParameter<string>("reason", reason)
        );

    /// <inheritdoc />
    public Task NoteHealth(Guid id, bool fails, CancellationToken cancellationToken) =>
        Note(
            """
            UPDATE subscription SET failing_since = CASE WHEN @fails THEN now() END
            WHERE id = @id AND (failing_since IS NULL) = @fails RETURNING id
            """,
            cancellationToken,
            new NpgsqlParameter<Guid>("id", id),
            new NpgsqlParameter<bool>("fails", fails)
        );

    /// <summary>Writes what was found out, and tells the hosts when that is new.</summary>
    Task<object?> Note(string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand($"WITH noted AS ({sql}) SELECT pg_notify('{PostgresControls.Changed}', '') FROM noted");
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return database.Commit(command, cancellationToken);
    }

    /// <summary>Makes a change that returns the subscription, notes it, and tells the hosts; when it changes nothing, none of it.</summary>
    Task<Subscription?> Change(
        string sql,
        ChangedBy by,
        JsonElement what,
        CancellationToken cancellationToken,
        params NpgsqlParameter[] parameters
    ) =>
        database.Commit(
            async connection =>
            {
                Subscription? after;
                await using (var take = new NpgsqlCommand("LOCK TABLE subscription IN SHARE ROW EXCLUSIVE MODE", connection))
                    await take.ExecuteNonQueryAsync(cancellationToken);
                await using (var command = new NpgsqlCommand(sql, connection))
                {
                    command.Parameters.AddRange(parameters);
                    Storable.MakeAll(command.Parameters);
                    await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                    after = await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
                }

                if (after is null)
                    return null;

                await PostgresControls.Note(
                    connection,
                    SubscriptionNotes.Subject(after.Id),
                    by,
                    "null",
                    what.GetRawText(),
                    cancellationToken
                );
                await using var notify = new NpgsqlCommand($"NOTIFY {PostgresControls.Changed}", connection);
                await notify.ExecuteNonQueryAsync(cancellationToken);
                return after;
            },
            cancellationToken
        );

    static Subscription Read(NpgsqlDataReader reader)
    {
        return new Subscription
        {
            Id = reader.GetGuid(0),
            Url = reader.GetString(1),
            Events = reader.GetFieldValue<string[]>(2),
            Categories = reader.GetFieldValue<string[]>(3),
            Secret = reader.GetFieldValue<byte[]>(4),
            EarlierSecret = reader.IsDBNull(5) ? null : reader.GetFieldValue<byte[]>(5),
            EarlierUntil = Time(6),
            CreatedAt = reader.GetFieldValue<DateTimeOffset>(7),
            FailingSince = Time(8),
            DisabledAt = Time(9),
            DisabledReason = reader.IsDBNull(10) ? null : reader.GetString(10),
            EnabledAt = Time(11),
            Application = reader.IsDBNull(12) ? null : reader.GetString(12),
        };

        DateTimeOffset? Time(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
    }
}
