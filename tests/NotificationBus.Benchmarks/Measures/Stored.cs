namespace NotificationBus.Benchmarks.Measures;

/// <summary>
/// Fills the tables of NotificationBus with notifications that ended long ago: copies of one that was really sent, each with its attempts,
/// under new ids, for other recipients, spread over the last month. Their <c>deliveries</c> keep the ids of the original.
/// </summary>
static class Stored
{
    const string Recipients = "100000";

    /// <summary>Writes so many, vacuums, and waits until it is on disk.</summary>
    public static async Task Fill(Stand stand, int count)
    {
        await Latency.Run(stand, perSecond: 1, count: 1);
        // Whatever columns there are; those that are named here differ from copy to copy.
        await stand.Record.Execute($$"""
            DO $do$
            DECLARE
                columns text := (SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'notification');
                copied  text := (SELECT string_agg(CASE column_name
                    WHEN 'id' THEN 'gen_random_uuid()'
                    WHEN 'recipient_id' THEN '''stored-'' || i % {{Recipients}}'
                    WHEN 'event_id' THEN '''stored-'' || i'
                    WHEN 'created_at' THEN 'now() - interval ''30 days'' * (i + 1) / {{count + 1}}'
                    ELSE 'n.' || quote_ident(column_name) END, ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'notification');
                attempt_columns text := (SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'delivery_attempt');
                attempt_copied  text := (SELECT string_agg(CASE column_name
                    WHEN 'delivery_id' THEN 'gen_random_uuid()'
                    WHEN 'notification_id' THEN 'stored.id'
                    WHEN 'started_at' THEN 'stored.created_at'
                    ELSE 'a.' || quote_ident(column_name) END, ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'delivery_attempt');
            BEGIN
                EXECUTE format('INSERT INTO notification (%s) SELECT %s FROM (SELECT * FROM notification ORDER BY created_at LIMIT 1) n, generate_series(1, {{count}}) i', columns, copied);
                EXECUTE format('INSERT INTO delivery_attempt (%s) SELECT %s FROM notification stored, (SELECT * FROM delivery_attempt LIMIT 2) a WHERE stored.event_id LIKE ''stored-%%''', attempt_columns, attempt_copied);
            END $do$
            """);
        // In a real system the sweep has been past them long ago.
        await stand.Record.Execute("UPDATE sweep_mark SET created_at = now() - interval '1 hour'");
        await stand.Record.Execute("VACUUM ANALYZE");
        await stand.Record.Checkpoint();
    }
}
