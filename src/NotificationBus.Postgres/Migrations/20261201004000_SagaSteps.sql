-- What a saga did, step by step, as far as it did not go straight. By the month of its notification, like the attempts, and gone with it.
CREATE TABLE saga_step (
    notification_created_at timestamptz NOT NULL,
    notification_id         uuid        NOT NULL,
    number                  integer     NOT NULL,
    at                      timestamptz NOT NULL,
    message                 text        NOT NULL,
    message_ids             uuid[]      NOT NULL,
    state_before            text        NOT NULL,
    state_after             text        NOT NULL,
    before                  jsonb       NOT NULL,
    changes                 jsonb       NOT NULL,
    caused                  jsonb       NOT NULL,
    PRIMARY KEY (notification_created_at, notification_id, number)
) PARTITION BY RANGE (notification_created_at);

CREATE TABLE saga_step_default PARTITION OF saga_step DEFAULT;

COMMENT ON TABLE saga_step_default IS 'Steps of the notifications in notification_default.';
COMMENT ON TABLE saga_step IS 'Steps of the sagas that did not go straight, never changed; by month of the notification. Read it through saga_step_overview, which also tells what went straight.';
COMMENT ON COLUMN saga_step.notification_created_at IS 'When its notification began, which says in which partition it is.';
COMMENT ON COLUMN saga_step.number IS 'The version of the row after the step, counted from 1. A number that is missing went straight, and follows from the notification.';
COMMENT ON COLUMN saga_step.before IS 'What may change of the row, as it was before: completedAt, timer (of an escalation), deliveries by id without their addresses.';
COMMENT ON COLUMN saga_step.changes IS 'What has changed, as a JSON merge patch (RFC 7396) on before.';

-- The same months as there are for notifications: until now nothing is in them.
DO $do$
DECLARE
    month record;
BEGIN
    FOR month IN
        SELECT relname, pg_get_expr(relpartbound, pg_class.oid) AS bounds FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'notification'::regclass AND relname <> 'notification_default'
    LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF saga_step %s', replace(month.relname, 'notification_', 'saga_step_'), month.bounds);
    END LOOP;
END $do$;

-- The kept steps, and what went straight between them: the first of all, and one line for all that leads to the next kept one, or to the row
-- as it is. From notification_key, so that one notification is found by its id.
CREATE VIEW saga_step_overview AS
SELECT told.id AS notification_id, step.number, step.from_number, step.at, step.message, step.message_ids,
       CASE step.state_before WHEN 'PartlyDelivered' THEN 'partly-delivered' ELSE lower(step.state_before) END AS state_before,
       CASE step.state_after WHEN 'PartlyDelivered' THEN 'partly-delivered' ELSE lower(step.state_after) END AS state_after,
       step.caused, step.changes, step.derived
FROM (
    SELECT k.id, k.created_at, place.*, coalesce(lag(place.number) OVER places, 0) AS told_number, coalesce(lag(place.state_after) OVER places, 'Initial') AS told_state,
           place.state_before IN ('Sending', 'Delivered') AND (
               lag(place.number) OVER places IS NOT NULL
               OR NOT jsonb_path_exists(place.content, '$.**.status ? (@ == "Failed" || @ == "Expired" || @ == "Held" || @ == "Cancelled")')) AS went_straight
    FROM notification_key k
    CROSS JOIN LATERAL (
        SELECT number, at, message, message_ids, state_before, state_after, before AS content, caused, changes FROM saga_step s
        WHERE s.notification_created_at = k.created_at AND s.notification_id = k.id
        UNION ALL
        SELECT version + 1, changed_at, NULL, NULL, state, NULL, deliveries, NULL, NULL FROM notification n
        WHERE n.created_at = k.created_at AND n.id = k.id) AS place
    WINDOW places AS (PARTITION BY k.id ORDER BY place.number)
) AS told
CROSS JOIN LATERAL (SELECT told.went_straight AND told.told_number = 0 AND told.number > 1 AS begins) AS straight
CROSS JOIN LATERAL (
    SELECT 1 AS number, NULL::integer AS from_number, told.created_at AS at, n.message, NULL::uuid[] AS message_ids,
           'Initial' AS state_before, 'Sending' AS state_after, n.caused, NULL::jsonb AS changes,
           'it went straight, and is derived from the notification' AS derived
    FROM (
        SELECT replace(initcap(replace(event_name, '-', ' ')), ' ', '') AS message,
               ARRAY(SELECT 'send-' || (d ->> 'channel') FROM jsonb_array_elements(deliveries) WITH ORDINALITY AS planned (d, place)
                     WHERE (d ->> 'step')::integer = 1 ORDER BY place) AS caused
        FROM notification WHERE created_at = told.created_at AND id = told.id) AS n
    WHERE straight.begins
    UNION ALL
    SELECT told.number - 1, nullif(greatest(told.told_number, straight.begins::integer) + 1, told.number - 1),
           CASE WHEN told.message IS NULL THEN told.at END,
           CASE WHEN NOT told.went_straight THEN 'unknown'
                WHEN told.told_state = told.state_before THEN 'DeliveryReceiptReceived' ELSE 'DeliverySent' END,
           NULL, CASE WHEN straight.begins THEN 'Sending' ELSE told.told_state END, told.state_before,
           CASE WHEN told.went_straight AND told.state_before = 'Delivered' AND told.told_state <> 'Delivered' THEN ARRAY['NotificationDelivered'] ELSE '{}' END,
           NULL,
           CASE WHEN told.went_straight THEN 'it went straight, and is derived from the notification' ELSE 'an earlier version made it, which kept no steps' END
    WHERE told.number - 1 > greatest(told.told_number, straight.begins::integer)
    UNION ALL
    SELECT told.number, NULL, told.at, told.message, told.message_ids, told.state_before, told.state_after,
           ARRAY(SELECT jsonb_array_elements_text(told.caused)), told.changes, NULL
    WHERE told.message IS NOT NULL
) AS step;

COMMENT ON VIEW saga_step_overview IS 'What a saga did, step by step. What went straight was not kept: such a line is derived from the notification and says so. GET /v1/notifications/{id}/steps tells the same with each change.';
COMMENT ON COLUMN saga_step_overview.number IS 'Counted from 1 without a gap; of a line that stands for several the last.';
COMMENT ON COLUMN saga_step_overview.from_number IS 'The number of the first, of a line that stands for several; null when it is one.';
COMMENT ON COLUMN saga_step_overview.at IS 'When it was made; null where the record does not say.';
COMMENT ON COLUMN saga_step_overview.message IS 'The message that was taken; where it was not kept, the one it mostly is, or unknown.';
COMMENT ON COLUMN saga_step_overview.message_ids IS 'The ids of what was taken; null when they were not kept.';
COMMENT ON COLUMN saga_step_overview.state_before IS 'The saga''s state before; initial before the first step.';
COMMENT ON COLUMN saga_step_overview.state_after IS 'The saga''s state after it.';
COMMENT ON COLUMN saga_step_overview.caused IS 'What it caused: commands to channels, timers, the outcome.';
COMMENT ON COLUMN saga_step_overview.changes IS 'What it changed, as a JSON merge patch; null where it is derived.';
COMMENT ON COLUMN saga_step_overview.derived IS 'Why the step was not kept; null when it was.';
