-- A scheduled message is kept under its token. One that is delivered again keeps its own id on the wire.
ALTER TABLE outgoing_message
    ADD COLUMN sent_as  uuid,
    ADD COLUMN revision integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN outgoing_message.message_id IS 'The id of the message, or the token it was scheduled under.';
COMMENT ON COLUMN outgoing_message.sent_as IS 'The id of the message, when it was scheduled under another token.';
COMMENT ON COLUMN outgoing_message.revision IS 'Counts the times it was rescheduled under its token: what was published before is not deleted in its place.';
