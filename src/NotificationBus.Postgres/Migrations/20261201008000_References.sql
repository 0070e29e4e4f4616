-- What operators look for a notification by. Everything here is written once, with the notification: a step of its saga changes no column that
-- an index has, so that it stays within its page (HOT).

-- Business keys of the publishing system, and the channels of the plan, sorted. Both stay as the first step wrote them.
ALTER TABLE notification ADD COLUMN keys jsonb, ADD COLUMN channels text[] NOT NULL DEFAULT '{}';

COMMENT ON COLUMN notification.keys IS 'Business keys of the publishing system by which it is found, such as {"order":"4711"}; null when it has none.';
COMMENT ON COLUMN notification.channels IS 'The channels of its plan, sorted; none when an earlier version has begun it.';

-- By a hash, which has one length and is compared at once, whatever the language of the database.
CREATE INDEX notification_by_event ON notification (hashtextextended(event_id, 0), created_at, id);
-- There are few kinds, so that whoever asks for a channel or a category asks for some of them, and new entries go to the end of their kind.
CREATE INDEX notification_by_kind ON notification (hashtextextended(category, 0), channels, created_at, id);

-- By time last: a value that a million notifications have is read from its newest on, as many as are wanted.
CREATE TABLE notification_reference (
    reference  uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    id         uuid        NOT NULL,
    PRIMARY KEY (reference, created_at, id)
) PARTITION BY RANGE (created_at);

COMMENT ON TABLE notification_reference IS 'What a notification is found by beside its own columns, by month of created_at: see key_reference and address_reference.';
COMMENT ON COLUMN notification_reference.reference IS 'A hash of a business key, or of an address of its plan.';
COMMENT ON COLUMN notification_reference.created_at IS 'When the notification began.';

CREATE FUNCTION reference_of(VARIADIC parts text[]) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT encode(set_byte(set_byte(digest, 6, get_byte(digest, 6) & 15 | 128), 8, get_byte(digest, 8) & 63 | 128), 'hex')::uuid
    FROM (
        SELECT substring(sha256(string_agg(int4send(octet_length(bytes)) || bytes, '' ORDER BY place)) FOR 16) AS digest
        FROM (SELECT convert_to(part, 'UTF8') AS bytes, place FROM unnest(parts) WITH ORDINALITY AS p (part, place)) AS encoded) AS hashed
$$;

CREATE FUNCTION key_reference(name text, value text) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT reference_of('key', name, value) $$;
CREATE FUNCTION address_reference(address text) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT reference_of('address', address) $$;

COMMENT ON FUNCTION reference_of(text[]) IS 'SHA-256 over the parts, each preceded by its length, laid out as a UUID of version 8.';
COMMENT ON FUNCTION key_reference(text, text) IS 'What notification_reference has of a business key, such as (''order'', ''4711'').';
COMMENT ON FUNCTION address_reference(text) IS 'What notification_reference has of an address, in the form under which it would be suppressed: a mailbox in small letters, a number in E.164 form.';

-- Nearly all are on their way or delivered. The others are asked for often, and are few while all is well.
CREATE TABLE notification_not_delivered (
    state      text        NOT NULL,
    created_at timestamptz NOT NULL,
    id         uuid        NOT NULL,
    PRIMARY KEY (state, created_at, id)
) PARTITION BY RANGE (created_at);

COMMENT ON TABLE notification_not_delivered IS 'The notifications that are held, or have ended otherwise than delivered, by month of created_at. Kept by triggers on notification.';
COMMENT ON COLUMN notification_not_delivered.state IS 'Held, PartlyDelivered, Cancelled, Expired or Failed.';

-- A partition of each for every one of notification.
CREATE TABLE notification_reference_default PARTITION OF notification_reference DEFAULT;
CREATE TABLE notification_not_delivered_default PARTITION OF notification_not_delivered DEFAULT;
COMMENT ON TABLE notification_reference_default IS 'References of the notifications in notification_default.';
COMMENT ON TABLE notification_not_delivered_default IS 'Those of the notifications in notification_default.';

DO $do$
DECLARE
    month record;
BEGIN
    FOR month IN
        SELECT replace(relname, 'notification_', '') AS name, pg_get_expr(relpartbound, oid) AS bounds
        FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'notification'::regclass AND relname <> 'notification_default'
    LOOP
        EXECUTE format('CREATE TABLE notification_reference_%s PARTITION OF notification_reference %s', month.name, month.bounds);
        EXECUTE format('CREATE TABLE notification_not_delivered_%s PARTITION OF notification_not_delivered %s', month.name, month.bounds);
    END LOOP;
END $do$;

INSERT INTO notification_not_delivered SELECT state, created_at, id FROM notification WHERE state NOT IN ('Sending', 'Delivered');

DROP TRIGGER notification_held ON notification;
DROP FUNCTION keep_held_notification();
DROP TABLE held_notification;
CREATE VIEW held_notification AS SELECT created_at, id FROM notification_not_delivered WHERE state = 'Held';
COMMENT ON VIEW held_notification IS 'The notifications that wait for an operator''s decision.';

CREATE FUNCTION keep_not_delivered() RETURNS trigger LANGUAGE plpgsql AS $do$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state NOT IN ('Sending', 'Delivered') THEN
        DELETE FROM notification_not_delivered WHERE state = OLD.state AND created_at = OLD.created_at AND id = OLD.id;
    END IF;
    IF NEW.state NOT IN ('Sending', 'Delivered') THEN
        INSERT INTO notification_not_delivered VALUES (NEW.state, NEW.created_at, NEW.id) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $do$;

CREATE TRIGGER notification_not_delivered_at_once AFTER INSERT ON notification FOR EACH ROW
WHEN (NEW.state NOT IN ('Sending', 'Delivered')) EXECUTE FUNCTION keep_not_delivered();

CREATE TRIGGER notification_not_delivered_since AFTER UPDATE ON notification FOR EACH ROW
WHEN (OLD.state <> NEW.state AND (OLD.state NOT IN ('Sending', 'Delivered') OR NEW.state NOT IN ('Sending', 'Delivered')))
EXECUTE FUNCTION keep_not_delivered();

-- What is on its way is found among the newest, and among those the sweep has passed.
CREATE INDEX unfinished_notification_by_age ON unfinished_notification (created_at, id);

-- Who was asked, once that is over. An attempt is written anew when its outcome is recorded, and has its entry from then on.
CREATE INDEX delivery_attempt_by_provider ON delivery_attempt (provider, notification_created_at, notification_id) WHERE status <> 'Started';

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
       CASE n.channels WHEN '{}' THEN ARRAY(SELECT DISTINCT d ->> 'channel' FROM jsonb_array_elements(n.deliveries) d ORDER BY 1) ELSE n.channels END AS channels
FROM notification n;

COMMENT ON COLUMN notification_overview.keys IS 'Business keys of the publishing system, such as {"order":"4711"}; null when it has none.';
COMMENT ON COLUMN notification_overview.channels IS 'The channels of its plan, sorted, whether they were used or not.';
