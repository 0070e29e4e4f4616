-- About the same hold of a delivery it is decided once, however often and by whomever it is asked for.
ALTER TABLE control_change ADD COLUMN decides text;
CREATE UNIQUE INDEX control_change_decides ON control_change (decides) WHERE decides IS NOT NULL;

COMMENT ON COLUMN control_change.decides IS 'A decision about a held delivery: its id, and how many calls had been made when it was held.';
