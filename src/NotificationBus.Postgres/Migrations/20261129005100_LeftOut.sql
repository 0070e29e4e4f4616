-- The outcome says what became of each channel, those that were left out among them.
ALTER TABLE notification ADD COLUMN left_out jsonb;

COMMENT ON COLUMN notification.left_out IS 'Channels, and addresses of channels, that the plan could not use, with the reason; null when it used all.';
