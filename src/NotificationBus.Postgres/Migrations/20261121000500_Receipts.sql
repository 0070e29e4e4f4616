-- What must be known of a delivery so that the next step does not begin.
ALTER TABLE notification ADD COLUMN escalate_unless text NOT NULL DEFAULT 'Sent';

COMMENT ON COLUMN notification.escalate_unless IS 'What must be known of a delivery when escalate_after is over so that the next step does not begin: Sent, Confirmed or Read.';

-- A receipt may name a delivery by the provider's id only. A hash, because such an id can be the whole answer of a mail server.
CREATE INDEX delivery_attempt_by_provider_message ON delivery_attempt USING hash (provider_message_id) WHERE provider_message_id IS NOT NULL;

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
       (SELECT count(*) FROM delivery_attempt a WHERE a.delivery_id = (d ->> 'id')::uuid) AS attempts,
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

COMMENT ON COLUMN notification_overview.sent_on IS 'Channels on which a provider took it and it did not come back; null when there are none.';
COMMENT ON COLUMN notification_overview.confirmed_on IS 'Channels on which it arrived, as far as vendors report that; null when there are none.';
COMMENT ON COLUMN notification_overview.status IS 'sending, held, delivered, partly-delivered, expired or failed.';
COMMENT ON COLUMN delivery_overview.status IS 'waiting, sending, held, sent, confirmed, failed, expired or not-needed.';
COMMENT ON COLUMN delivery_overview.settled_at IS 'When it was sent, failed, expired or came back; null before.';
COMMENT ON COLUMN delivery_overview.confirmed_at IS 'When it arrived. This and what follows is what the vendor has reported, by its clock.';
COMMENT ON COLUMN delivery_overview.bounced_at IS 'When it came back for good.';
COMMENT ON COLUMN delivery_overview.soft_bounced_at IS 'When it last did not arrive and might another time.';
COMMENT ON COLUMN delivery_overview.opened_at IS 'When it was first shown, or a program has fetched its pictures.';
COMMENT ON COLUMN delivery_overview.read_at IS 'When the recipient has first read it, or followed a link in it.';
COMMENT ON COLUMN delivery_overview.complained_at IS 'When the recipient called it spam.';
COMMENT ON COLUMN delivery_overview.unsubscribed_at IS 'When the recipient wanted no more of the channel.';
