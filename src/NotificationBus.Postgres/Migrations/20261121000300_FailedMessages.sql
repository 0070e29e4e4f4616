-- What can never be processed, and what failed each time it was tried: one row per message, with everything that came with it.
CREATE TABLE failed_message (
    id              uuid        PRIMARY KEY,
    state           text        NOT NULL DEFAULT 'Failed',
    kind            text        NOT NULL,
    cause           text        NOT NULL,
    reason          text        NOT NULL,
    exception_type  text,
    queue           text        NOT NULL,
    destination     text,
    message_id      text,
    message_types   text[]      NOT NULL,
    content_type    text,
    headers         jsonb       NOT NULL,
    body            bytea       NOT NULL,
    failure_id      uuid        NOT NULL,
    first_failed_at timestamptz NOT NULL DEFAULT now(),
    failed_at       timestamptz NOT NULL DEFAULT now(),
    times           integer     NOT NULL DEFAULT 1,
    replayed_at     timestamptz,
    replayed_by     text
);

COMMENT ON TABLE failed_message IS 'Messages that were set aside because they can never be processed or failed each time: one row per message, whatever becomes of it.';
COMMENT ON COLUMN failed_message.id IS 'The same whenever the same message fails on the same queue.';
COMMENT ON COLUMN failed_message.state IS 'Failed: waits for a decision. Replayed: put back into its queue, and did not come back. Archived: off the list.';
COMMENT ON COLUMN failed_message.kind IS 'CannotBeRead, NobodyTakesIt, Failed, or DeadLettered by the broker.';
COMMENT ON COLUMN failed_message.cause IS 'The same for messages that failed in the same way on the same queue.';
COMMENT ON COLUMN failed_message.reason IS 'Why, for a person to read.';
COMMENT ON COLUMN failed_message.queue IS 'The queue it failed on.';
COMMENT ON COLUMN failed_message.destination IS 'Where a replay is sent; null when the queue is none of ours.';
COMMENT ON COLUMN failed_message.message_id IS 'The message''s own id, as its producer wrote it.';
COMMENT ON COLUMN failed_message.message_types IS 'Its types, when they could be read.';
COMMENT ON COLUMN failed_message.headers IS 'The producer''s headers, without what the broker and the bus added.';
COMMENT ON COLUMN failed_message.body IS 'Byte for byte as it came. May hold personal data.';
COMMENT ON COLUMN failed_message.failure_id IS 'The last failure that was counted; the report of one failure may come twice.';
COMMENT ON COLUMN failed_message.times IS 'How often it was set aside. Retries before that are not counted.';

CREATE INDEX failed_message_by_age ON failed_message (failed_at DESC, id DESC);
CREATE INDEX failed_message_by_cause ON failed_message (cause, failed_at) WHERE state = 'Failed';

-- A replay goes out like everything else, but it is the message it was, with its id and its producer's headers.
ALTER TABLE outgoing_message
    ADD COLUMN replay_of uuid,
    ADD COLUMN headers   jsonb;

COMMENT ON COLUMN outgoing_message.replay_of IS 'The failed_message it replays.';
