-- What operators look for a notification by. Nothing here is an index on notification: each would have an entry for every step of a saga that
-- finds no room on its page.
CREATE TABLE notification_reference (
    reference  bigint      NOT NULL,
    created_at timestamptz NOT NULL,
    id         uuid        NOT NULL
) PARTITION BY RANGE (created_at);

COMMENT ON TABLE notification_reference IS 'What a notification is found by beside its own columns, by month of created_at: see event_reference, key_reference and address_reference.';
COMMENT ON COLUMN notification_reference.reference IS 'A hash of its event id, of a business key, or of an address of its plan.';
COMMENT ON COLUMN notification_reference.created_at IS 'When the notification began.';

-- Many have the same category, the same channels, the same account. Of those that are written together one range of times is kept, and who looks
-- for them reads the notifications of these times.
CREATE TABLE notification_range (
    reference bigint      NOT NULL,
    until     timestamptz NOT NULL,
    since     timestamptz NOT NULL
) PARTITION BY RANGE (until);

COMMENT ON TABLE notification_range IS 'Times, within one second each, between which notifications of a category, with a channel in their plan, or that went to an account began; by month. Between them others may have begun as well.';
COMMENT ON COLUMN notification_range.reference IS 'A hash of the category, of the channel, or of the account.';
COMMENT ON COLUMN notification_range.until IS 'When the last of them began.';
COMMENT ON COLUMN notification_range.since IS 'When the first of them began.';

CREATE FUNCTION part_of_reference(part text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT int4send(octet_length(convert_to(part, 'UTF8'))) || convert_to(part, 'UTF8')
$$;
CREATE FUNCTION reference_of(content bytea) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT ('x' || encode(substring(sha256(content) FOR 8), 'hex'))::bit(64)::bigint
$$;
CREATE FUNCTION event_reference(event_id text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT reference_of(part_of_reference('event') || part_of_reference(event_id)) $$;
CREATE FUNCTION key_reference(name text, value text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT reference_of(part_of_reference('key') || part_of_reference(name) || part_of_reference(value)) $$;
CREATE FUNCTION address_reference(address text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT reference_of(part_of_reference('address') || part_of_reference(address)) $$;
CREATE FUNCTION category_reference(category text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT reference_of(part_of_reference('category') || part_of_reference(category)) $$;
CREATE FUNCTION channel_reference(channel text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT reference_of(part_of_reference('channel') || part_of_reference(channel)) $$;
CREATE FUNCTION provider_reference(provider text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT reference_of(part_of_reference('provider') || part_of_reference(provider)) $$;

COMMENT ON FUNCTION reference_of(bytea) IS 'The first 64 bits of SHA-256.';
COMMENT ON FUNCTION part_of_reference(text) IS 'A part of what is hashed: its length, so that no two lists of parts read alike, and itself in UTF-8.';
COMMENT ON FUNCTION event_reference(text) IS 'What notification_reference has of an event id.';
COMMENT ON FUNCTION key_reference(text, text) IS 'What notification_reference has of a business key, such as (''order'', ''4711'').';
COMMENT ON FUNCTION address_reference(text) IS 'What notification_reference has of an address, in the form under which it would be suppressed: a mailbox in small letters, a number in E.164 form.';
COMMENT ON FUNCTION category_reference(text) IS 'What notification_range has of a category.';
COMMENT ON FUNCTION channel_reference(text) IS 'What notification_range has of a channel.';
COMMENT ON FUNCTION provider_reference(text) IS 'What notification_range has of an account.';

-- By the deliveries of its plan, under which the attempts are found. To plan it anew for each would take longer than to look.
CREATE FUNCTION was_asked(provider text, deliveries jsonb, created_at timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
SET plan_cache_mode = force_generic_plan AS $do$
DECLARE
    all_deliveries uuid[] := ARRAY(SELECT (d ->> 'id')::uuid FROM jsonb_array_elements(deliveries) AS d);
BEGIN
    RETURN EXISTS (
        SELECT FROM delivery_attempt a
        WHERE a.delivery_id = ANY(all_deliveries) AND a.notification_created_at = was_asked.created_at
            AND a.provider = was_asked.provider AND a.status <> 'Started');
END $do$;

COMMENT ON FUNCTION was_asked(text, jsonb, timestamptz) IS 'True when the account was asked to send one of the deliveries of a notification that began then, and has answered or is not waited for any more.';

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
CREATE TABLE notification_range_default PARTITION OF notification_range DEFAULT;
CREATE TABLE notification_not_delivered_default PARTITION OF notification_not_delivered DEFAULT;
COMMENT ON TABLE notification_reference_default IS 'References of the notifications in notification_default.';
COMMENT ON TABLE notification_range_default IS 'Ranges of the notifications in notification_default.';
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
        EXECUTE format('CREATE TABLE notification_range_%s PARTITION OF notification_range %s', month.name, month.bounds);
        EXECUTE format('CREATE TABLE notification_not_delivered_%s PARTITION OF notification_not_delivered %s', month.name, month.bounds);
    END LOOP;
END $do$;

-- What there is already, before anything is locked: hosts of the version before go on meanwhile.
INSERT INTO notification_reference SELECT event_reference(event_id), created_at, id FROM notification WHERE event_id IS NOT NULL;
INSERT INTO notification_range
SELECT category_reference(category), max(created_at), min(created_at) FROM notification GROUP BY category, date_bin('1 second', created_at, 'epoch');
INSERT INTO notification_range
SELECT channel_reference(channel), max(created_at), min(created_at)
FROM notification CROSS JOIN LATERAL (SELECT DISTINCT d ->> 'channel' AS channel FROM jsonb_array_elements(deliveries) d) AS plan
GROUP BY channel, date_bin('1 second', created_at, 'epoch');
INSERT INTO notification_range
SELECT provider_reference(provider), max(notification_created_at), min(notification_created_at)
FROM delivery_attempt WHERE isfinite(notification_created_at) AND provider <> ''
GROUP BY provider, date_bin('1 second', notification_created_at, 'epoch');
CREATE INDEX notification_reference_by_time ON notification_reference (reference, created_at, id);
CREATE INDEX notification_range_by_time ON notification_range (reference, until, since);

-- Business keys of the publishing system. They stay as the first step wrote them.
ALTER TABLE notification ADD COLUMN keys jsonb;
COMMENT ON COLUMN notification.keys IS 'Business keys of the publishing system by which it is found, such as {"order":"4711"}; null when it has none.';

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
       ARRAY(SELECT DISTINCT d ->> 'channel' FROM jsonb_array_elements(n.deliveries) d ORDER BY 1) AS channels
FROM notification n;

COMMENT ON COLUMN notification_overview.keys IS 'Business keys of the publishing system, such as {"order":"4711"}; null when it has none.';
COMMENT ON COLUMN notification_overview.channels IS 'The channels of its plan, sorted, whether they were used or not.';
