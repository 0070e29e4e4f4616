-- A delivery that is cancelled has a row among its attempts, which takes the number that its next call would have had: so none follows.
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
       (SELECT array_agg(DISTINCT d ->> 'channel') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' = 'Cancelled') AS cancelled_on
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
       d ->> 'cancellation' AS cancellation
FROM notification n
CROSS JOIN LATERAL jsonb_array_elements(n.deliveries) d;

COMMENT ON TABLE delivery_attempt IS 'Every call to a provider, written before it is made and settled after it came back, and that no other follows when a delivery was cancelled; by month of its notification.';
COMMENT ON COLUMN delivery_attempt.provider IS 'The account that was called; empty when the delivery was cancelled.';
COMMENT ON COLUMN delivery_attempt.status IS 'Started, Accepted, Rejected, Unavailable, Throttled, Misconfigured, InDoubt, Repeatable when it is in doubt and asking again does no harm, or Cancelled when it is no call.';
COMMENT ON COLUMN notification_overview.status IS 'sending, held, delivered, partly-delivered, cancelled, expired or failed.';
COMMENT ON COLUMN notification_overview.reason IS 'Why nothing could be sent, why deliveries failed, or who cancelled them and why.';
COMMENT ON COLUMN notification_overview.cancelled_on IS 'Channels on which a delivery was cancelled; null when none was.';
COMMENT ON COLUMN delivery_overview.status IS 'waiting, sending, held, sent, confirmed, failed, expired, cancelled or not-needed.';
COMMENT ON COLUMN delivery_overview.settled_at IS 'When it was sent, failed, expired, was cancelled or came back; null before.';
COMMENT ON COLUMN delivery_overview.cancellation IS 'Who cancelled it and why. No call for it begins from then on; the status says whether one had sent it before.';
