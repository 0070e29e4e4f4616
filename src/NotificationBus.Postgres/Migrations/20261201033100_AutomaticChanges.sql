-- What automation does to an account stands beside what operators do: a circuit that opens, a pause that was asked for, a rate that was
-- learned. While it lasts it is one row, and so is what comes and goes within a while.
ALTER TABLE control_change ADD COLUMN code text, ADD COLUMN until timestamptz, ADD COLUMN times integer NOT NULL DEFAULT 1;

-- The last of its kind, whenever there is another; and what was changed about a channel or an account, for the story of a notification.
-- By a hash: a subject may be longer than an index takes.
CREATE INDEX control_change_subject ON control_change (hashtextextended(subject, 0), code, number DESC);

COMMENT ON TABLE control_change IS 'Every change an operator or automation made: who, when, why, before, after.';
COMMENT ON COLUMN control_change.who IS 'The operator, or automation.';
COMMENT ON COLUMN control_change.code IS 'What automation did: circuit-open, left-alone or paced. Null for what operators did.';
COMMENT ON COLUMN control_change.until IS 'Until when that lasted or lasts; null while nobody knows.';
COMMENT ON COLUMN control_change.times IS 'How often it came and went within a while.';
