-- Events that producers publish by a statement of their own transaction. A row is one event that was committed and not yet taken.
CREATE TABLE intake_event (
    id         uuid        NOT NULL PRIMARY KEY,
    event_type text        NOT NULL,
    event      jsonb       NOT NULL,
    producer   text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    times      integer     NOT NULL DEFAULT 0
);

-- Whatever is there is taken, the longest due first: one that commits late has its turn as soon as it can be seen, and one that was put off
-- goes before what was published after it was due again.
CREATE INDEX intake_event_due ON intake_event (due_at, at);
-- Those that are taken alone.
CREATE INDEX intake_event_suspect ON intake_event (due_at, at) WHERE times > 1;
CREATE INDEX intake_event_at ON intake_event (at);

-- Rows come, change once and go, and none should stay behind in the way of those that come.
ALTER TABLE intake_event SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

COMMENT ON TABLE intake_event IS 'Events of notificationbus.publish() that no host has taken yet.';
COMMENT ON COLUMN intake_event.producer IS 'The user of the database who published it.';
COMMENT ON COLUMN intake_event.due_at IS 'The time from which a host may take it; while one does, the time from which another may.';
COMMENT ON COLUMN intake_event.times IS 'Counts how often a host has taken it, and not ended it.';

CREATE TABLE intake_watch (
    awake_until  timestamptz NOT NULL,
    oldest_taken timestamptz NOT NULL,
    most_bytes   bigint      NOT NULL CHECK (most_bytes >= 0)
);

INSERT INTO intake_watch (awake_until, oldest_taken, most_bytes) VALUES ('-infinity', '-infinity', 10 * 1024 ^ 3);
CREATE UNIQUE INDEX intake_watch_is_one ON intake_watch ((true));

COMMENT ON TABLE intake_watch IS 'One row: until when a host looks by itself, so that nobody need wake it, and how large intake_event may be.';
COMMENT ON COLUMN intake_watch.oldest_taken IS 'When the oldest was published of those that a host took last.';
COMMENT ON COLUMN intake_watch.most_bytes IS 'With more on disk publish() refuses when any has waited for a minute. UPDATE may change it.';

DO $do$
BEGIN
    -- Whoever may not make a schema may still find it here.
    IF to_regnamespace('notificationbus') IS NULL THEN
        CREATE SCHEMA notificationbus;
    END IF;
END $do$;

-- It runs as its owner, for users who may do nothing else. What it calls is found in the catalogue, whatever the caller's search path is.
CREATE FUNCTION notificationbus.publish(event_type text, event jsonb, event_id text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $do$
#variable_conflict use_variable
DECLARE
    id        uuid := gen_random_uuid();
    moment    timestamptz := clock_timestamp();
    is_awake  boolean;
    is_prompt boolean;
    is_full   boolean;
BEGIN
    IF event_type IS NULL OR event_type !~ '^[a-z0-9][a-z0-9-]{0,63}$' THEN
        RAISE EXCEPTION 'event_type must be a name such as order-placed: at most 64 small letters, digits and hyphens'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF event IS NULL OR jsonb_typeof(event) <> 'object' THEN
        RAISE EXCEPTION 'event must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF event_id IS NOT NULL AND length(event_id) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION 'event_id must have 1 to 255 characters' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    IF coalesce(event -> 'eventId', 'null') = 'null' THEN
        event_id := coalesce(event_id, id::text);
        event := event || jsonb_build_object('eventId', event_id);
    ELSIF event_id IS NULL THEN
        event_id := event ->> 'eventId';
    ELSIF event_id <> event ->> 'eventId' THEN
        RAISE EXCEPTION 'event_id differs from the eventId of the event; give one of them' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF octet_length(event::text) > 256 * 1024 THEN
        RAISE EXCEPTION 'event must have at most 256 KB' USING ERRCODE = 'program_limit_exceeded';
    END IF;

    -- Nobody is awake for longer than 3 s from now: if it says so, the clock was set back.
    SELECT w.awake_until BETWEEN moment AND moment + interval '3 seconds', w.oldest_taken > moment - interval '1 minute',
        pg_total_relation_size('public.intake_event') > w.most_bytes
    INTO is_awake, is_prompt, is_full FROM public.intake_watch AS w;
    -- What was taken stays on disk while any transaction is older: nobody is refused for that.
    IF is_full AND (is_awake AND is_prompt) IS NOT TRUE
        AND (SELECT e.at FROM public.intake_event AS e ORDER BY e.at LIMIT 1) < moment - interval '1 minute' THEN
        RAISE EXCEPTION 'intake_event is larger than intake_watch.most_bytes, and events in it have waited for more than a minute'
            USING ERRCODE = 'configuration_limit_exceeded',
                HINT = 'See that a host runs with Intake:Sql:Enabled=true, and what it logs. '
                    'If few wait, end transactions that have been open for long, and VACUUM FULL intake_event.';
    END IF;

    INSERT INTO public.intake_event (id, event_type, event, producer) VALUES (id, event_type, event, session_user);
    -- Commits that notify take turns on the whole server: only while nobody looks by himself.
    IF is_awake IS NOT TRUE THEN
        PERFORM pg_notify('intake_event', '');
    END IF;
    RETURN event_id;
END $do$;

REVOKE ALL ON FUNCTION notificationbus.publish(text, jsonb, text) FROM PUBLIC;

COMMENT ON FUNCTION notificationbus.publish(text, jsonb, text) IS
    'Publishes an event with the transaction that calls it: (''order-placed'', the body of POST /v1/events/order-placed, its eventId). Returns the eventId.';
