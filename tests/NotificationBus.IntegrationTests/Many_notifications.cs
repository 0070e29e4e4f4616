using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// A record with many notifications of three months, as they would be after that time: what nearly all have in common, what few have, and
/// conditions that exclude each other.
/// </summary>
static class Many_notifications
{
    /// <summary>Writes so many of them, with their attempts and all by which they are found.</summary>
    public static async Task Write(string database, int count)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        foreach (var sql in (string[])[Sql(count), "VACUUM"])
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync();
        }
    }

    static string Sql(int count) =>
        $$"""
            DO $do$
            DECLARE m timestamp; name text; lo text; hi text;
            BEGIN
              FOR i IN -3..2 LOOP
                m := date_trunc('month', now() AT TIME ZONE 'UTC') + i * interval '1 month';
                name := to_char(m, 'YYYY_MM');
                lo := to_char(m, 'YYYY-MM-DD') || ' 00:00:00+00';
                hi := to_char(m + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00';
                CONTINUE WHEN to_regclass('notification_' || name) IS NOT NULL;
                EXECUTE format('CREATE TABLE notification_%s PARTITION OF notification FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 75)',
                    name, lo, hi);
                EXECUTE format('CREATE TABLE delivery_attempt_%s PARTITION OF delivery_attempt FOR VALUES FROM (%L) TO (%L)', name, lo, hi);
                EXECUTE format('CREATE TABLE notification_reference_%s PARTITION OF notification_reference FOR VALUES FROM (%L) TO (%L)',
                    name, lo, hi);
                EXECUTE format('CREATE TABLE notification_range_%s PARTITION OF notification_range FOR VALUES FROM (%L) TO (%L)',
                    name, lo, hi);
                EXECUTE format('CREATE TABLE notification_not_delivered_%s PARTITION OF notification_not_delivered
                    FOR VALUES FROM (%L) TO (%L)', name, lo, hi);
              END LOOP;
            END $do$;
            CREATE TEMP TABLE made AS
            SELECT i, md5('n' || i)::uuid AS id, now() - ({{count}} - i) * (interval '90 days' / {{count}}) AS created_at,
              CASE WHEN i % 10 = 0 THEN 'marketplace' ELSE 'seller-' || i % 5000 END AS recipient,
              CASE WHEN i % 10 = 0 THEN 'office@example.com' ELSE 'seller-' || i % 5000 || '@example.com' END AS address,
              CASE WHEN i % 1000 = 7 THEN 'announcement' WHEN i % 10 < 4 THEN 'order-placed' WHEN i % 10 < 7 THEN 'order-shipped'
                   WHEN i % 10 < 9 THEN 'chat-message-sent' ELSE 'payment-reminder-due' END AS category,
              CASE WHEN i % 10000 = 77 THEN '{chat}' WHEN i % 20 = 3 THEN '{sms}' ELSE '{email,push}' END::text[] AS channels,
              CASE WHEN i > {{count}} - 1000 AND i % 2 = 0 THEN 'Sending' WHEN i % 2000 = 5 THEN 'Held' WHEN i % 300 = 1 THEN 'Cancelled'
                   WHEN i % 200 = 2 THEN 'Expired' WHEN i % 100 = 3 THEN 'Failed' WHEN i % 100 = 4 THEN 'PartlyDelivered'
                   WHEN i % 100000 = 9 THEN 'Sending' ELSE 'Delivered' END AS state
            FROM generate_series(1, {{count}}) AS i;
            INSERT INTO notification_key SELECT id, created_at FROM made;
            INSERT INTO notification (id, state, version, event_name, event_id, category, recipient_id, recipient, data, mode, deliveries,
                decisions, taken_inputs, created_at, expires_at, changed_at, completed_at, keys)
            SELECT id, state, 3, CASE category WHEN 'announcement' THEN 'notification-requested' ELSE category END, 'event-' || i,
              category, recipient,
              jsonb_build_object('id', recipient, 'name', 'Som', 'email', address, 'locale', 'th'),
              json_build_object('orderId', i / 2, 'product', 'Blue ceramic bowl',
                'total', json_build_object('amount', 590, 'currency', 'THB'), 'buyer', json_build_object('name', 'Nok')),
              'AllAtOnce',
              (SELECT jsonb_agg(jsonb_build_object('id', md5(i || channel)::uuid, 'channel', channel, 'address', address, 'step', 1,
                 'status', CASE state WHEN 'Sending' THEN 'Sending' WHEN 'Delivered' THEN 'Sent' WHEN 'PartlyDelivered' THEN 'Failed'
                   ELSE state END,
                 'begunAt', created_at,
                 'provider', CASE channel WHEN 'email' THEN CASE WHEN i % 10000 = 55 THEN 'ses' ELSE 'smtp' END
                   WHEN 'push' THEN 'fcm' ELSE channel END,
                 'providerMessageId', 'm-' || i || channel, 'attempts', 0, 'reopened', 0, 'settledAt', created_at))
                 FROM unnest(channels) AS channel),
              '["email: used", "push: used"]', ARRAY[md5('a' || i)::uuid, md5('b' || i)::uuid], created_at, created_at + interval '1 day',
              created_at, CASE WHEN state IN ('Sending', 'Held') THEN NULL ELSE created_at END,
              jsonb_build_object('order', (i / 2)::text, 'shop', (i % 3)::text)
            FROM made;
            INSERT INTO notification_reference SELECT event_reference('event-' || i), created_at, id FROM made;
            INSERT INTO notification_reference SELECT key_reference('order', (i / 2)::text), created_at, id FROM made;
            INSERT INTO notification_reference SELECT r, created_at, id FROM made
                JOIN (SELECT s, key_reference('shop', s::text) r FROM generate_series(0,2) s) x ON s = i % 3;
            INSERT INTO notification_reference SELECT r, created_at, id FROM made
                JOIN (SELECT address, address_reference(address) r FROM made GROUP BY 1) x USING (address);
            INSERT INTO delivery_attempt (delivery_id, number, notification_id, notification_created_at, channel, provider, status,
                provider_message_id, started_at, lease_until, finished_at)
            SELECT md5(i || channel)::uuid, 1, id, created_at, channel,
              CASE channel WHEN 'email' THEN CASE WHEN i % 10000 = 55 THEN 'ses' ELSE 'smtp' END
                WHEN 'push' THEN 'fcm' ELSE channel END, 'Accepted',
              CASE WHEN i % 20 = 11 AND channel = 'email' THEN '250 OK' ELSE 'm-' || i || channel END, created_at, created_at, created_at
            FROM made, unnest(channels) AS channel;
            -- One by one, as hosts at rest write them.
            INSERT INTO notification_range SELECT r, created_at, created_at FROM made
                JOIN (SELECT category, category_reference(category) r FROM made GROUP BY 1) x USING (category);
            INSERT INTO notification_range SELECT r, created_at, created_at FROM made, unnest(channels) AS channel
                JOIN (VALUES ('email', channel_reference('email')), ('push', channel_reference('push')), ('sms', channel_reference('sms')),
                  ('chat', channel_reference('chat'))) x (channel, r) USING (channel);
            INSERT INTO notification_range SELECT r, notification_created_at, notification_created_at FROM delivery_attempt
                JOIN (SELECT provider, provider_reference(provider) r FROM delivery_attempt GROUP BY 1) x USING (provider);
            UPDATE sweep_mark SET (created_at, id) = (SELECT created_at, id FROM made WHERE i = {{count}} - 2000);
            INSERT INTO unfinished_notification (id, created_at, look_again_at) SELECT id, created_at, now() FROM made
                WHERE state IN ('Sending', 'Held') AND i <= {{count}} - 2000;
            ANALYZE;
            """;
}
