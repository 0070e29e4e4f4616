using NotificationBus.Messaging;
using NotificationBus.Notifications;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Notifications that nobody seems to work on, in PostgreSQL, by the database's clock. A mark moves along the notifications by age, so that
/// each is read once and the steps of the saga neither write nor index anything for it.
/// </summary>
public sealed class PostgresUnfinishedNotifications(NpgsqlDataSource database) : IUnfinishedNotifications
{
    /// <inheritdoc />
    public async Task<int> LookAtThoseOf(TimeSpan age, int limit, CancellationToken cancellationToken)
    {
        // A host that finds the mark taken leaves the looking to the one that has it. That no older ones are looked at is said once more,
        // for the server does not see from a comparison of rows which partitions it can leave out.
        var command = new NpgsqlBatchCommand(
            """
            WITH mark AS (SELECT created_at, id FROM sweep_mark FOR UPDATE SKIP LOCKED),
            ripe AS (
                SELECT id, created_at, completed_at FROM notification
                WHERE (created_at, id) > ((SELECT created_at FROM mark), (SELECT id FROM mark)) AND created_at <= now() - @age
                    AND created_at >= (SELECT created_at FROM mark)
                ORDER BY created_at, id LIMIT @limit),
            noted AS (
                INSERT INTO unfinished_notification (id, created_at, look_again_at) SELECT id, created_at, now() FROM ripe
                    WHERE completed_at IS NULL
                ON CONFLICT (id) DO NOTHING),
            moved AS (
                UPDATE sweep_mark SET created_at = last.created_at, id = last.id
                FROM (SELECT created_at, id FROM ripe ORDER BY created_at DESC, id DESC LIMIT 1) AS last)
            SELECT count(*)::integer FROM ripe
            """
        );
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("age", age));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        return (int)(await database.Write(command, cancellationToken))!;
    }

    /// <inheritdoc />
    public async Task<StalledNotifications> Take(TimeSpan lookAgain, int limit, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH due AS (
                SELECT id, created_at FROM unfinished_notification WHERE look_again_at <= now() ORDER BY look_again_at LIMIT @limit
                    FOR UPDATE SKIP LOCKED),
            seen AS (
                SELECT due.id,
                    NOT EXISTS (
                        SELECT FROM notification n WHERE n.created_at = due.created_at AND n.id = due.id AND n.completed_at IS NULL
                        {Few.OneByOne}) AS ended,
                    EXISTS (
                        SELECT FROM outgoing_message o WHERE o.notification_id = due.id AND starts_with(o.destination, @commands)
                        {Few.OneByOne}) AS attended
                FROM due),
            dropped AS (
                DELETE FROM unfinished_notification WHERE id = {Few.Of("id", "seen WHERE ended")}),
            kept AS (
                UPDATE unfinished_notification SET look_again_at = now() + @look_again * power(2, looks), looks = least(looks + 1, 10)
                WHERE id = {Few.Of("id", "seen WHERE NOT ended")})
            SELECT id, NOT ended AND NOT attended FROM seen
            """
        );
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("look_again", lookAgain));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        command.Parameters.Add(new NpgsqlParameter<string>("commands", $"exchange:{ChannelEndpoint.Prefix}"));
        return await database.Write(command, reader => Read(reader, cancellationToken), cancellationToken);
    }

    static async Task<StalledNotifications> Read(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var (lookedAt, unattended) = (0, new List<Guid>());
        while (await reader.ReadAsync(cancellationToken))
        {
            lookedAt++;
            if (reader.GetBoolean(1))
                unattended.Add(reader.GetGuid(0));
        }

        return new StalledNotifications(lookedAt, unattended);
    }
}
