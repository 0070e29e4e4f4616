-- Public: the columns are kept or only added to. What was decided about each delivery, by whom, and why in one word. Whoever asks for one
-- notification gives its created_at as well, which notification_key knows: that says in which partition it is.
CREATE VIEW decision AS
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
SELECT n.id, n.created_at, NULL, NULL, n.created_at, 'planner', 'trimmed', false, NULL, NULL, 1, t
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

COMMENT ON VIEW decision IS 'One line per decision about a notification: what was planned and what left out, what a delivery waited for, and the one reason of each that was not sent.';
COMMENT ON COLUMN decision.created_at IS 'When the notification began, which says in which partition it is: notification_key knows it by id.';
COMMENT ON COLUMN decision.delivery_id IS 'Null for what the plan left out, and for what was cut from the event.';
COMMENT ON COLUMN decision.at IS 'When it was decided; of what a delivery waits for, since when.';
COMMENT ON COLUMN decision.by IS 'planner, sender, receipt, operator or automation.';
COMMENT ON COLUMN decision.code IS 'The reason in one word: see docs/api.md. not-recorded where a version before this one decided.';
COMMENT ON COLUMN decision.final IS 'True for the one reason of what was not sent and will not be.';
COMMENT ON COLUMN decision.provider IS 'The account it is about; null when it is about none.';
COMMENT ON COLUMN decision.until IS 'Until when it was to wait; something may have brought it back earlier.';
COMMENT ON COLUMN decision.times IS 'How often that was decided, one after the other.';
COMMENT ON COLUMN decision.text IS 'The same for a person to read.';
