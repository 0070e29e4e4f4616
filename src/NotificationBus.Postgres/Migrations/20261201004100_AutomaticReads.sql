-- A link that a program has followed is on record, and is not read.
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
       (SELECT count(*) FROM delivery_attempt a WHERE a.delivery_id = (d ->> 'id')::uuid AND a.notification_created_at = n.created_at AND a.status <> 'Cancelled') AS attempts,
       n.created_at,
       (d ->> 'settledAt')::timestamptz AS settled_at,
       (d ->> 'confirmedAt')::timestamptz AS confirmed_at,
       (d ->> 'bouncedAt')::timestamptz AS bounced_at,
       (d ->> 'softBouncedAt')::timestamptz AS soft_bounced_at,
       (d ->> 'openedAt')::timestamptz AS opened_at,
       (d ->> 'readAt')::timestamptz AS read_at,
       (d ->> 'complainedAt')::timestamptz AS complained_at,
       (d ->> 'unsubscribedAt')::timestamptz AS unsubscribed_at,
       d ->> 'cancellation' AS cancellation,
       (d ->> 'automaticReadAt')::timestamptz AS automatic_read_at
FROM notification n
CROSS JOIN LATERAL jsonb_array_elements(n.deliveries) d;

COMMENT ON COLUMN delivery_overview.automatic_read_at IS 'When a program first followed a link in it, such as a mail filter; null when none did. That is not read.';
