using NotificationBus.Outgoing;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Outgoing messages in PostgreSQL, by the database's clock. Hosts take what is due side by side, in batches that skip what another
/// host is taking, and are woken when something is scheduled.
/// </summary>
public sealed class PostgresOutgoingMessages(NpgsqlDataSource database, PublishedMessages published) : IOutgoingMessages, IAsyncDisposable
{
    const string Columns = "message_id, destination, content_type, message_types, body, sent_as, replay_of, headers";

    /// <summary>The channel on which hosts are told that something was scheduled.</summary>
    internal const string Wake = "outgoing_message_scheduled";

    NpgsqlConnection? _listener;

    /// <inheritdoc />
    public async Task<IReadOnlyList<OutgoingMessage>> Unpublished(Guid notificationId, Guid inputId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM outgoing_message WHERE notification_id = @notification AND input_id = @input");
        command.Parameters.Add(new NpgsqlParameter<Guid>("notification", notificationId));
        command.Parameters.Add(new NpgsqlParameter<Guid>("input", inputId));
        return await Read(command, cancellationToken);
    }

    /// <inheritdoc />
    public async Task Schedule(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            WITH scheduled AS (
                INSERT INTO outgoing_message (message_id, destination, content_type, message_types, body, due_at)
                SELECT message_id, destination, content_type, message_types, body, coalesce(due_at, now())
                FROM unnest(@id, @destination, @content_type, @message_types, @body, @due_at)
                    AS o (message_id, destination, content_type, message_types, body, due_at)
                ON CONFLICT (message_id) DO NOTHING)
            SELECT pg_notify('{Wake}', '')
            """);
        var parameters = command.Parameters;
        parameters.Add("id", messages, message => message.MessageId);
        parameters.Add("destination", messages, message => message.Destination);
        parameters.Add("content_type", messages, message => message.ContentType);
        parameters.Add("message_types", messages, message => message.MessageTypes);
        parameters.Add("body", messages, message => message.Body.ToArray());
        parameters.Add("due_at", messages, message => message.DueAt);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc />
    public async Task Cancel(Guid messageId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("DELETE FROM outgoing_message WHERE message_id = @id");
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", messageId));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<OutgoingMessage>> TakeDue(TimeSpan lease, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            UPDATE outgoing_message SET due_at = now() + @lease
            WHERE message_id IN (
                SELECT message_id FROM outgoing_message WHERE due_at <= now() ORDER BY due_at LIMIT @limit FOR UPDATE SKIP LOCKED)
            RETURNING {Columns}
            """);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("lease", lease));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        return await Read(command, cancellationToken);
    }

    /// <inheritdoc />
    public async Task WaitForDue(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var listener = await Listener(cancellationToken);
        await using var command = database.CreateCommand("SELECT min(due_at) - now() FROM outgoing_message");
        var next = await command.ExecuteScalarAsync(cancellationToken) as TimeSpan? ?? atMost;
        if (next <= TimeSpan.Zero)
            return;

        // Rounded up, because a wait of nought milliseconds would last for ever.
        var wait = next < atMost ? next : atMost;
        try
        {
            await listener.WaitAsync((int)Math.Ceiling(wait.TotalMilliseconds), cancellationToken);
        }
        catch (NpgsqlException)
        {
            await Forget();
            throw;
        }
    }

    /// <inheritdoc />
    public ValueTask Published(IReadOnlyCollection<Guid> messageIds) => published.Forget(messageIds);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Forget();

    /// <summary>A connection of its own: it is told of what is scheduled from the moment it listens, also while nobody waits.</summary>
    async Task<NpgsqlConnection> Listener(CancellationToken cancellationToken)
    {
        if (_listener is { State: System.Data.ConnectionState.Open })
            return _listener;

        await Forget();
        var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var listen = new NpgsqlCommand($"LISTEN {Wake}", connection);
        await listen.ExecuteNonQueryAsync(cancellationToken);
        return _listener = connection;
    }

    async ValueTask Forget()
    {
        if (_listener is { } listener)
        {
            _listener = null;
            await listener.DisposeAsync();
        }
    }

    static async Task<List<OutgoingMessage>> Read(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var messages = new List<OutgoingMessage>();
        while (await reader.ReadAsync(cancellationToken))
        {
            messages.Add(new OutgoingMessage
            {
                MessageId = reader.GetGuid(0),
                Destination = reader.GetString(1),
                ContentType = reader.GetString(2),
                MessageTypes = reader.GetString(3),
                Body = reader.GetFieldValue<byte[]>(4),
                SentAs = reader.IsDBNull(5) ? null : reader.GetGuid(5),
                ReplayOf = reader.IsDBNull(6) ? null : reader.GetGuid(6),
                Headers = reader.IsDBNull(7) ? null : reader.GetString(7),
            });
        }

        return messages;
    }
}
