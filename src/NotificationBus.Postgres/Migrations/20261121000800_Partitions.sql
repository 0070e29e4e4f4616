-- Notifications and their attempts by month, so that old ones go by dropping a table. No host of the version before may run beside it.

-- The same event is one notification whenever it comes, so its id cannot carry the time, and a table by time cannot keep it unique:
-- an id is claimed here, and here one finds out in which month to look.
CREATE TABLE notification_key AS SELECT id, created_at FROM notification;
ALTER TABLE notification_key ALTER COLUMN created_at SET NOT NULL, ADD PRIMARY KEY (id);

COMMENT ON TABLE notification_key IS 'Every notification there is: its id, which is claimed here, and when it began, which says in which partition it is.';

ALTER TABLE notification RENAME TO notification_before;
ALTER TABLE notification_before DROP CONSTRAINT notification_pkey;
DROP INDEX notification_by_age;
ALTER INDEX notification_by_recipient RENAME TO notification_before_by_recipient;
ALTER TABLE notification_before ADD PRIMARY KEY (created_at, id);

-- The primary key begins with the time: it grows at one end, stays in memory there, and is the index by age as well. As before, only
-- columns that never change are indexed.
CREATE TABLE notification (LIKE notification_before INCLUDING DEFAULTS INCLUDING COMMENTS, PRIMARY KEY (created_at, id)) PARTITION BY RANGE (created_at);
CREATE INDEX notification_by_recipient ON notification (recipient_id, created_at DESC, id DESC);
CREATE TABLE notification_default PARTITION OF notification DEFAULT WITH (fillfactor = 75);
COMMENT ON TABLE notification_default IS 'Notifications that began in a month without a partition. Empty, or on the way into one.';

COMMENT ON TABLE notification IS 'One row per notification, deliveries included, by month of created_at; read it through notification_overview and delivery_overview.';

ALTER TABLE delivery_attempt RENAME TO delivery_attempt_before;
ALTER TABLE delivery_attempt_before DROP CONSTRAINT delivery_attempt_pkey;
DROP INDEX delivery_attempt_by_provider_message;

-- By the notification's time, not their own: all attempts of a delivery are in one partition, which keeps their numbers unique.
CREATE TABLE delivery_attempt (
    LIKE delivery_attempt_before INCLUDING DEFAULTS INCLUDING COMMENTS,
    notification_created_at timestamptz NOT NULL,
    PRIMARY KEY (delivery_id, number, notification_created_at)
) PARTITION BY RANGE (notification_created_at);
CREATE INDEX delivery_attempt_by_provider_message ON delivery_attempt USING hash (provider_message_id) WHERE provider_message_id IS NOT NULL;
CREATE TABLE delivery_attempt_default PARTITION OF delivery_attempt DEFAULT;
COMMENT ON TABLE delivery_attempt_default IS 'Attempts that belong to no notification on record, and those of the notifications in notification_default.';

COMMENT ON TABLE delivery_attempt IS 'Every call to a provider, written before it is made and settled after it came back; by month of its notification.';
COMMENT ON COLUMN delivery_attempt.notification_created_at IS 'When its notification began, which says in which partition it is; infinity when there is no such notification.';

-- What has not ended is in a partition as well, and one that has such notifications is not dropped.
DELETE FROM unfinished_notification u WHERE NOT EXISTS (SELECT FROM notification_key k WHERE k.id = u.id);
ALTER TABLE unfinished_notification ADD COLUMN created_at timestamptz;
UPDATE unfinished_notification u SET created_at = k.created_at FROM notification_key k WHERE k.id = u.id;
ALTER TABLE unfinished_notification ALTER COLUMN created_at SET NOT NULL;

COMMENT ON COLUMN unfinished_notification.created_at IS 'When the notification began.';

-- What there is becomes the partition of this month and all before it, without being copied: only the attempts are, as they lack the time.
DO $do$
DECLARE
    this_month timestamp   := date_trunc('month', now() AT TIME ZONE 'UTC');
    next_month timestamptz := (this_month + interval '1 month') AT TIME ZONE 'UTC';
    month      text        := to_char(this_month, 'YYYY_MM');
BEGIN
    IF EXISTS (SELECT FROM notification_before) THEN
        -- Of a host whose clock is ahead.
        WITH ahead AS (DELETE FROM notification_before WHERE created_at >= next_month RETURNING *)
        INSERT INTO notification SELECT * FROM ahead;

        EXECUTE format('ALTER TABLE notification_before RENAME TO notification_%s', month);
        EXECUTE format('ALTER INDEX notification_before_pkey RENAME TO notification_%s_pkey', month);
        EXECUTE format('ALTER INDEX notification_before_by_recipient RENAME TO notification_%s_recipient_id_created_at_id_idx', month);
        EXECUTE format('ALTER TABLE notification ATTACH PARTITION notification_%s FOR VALUES FROM (MINVALUE) TO (%L)', month, next_month);
        EXECUTE format('CREATE TABLE delivery_attempt_%s (LIKE delivery_attempt INCLUDING DEFAULTS)', month);
        EXECUTE format('INSERT INTO delivery_attempt_%s SELECT a.*, k.created_at FROM delivery_attempt_before a JOIN notification_key k ON k.id = a.notification_id AND k.created_at < %L', month, next_month);
        EXECUTE format('ALTER TABLE delivery_attempt ATTACH PARTITION delivery_attempt_%s FOR VALUES FROM (MINVALUE) TO (%L)', month, next_month);
    END IF;

    INSERT INTO delivery_attempt
    SELECT a.*, coalesce(k.created_at, 'infinity') FROM delivery_attempt_before a LEFT JOIN notification_key k ON k.id = a.notification_id
    WHERE k.created_at IS NULL OR k.created_at >= next_month;
END $do$;

CREATE OR REPLACE VIEW notification_overview AS
SELECT n.id,
       CASE n.state WHEN 'PartlyDelivered' THEN 'partly-delivered' ELSE lower(n.state) END AS status,
       n.event_name AS event,
       n.event_id,
       n.category,
       n.recipient_id AS recipient,
       (SELECT array_agg(DISTINCT d ->> 'channel') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' IN ('Sent', 'Confirmed')) AS sent_on,
       (SELECT array_agg(DISTINCT d ->> 'channel') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' IN ('Failed', 'Expired')) AS failed_on,
       coalesce(n.refusal, (SELECT string_agg(DISTINCT d ->> 'reason', '; ') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' IN ('Failed', 'Expired'))) AS reason,
       n.created_at,
       n.changed_at,
       n.expires_at,
       n.completed_at,
       n.completed_at - n.created_at AS took,
       ARRAY(SELECT jsonb_array_elements_text(n.decisions)) AS decisions,
       (SELECT array_agg(DISTINCT d ->> 'channel') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' = 'Confirmed') AS confirmed_on
FROM notification n;

CREATE OR REPLACE VIEW delivery_overview AS
SELECT n.id AS notification_id,
       (d ->> 'id')::uuid AS delivery_id,
       n.event_name AS event,
       n.recipient_id AS recipient,
       d ->> 'channel' AS channel,
       (d ->> 'step')::integer AS step,
       CASE d ->> 'status' WHEN 'NotNeeded' THEN 'not-needed' ELSE lower(d ->> 'status') END AS status,
       d ->> 'provider' AS provider,
       d ->> 'providerMessageId' AS provider_message_id,
       d ->> 'reason' AS reason,
       (SELECT count(*) FROM delivery_attempt a WHERE a.delivery_id = (d ->> 'id')::uuid AND a.notification_created_at = n.created_at) AS attempts,
       n.created_at,
       (d ->> 'settledAt')::timestamptz AS settled_at,
       (d ->> 'confirmedAt')::timestamptz AS confirmed_at,
       (d ->> 'bouncedAt')::timestamptz AS bounced_at,
       (d ->> 'softBouncedAt')::timestamptz AS soft_bounced_at,
       (d ->> 'openedAt')::timestamptz AS opened_at,
       (d ->> 'readAt')::timestamptz AS read_at,
       (d ->> 'complainedAt')::timestamptz AS complained_at,
       (d ->> 'unsubscribedAt')::timestamptz AS unsubscribed_at
FROM notification n
CROSS JOIN LATERAL jsonb_array_elements(n.deliveries) d;

DROP TABLE delivery_attempt_before;
DROP TABLE IF EXISTS notification_before;
