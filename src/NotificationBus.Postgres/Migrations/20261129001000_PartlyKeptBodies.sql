-- A body that is too large to be kept whole: its beginning, and how long it was.
ALTER TABLE failed_message ADD COLUMN body_length bigint;

COMMENT ON COLUMN failed_message.body_length IS 'How long the body was in bytes, when only its beginning is kept. Then there is no destination: it cannot be replayed.';
COMMENT ON COLUMN failed_message.body IS 'Byte for byte as it came, or its beginning (body_length). May hold personal data.';
