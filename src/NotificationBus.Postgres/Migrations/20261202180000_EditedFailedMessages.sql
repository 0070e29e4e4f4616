-- The bodies that operators have put back in the place of those that failed. What came stays as it is in failed_message.
CREATE TABLE failed_message_edit (
    number            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    failed_message_id uuid        NOT NULL REFERENCES failed_message (id) ON DELETE CASCADE,
    body              bytea       NOT NULL,
    who               text        NOT NULL,
    on_behalf_of      text,
    why               text        NOT NULL,
    edited_at         timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX failed_message_edit_of ON failed_message_edit (failed_message_id, number);

COMMENT ON TABLE failed_message_edit IS 'The edited bodies that failed messages were replayed with. They go with their message.';
COMMENT ON COLUMN failed_message_edit.body IS 'The body that went out in the place of the one that came. May hold personal data.';
COMMENT ON COLUMN failed_message_edit.who IS 'Who has edited it, as in control_change.';

ALTER TABLE failed_message ADD COLUMN edit_of uuid;

COMMENT ON COLUMN failed_message.edit_of IS 'The failed_message that was replayed with this body in the place of its own; it may be gone.';
