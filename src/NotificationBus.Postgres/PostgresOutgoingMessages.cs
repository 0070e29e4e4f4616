using NotificationBus.Messaging;
using NotificationBus.Outgoing;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Outgoing messages in PostgreSQL, by the database's clock. Hosts take what is due side by side, in batches that skip what another
/// host is taking, and are woken when something is scheduled.
/// </summary>
public sealed class PostgresOutgoingMessages(NpgsqlDataSource database, PublishedMessages published, TimeProvider clock)
    : IOutgoingMessages,
        IAsyncDisposable
{
    /// <summary>
    /// The conflict clause by which a message that is rescheduled under its token takes the place of the one that is there.
    /// </summary>
    internal const string Replace = """
        UPDATE SET sent_as = excluded.sent_as, notification_id = excluded.notification_id, destination = excluded.destination,
            content_type = excluded.content_type, message_types = excluded.message_types, body = excluded.body, due_at = excluded.due_at,
            at_the_latest = excluded.at_the_latest, occurred_at = excluded.occurred_at, revision = outgoing_message.revision + 1
        """;

    /// <summary>
    /// Wakes whoever dispatches when one of <c>@o_delay</c> is over before they look again by themselves. Not for later ones:
    /// commits that notify take turns.
    /// </summary>
    internal const string WakeForDue = $"SELECT pg_notify('{Wake}', '') FROM unnest(@o_delay) AS d (delay) WHERE d.delay < @soon LIMIT 1";

    const string Columns = "message_id, sent_as, revision, destination, content_type, message_types, body, replay_of, headers";

    /// <summary>The delay of a row in seconds: a day of an interval has as many hours as the zone of the session says.</summary>
    internal const string Delay = "make_interval(secs => coalesce(extract(epoch FROM delay), 0)::double precision)";

    /// <summary>The channel on which hosts are told that something was scheduled.</summary>
    internal const string Wake = "outgoing_message_scheduled";

    readonly Listener _listener = new(database, Wake);

    /// <inheritdoc />
    public Task<IReadOnlyList<WaitingDelivery>> WaitingOf(Guid notificationId, CancellationToken cancellationToken) =>
        WaitingOf(database, notificationId, cancellationToken);

    /// <summary>The same through another pool.</summary>
    internal static async Task<IReadOnlyList<WaitingDelivery>> WaitingOf(
        NpgsqlDataSource database,
        Guid notificationId,
        CancellationToken cancellationToken
    )
    {
        await using var command = database.CreateCommand(
            """
            SELECT body, due_at FROM outgoing_message WHERE notification_id = @notification AND starts_with(destination, @commands)
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("notification", notificationId));
        command.Parameters.Add(new NpgsqlParameter<string>("commands", $"exchange:{ChannelEndpoint.Prefix}"));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var waiting = new List<WaitingDelivery>();
        while (await reader.ReadAsync(cancellationToken))
        {
            if (WaitingDelivery.Read(reader.GetFieldValue<byte[]>(0), reader.GetFieldValue<DateTimeOffset>(1)) is { } delivery)
                waiting.Add(delivery);
        }

        return waiting;
    }

    /// <inheritdoc />
    public Task Schedule(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken) =>
        Insert(messages, "NOTHING", cancellationToken);

    /// <inheritdoc />
    public Task Reschedule(OutgoingMessage message, CancellationToken cancellationToken) => Insert([message], Replace, cancellationToken);

    /// <inheritdoc />
    public async Task Cancel(Guid token, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand("DELETE FROM outgoing_message WHERE message_id = @id");
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", token));
        await database.Commit(command, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<int> Release(string waitsFor, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH spread AS (
                SELECT least(greatest(count(*) - @at_once, 0) * @for_each_more, @longest) AS span FROM outgoing_message
                    WHERE waits_for = @waits_for),
            released AS (
                UPDATE outgoing_message
                SET due_at = least(greatest(due_at, at_the_latest), now() + random() * spread.span), waits_for = NULL
                FROM spread WHERE waits_for = @waits_for RETURNING 1)
            SELECT count(*)::integer, pg_notify('{Wake}', '') FROM released
            """
        );
        command.Parameters.Add(new NpgsqlParameter<string>("waits_for", waitsFor));
        command.Parameters.Add(new NpgsqlParameter<int>("at_once", Releases.AtOnce));
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("for_each_more", Releases.ForEachMore));
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("longest", Releases.Longest));
        return (int)(await database.Write(command, cancellationToken))!;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<OutgoingMessage>> TakeDue(TimeSpan lease, int limit, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH due AS (
                SELECT message_id AS id, due_at AS was_due, waits_for AS waited_for FROM outgoing_message
                WHERE due_at <= now() ORDER BY due_at LIMIT @limit FOR UPDATE SKIP LOCKED),
            taken AS (
                UPDATE outgoing_message SET due_at = now() + @lease, waits_for = NULL WHERE message_id = {Few.Of("id", "due")}
                RETURNING {Columns}, created_at)
            SELECT {Columns}, was_due - now(), waited_for FROM taken JOIN due ON due.id = taken.message_id ORDER BY was_due, created_at
            """
        );
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("lease", lease));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        return await database.Write(command, reader => Read(reader, clock.GetUtcNow(), cancellationToken), cancellationToken);
    }

    /// <inheritdoc />
    public async Task WaitForDue(TimeSpan atMost, CancellationToken cancellationToken)
    {
        await _listener.EnsureListening(cancellationToken);
        await using var command = database.CreateCommand("SELECT min(due_at) - now() FROM outgoing_message");
        var next = await command.ExecuteScalarAsync(cancellationToken) as TimeSpan? ?? atMost;
        if (next > TimeSpan.Zero)
            await _listener.Wait(next < atMost ? next : atMost, cancellationToken);
    }

    /// <inheritdoc />
    public ValueTask Published(IReadOnlyCollection<OutgoingMessage> messages) => published.Forget(messages);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    /// <summary>Returns the id a message has on the wire; null when it is the one under which it is kept.</summary>
    internal static Guid? SentAs(OutgoingMessage message) => message.MessageId == message.Token ? null : message.MessageId;

    /// <summary>Returns the time until it is due. Stored as that: the database's clock is another.</summary>
    internal static TimeSpan? DelayOf(OutgoingMessage message, DateTimeOffset now) => message.DueAt - now;

    /// <summary>The parameter of <see cref="WakeForDue"/>: twice as long as it should take.</summary>
    internal static NpgsqlParameter Soon => new NpgsqlParameter<TimeSpan>("soon", 2 * OutgoingDispatcher.LongestWait);

    async Task Insert(IReadOnlyList<OutgoingMessage> messages, string onConflict, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH scheduled AS (
                INSERT INTO outgoing_message (message_id, sent_as, notification_id, destination, content_type, message_types, body, due_at,
                    waits_for, at_the_latest, occurred_at, headers)
                SELECT message_id, sent_as, notification_id, destination, content_type, message_types, body, now() + {Delay}, waits_for,
                    now() + longest, occurred_at, headers
                FROM unnest(@id, @sent_as, @notification, @destination, @content_type, @message_types, @body, @o_delay, @waits_for,
                    @longest, @occurred_at, @headers)
                    AS o (message_id, sent_as, notification_id, destination, content_type, message_types, body, delay, waits_for, longest,
                        occurred_at, headers)
                ON CONFLICT (message_id) DO {onConflict})
            {WakeForDue}
            """
        );
        var parameters = command.Parameters;
        parameters.Add("id", messages, message => message.Token);
        parameters.Add("sent_as", messages, SentAs);
        parameters.Add("notification", messages, message => message.NotificationId);
        parameters.Add("destination", messages, message => message.Destination);
        parameters.Add("content_type", messages, message => message.ContentType);
        parameters.Add("message_types", messages, message => message.MessageTypes);
        parameters.Add("body", messages, message => message.Body.ToArray());
        parameters.AddJson("headers", messages, message => message.Headers);
        // Read once, so that what is written together keeps its order.
        var now = clock.GetUtcNow();
        parameters.Add("o_delay", messages, message => DelayOf(message, now));
        parameters.Add("waits_for", messages, message => message.WaitsFor);
        parameters.Add("longest", messages, message => message.AtTheLatest - now);
        parameters.Add("occurred_at", messages, message => message.OccurredAt?.ToUniversalTime());
        parameters.Add(Soon);
        await database.Commit(command, cancellationToken);
    }

    static async Task<IReadOnlyList<OutgoingMessage>> Read(NpgsqlDataReader reader, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var messages = new List<OutgoingMessage>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var token = reader.GetGuid(0);
            messages.Add(
                new OutgoingMessage
                {
                    MessageId = reader.IsDBNull(1) ? token : reader.GetGuid(1),
                    Token = token,
                    Revision = reader.GetInt32(2),
                    Destination = reader.GetString(3),
                    ContentType = reader.GetString(4),
                    MessageTypes = reader.GetString(5),
                    Body = reader.GetFieldValue<byte[]>(6),
                    ReplayOf = reader.IsDBNull(7) ? null : reader.GetGuid(7),
                    Headers = reader.IsDBNull(8) ? null : reader.GetString(8),
                    DueAt = now + reader.GetFieldValue<TimeSpan>(9),
                    WaitsFor = reader.IsDBNull(10) ? null : reader.GetString(10),
                }
            );
        }

        return messages;
    }
}
