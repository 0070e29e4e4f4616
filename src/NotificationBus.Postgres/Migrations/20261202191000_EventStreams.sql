-- Who reads along what becomes of all notifications that fit (GET /v1/events), and what each is told. The user who only reads has no rights
-- here.
CREATE TABLE event_stream (
    id          uuid        NOT NULL PRIMARY KEY,
    application text,
    events      text[]      NOT NULL,
    category    text,
    recipient   text,
    key_name    text,
    key_value   text,
    opened_at   timestamptz NOT NULL DEFAULT now(),
    read_at     timestamptz NOT NULL DEFAULT now(),
    last_number bigint      NOT NULL DEFAULT 0,
    forgotten   bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

COMMENT ON TABLE event_stream IS 'Streams by filter that somebody reads, or has read within Streams:KeptFor (GET /v1/events).';
COMMENT ON COLUMN event_stream.read_at IS 'When somebody last read it, to a quarter of a minute.';
COMMENT ON COLUMN event_stream.last_number IS 'The number that was given last; some may be left out.';
COMMENT ON COLUMN event_stream.forgotten IS 'Up to which number nothing is kept any more.';

-- Without a foreign key, as subscription_delivery.
CREATE TABLE stream_event (
    stream_id       uuid        NOT NULL,
    notification_id uuid        NOT NULL,
    sequence        integer     NOT NULL,
    number          bigint,
    type            text        NOT NULL,
    at              timestamptz NOT NULL,
    data            text        NOT NULL,
    stored_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stream_id, notification_id, sequence)
);

CREATE INDEX stream_event_new ON stream_event (stream_id, stored_at) WHERE number IS NULL;
CREATE INDEX stream_event_number ON stream_event (stream_id, number) WHERE number IS NOT NULL;
CREATE INDEX stream_event_oldest ON stream_event (stored_at);

-- As subscription_delivery, and gone within minutes.
ALTER TABLE stream_event SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);

COMMENT ON TABLE stream_event IS 'What each stream tells, written with the step that it is about; kept for Streams:KeptFor.';
COMMENT ON COLUMN stream_event.sequence IS 'Counts what this stream tells of this notification, from 1 and without gaps.';
COMMENT ON COLUMN stream_event.number IS 'Its number in the stream, which whoever reads it gives; null until then.';
