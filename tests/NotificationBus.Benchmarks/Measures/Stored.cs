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
        await stand.Record.Execute(
            $$"""
            DO $do$
            DECLARE
                columns text := (SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns
                    WHERE table_name = 'notification');
                copied  text := (SELECT string_agg(CASE column_name
                    WHEN 'id' THEN 'gen_random_uuid()'
                    WHEN 'recipient_id' THEN '''stored-'' || i % {{Recipients}}'
                    WHEN 'event_id' THEN '''stored-'' || i'
                    WHEN 'created_at' THEN 'now() - interval ''30 days'' * (i + 1) / {{count + 1}}'
                    ELSE 'n.' || quote_ident(column_name) END, ', ' ORDER BY ordinal_position) FROM information_schema.columns
                        WHERE table_name = 'notification');
                attempt_columns text := (SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
                    FROM information_schema.columns WHERE table_name = 'delivery_attempt');
                attempt_copied  text := (SELECT string_agg(CASE column_name
                    WHEN 'delivery_id' THEN 'gen_random_uuid()'
                    WHEN 'notification_id' THEN 'stored.id'
                    WHEN 'notification_created_at' THEN 'stored.created_at'
                    WHEN 'started_at' THEN 'stored.created_at'
                    ELSE 'a.' || quote_ident(column_name) END, ', ' ORDER BY ordinal_position) FROM information_schema.columns
                        WHERE table_name = 'delivery_attempt');
                ago integer;
                month date;
                next_month date;
            BEGIN
                -- Hosts make partitions for the months to come; these are over.
                FOR ago IN 1..2 LOOP
                    month := date_trunc('month', now() AT TIME ZONE 'UTC') - ago * interval '1 month';
                    next_month := month + interval '1 month';
                    EXECUTE format('CREATE TABLE notification_%s (LIKE notification INCLUDING DEFAULTS) WITH (fillfactor = 75)',
                        to_char(month, 'YYYY_MM'));
                    EXECUTE format('ALTER TABLE notification ATTACH PARTITION notification_%s FOR VALUES FROM (%L) TO (%L)',
                        to_char(month, 'YYYY_MM'), month || ' 00:00:00+00', next_month || ' 00:00:00+00');
                    EXECUTE format('CREATE TABLE delivery_attempt_%s (LIKE delivery_attempt INCLUDING DEFAULTS)',
                        to_char(month, 'YYYY_MM'));
                    EXECUTE format('ALTER TABLE delivery_attempt ATTACH PARTITION delivery_attempt_%s FOR VALUES FROM (%L) TO (%L)',
                        to_char(month, 'YYYY_MM'), month || ' 00:00:00+00', next_month || ' 00:00:00+00');
                    EXECUTE format('CREATE TABLE notification_reference_%s PARTITION OF notification_reference
                        FOR VALUES FROM (%L) TO (%L)', to_char(month, 'YYYY_MM'), month || ' 00:00:00+00', next_month || ' 00:00:00+00');
                    EXECUTE format('CREATE TABLE notification_range_%s PARTITION OF notification_range FOR VALUES FROM (%L) TO (%L)',
                        to_char(month, 'YYYY_MM'), month || ' 00:00:00+00', next_month || ' 00:00:00+00');
                    EXECUTE format('CREATE TABLE notification_not_delivered_%s PARTITION OF notification_not_delivered
                        FOR VALUES FROM (%L) TO (%L)', to_char(month, 'YYYY_MM'), month || ' 00:00:00+00', next_month || ' 00:00:00+00');
                END LOOP;
                EXECUTE format('INSERT INTO notification (%s) SELECT %s
                    FROM (SELECT * FROM notification ORDER BY created_at LIMIT 1) n, generate_series(1, {{count}}) i', columns, copied);
                INSERT INTO notification_key (id, created_at) SELECT id, created_at FROM notification WHERE event_id LIKE 'stored-%';
                -- An event, an order and two addresses each; and as written one by one, a category, two channels and two accounts.
                INSERT INTO notification_reference (reference, created_at, id)
                SELECT hashtextextended(id::text, n), created_at, id FROM notification, generate_series(1, 4) n
                    WHERE event_id LIKE 'stored-%';
                INSERT INTO notification_range (reference, until, since)
                SELECT n, created_at, created_at FROM notification, generate_series(1, 5) n WHERE event_id LIKE 'stored-%';
                EXECUTE format('INSERT INTO delivery_attempt (%s) SELECT %s
                    FROM notification stored, (SELECT * FROM delivery_attempt LIMIT 2) a WHERE stored.event_id LIKE ''stored-%%''',
                    attempt_columns, attempt_copied);
            END $do$
            """
        );
        // In a real system the sweep has been past them long ago.
        await stand.Record.Execute("UPDATE sweep_mark SET created_at = now() - interval '1 hour'");
        await stand.Record.Execute("VACUUM ANALYZE");
        await stand.Record.Checkpoint();
    }
}
