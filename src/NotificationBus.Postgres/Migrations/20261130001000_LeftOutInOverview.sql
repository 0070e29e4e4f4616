-- What a channel was left out for is asked for like everything else that became of a notification.
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
       (SELECT array_agg((l ->> 'channel') || ': ' || (l ->> 'reason') ORDER BY place) FROM jsonb_array_elements(n.left_out) WITH ORDINALITY AS left_out (l, place)) AS left_out
FROM notification n;

COMMENT ON COLUMN notification_overview.left_out IS 'Channels, or addresses of channels, that the plan could not use, each with why; null when it used all.';
COMMENT ON COLUMN delivery_attempt.status IS 'Started, Accepted, Rejected, Declined when another provider may take it, Unavailable, Throttled, Misconfigured, InDoubt, Repeatable when it is in doubt and asking again does no harm, or Cancelled when it is no call.';
COMMENT ON COLUMN outgoing_message.input_id IS 'Of an earlier version: the message whose step causes this one. Nobody reads or writes it any more.';
