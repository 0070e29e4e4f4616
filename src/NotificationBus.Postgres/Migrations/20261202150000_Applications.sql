-- Applications share an installation, and see nothing of each other. What was there before belongs to the one that is called default.
-- The server keeps the default beside the table: no row is written.
ALTER TABLE notification ADD COLUMN application text NOT NULL DEFAULT 'default';
COMMENT ON COLUMN notification.application IS 'The application it belongs to: nobody of another one sees it.';

-- Null is for those who see all, and is written by name. What was there before, and what a host of before still writes, is not.
ALTER TABLE subscription ADD COLUMN application text DEFAULT 'default';
COMMENT ON COLUMN subscription.application IS 'The application whose notifications it is told of; null for those of all.';

ALTER TABLE repair ADD COLUMN application text DEFAULT 'default';
COMMENT ON COLUMN repair.application IS 'The application of whoever has planned it; null for somebody who sees all.';

CREATE OR REPLACE VIEW notification_overview AS
SELECT n.id,
       CASE n.state WHEN 'PartlyDelivered' THEN 'partly-delivered' ELSE lower(n.state) END AS status,
       n.event_name AS event,
       n.event_id,
       n.category,
       n.recipient_id AS recipient,
       (SELECT array_agg(DISTINCT d ->> 'channel') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' IN ('Sent', 'Confirmed')) AS sent_on,
       (SELECT array_agg(DISTINCT d ->> 'channel') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' IN ('Failed', 'Expired')) AS failed_on,
       coalesce(n.refusal, (SELECT string_agg(DISTINCT d ->> 'reason', '; ') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' IN ('Failed', 'Expired', 'Cancelled'))) AS reason,
       n.created_at,
       n.changed_at,
       n.expires_at,
       n.completed_at,
       n.completed_at - n.created_at AS took,
       ARRAY(SELECT jsonb_array_elements_text(n.decisions)) AS decisions,
       (SELECT array_agg(DISTINCT d ->> 'channel') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' = 'Confirmed') AS confirmed_on,
       (SELECT array_agg(DISTINCT d ->> 'channel') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' = 'Cancelled') AS cancelled_on,
       (SELECT array_agg((l ->> 'channel') || ': ' || (l ->> 'reason') ORDER BY place) FROM jsonb_array_elements(n.left_out) WITH ORDINALITY AS left_out (l, place)) AS left_out,
       n.keys,
       ARRAY(SELECT DISTINCT d ->> 'channel' FROM jsonb_array_elements(n.deliveries) d ORDER BY 1) AS channels,
       n.application
FROM notification n;

COMMENT ON COLUMN notification_overview.application IS 'The application it belongs to.';

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
       (d ->> 'automaticReadAt')::timestamptz AS automatic_read_at,
       n.application
FROM notification n
CROSS JOIN LATERAL jsonb_array_elements(n.deliveries) d;

COMMENT ON COLUMN delivery_overview.application IS 'The application its notification belongs to.';
