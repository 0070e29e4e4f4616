-- A time in the future says nothing of how long it was meant to be away once the clock has been set back.
ALTER TABLE provider_health
    ADD COLUMN open_for   interval,
    ADD COLUMN probe_for  interval,
    ADD COLUMN paused_for interval;

COMMENT ON COLUMN provider_health.open_for IS 'How long open_until was away when it was set. One that is further away was set by a clock that was put back since, and is over.';
COMMENT ON COLUMN provider_health.probe_for IS 'The same for probe_until.';
COMMENT ON COLUMN provider_health.paused_for IS 'The same for paused_until.';

ALTER TABLE provider_slot ADD COLUMN taken_at timestamptz;
COMMENT ON COLUMN provider_slot.taken_at IS 'When a turn was last taken. In the future, when the clock was put back since.';

-- The latest time that was seen, by the database's clock. One row.
CREATE TABLE clock_mark (
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO clock_mark VALUES (now());

COMMENT ON TABLE clock_mark IS 'The latest time that was seen, by the database''s clock: when now is before it, the clock was set back. One row.';
