-- Messages that came back because a process ended, while they are handled alone. Empty at rest.
CREATE TABLE suspect_message (
    id          uuid        PRIMARY KEY,
    times       integer     NOT NULL DEFAULT 1,
    begun_at    timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE suspect_message IS 'Messages that came back because a process ended, while they are handled alone.';
COMMENT ON COLUMN suspect_message.id IS 'The same for the same body on the same queue.';
COMMENT ON COLUMN suspect_message.times IS 'How often it was begun and never ended; with the fourth it is set aside.';
