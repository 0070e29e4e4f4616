-- Two events may come under one name and say different things. Rows of before have none: what comes under their name is taken for a repetition.
ALTER TABLE notification ADD COLUMN fingerprint uuid;

COMMENT ON COLUMN notification.fingerprint IS 'A hash over what the event asked for; null in rows of earlier versions.';
