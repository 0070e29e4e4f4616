-- What operators have set of an event type while the hosts run. Configuration holds where there is no row.
CREATE TABLE event_type_control (
    category    text        PRIMARY KEY,
    setting     jsonb       NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE event_type_control IS 'What operators have set for an event type; configuration holds where there is no row.';

-- The version of the settings by which a notification was planned is nothing that was cut from its event.
CREATE OR REPLACE VIEW decision AS
SELECT n.id AS notification_id,
       n.created_at,
       (d ->> 'id')::uuid AS delivery_id,
       d ->> 'channel' AS channel,
       n.created_at AS at,
       'planner' AS by,
       'planned' AS code,
       false AS final,
       NULL::text AS provider,
       NULL::timestamptz AS until,
       1 AS times,
       'in step ' || (d ->> 'step') AS text
FROM notification n
CROSS JOIN LATERAL jsonb_array_elements(n.deliveries) d
UNION ALL
SELECT n.id, n.created_at, NULL, l ->> 'channel', n.created_at, 'planner', coalesce(l ->> 'code', 'not-recorded'), true, NULL, NULL, 1, l ->> 'reason'
FROM notification n
CROSS JOIN LATERAL jsonb_array_elements(n.left_out) l
UNION ALL
SELECT n.id, n.created_at, NULL, NULL, n.created_at, 'planner', 'no-channel', true, NULL, NULL, 1, n.refusal
FROM notification n
WHERE n.refusal IS NOT NULL AND n.left_out IS NULL
UNION ALL
SELECT n.id, n.created_at, NULL, NULL, n.created_at, 'planner',
       CASE WHEN t LIKE 'planned by version %' THEN 'planned' ELSE 'trimmed' END, false, NULL, NULL, 1, t
FROM notification n
CROSS JOIN LATERAL jsonb_array_elements_text(n.decisions) t
WHERE t IS DISTINCT FROM n.refusal
    AND NOT EXISTS (SELECT FROM jsonb_array_elements(n.left_out) l WHERE t = (l ->> 'channel') || ': ' || (l ->> 'reason'))
    AND NOT EXISTS (SELECT FROM jsonb_array_elements(n.deliveries) d WHERE t IN ((d ->> 'channel') || ': planned', (d ->> 'channel') || ': used'))
UNION ALL
SELECT n.id, n.created_at, (d ->> 'id')::uuid, d ->> 'channel', (s ->> 'at')::timestamptz, 'sender', s ->> 'code', false,
       s ->> 'provider', (s ->> 'until')::timestamptz, coalesce((s ->> 'times')::integer, 1), s ->> 'text'
FROM notification n
CROSS JOIN LATERAL jsonb_array_elements(n.deliveries) d
CROSS JOIN LATERAL jsonb_array_elements(d -> 'decisions') s
UNION ALL
SELECT f.id, f.created_at, (d ->> 'id')::uuid, d ->> 'channel', coalesce((d ->> 'settledAt')::timestamptz, f.completed_at, f.changed_at),
       CASE f.code
           WHEN 'cancelled' THEN 'operator'
           WHEN 'withdrawn' THEN 'operator'
           WHEN 'decided-failed' THEN 'operator'
           WHEN 'bounced' THEN 'receipt'
           WHEN 'not-needed' THEN 'planner'
           ELSE 'sender' END,
       f.code, d ->> 'status' <> 'Held', d ->> 'provider', NULL, 1, coalesce(d ->> 'reason', f.code)
FROM (
    SELECT n.id, n.created_at, n.completed_at, n.changed_at, d,
           coalesce(
               d ->> 'code',
               CASE d ->> 'status'
                   WHEN 'Expired' THEN 'expired'
                   WHEN 'Cancelled' THEN 'cancelled'
                   WHEN 'NotNeeded' THEN 'not-needed'
                   WHEN 'Held' THEN 'in-doubt'
                   ELSE CASE WHEN d ? 'bouncedAt' THEN 'bounced' ELSE 'not-recorded' END END) AS code
    FROM notification n
    CROSS JOIN LATERAL jsonb_array_elements(n.deliveries) d
    WHERE d ->> 'status' IN ('Failed', 'Expired', 'Cancelled', 'NotNeeded', 'Held')) AS f;
