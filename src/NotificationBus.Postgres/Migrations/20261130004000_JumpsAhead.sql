-- Until the clock is set back from where it jumped to, what was written before is due when it says.
ALTER TABLE clock_mark
    ADD COLUMN jumped_at timestamptz,
    ADD COLUMN jumped_by interval,
    ADD COLUMN jumped_in xid8;

COMMENT ON COLUMN clock_mark.jumped_at IS 'When a host noticed that the clock had jumped ahead, by the clock after that. Null when it has not, or was set back since.';
COMMENT ON COLUMN clock_mark.jumped_by IS 'By how much.';
COMMENT ON COLUMN clock_mark.jumped_in IS 'The transaction in which it was noted: what later ones wrote is due by the clock after the jump.';
