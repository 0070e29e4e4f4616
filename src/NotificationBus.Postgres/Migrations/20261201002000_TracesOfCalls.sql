-- A receipt comes hours after the call it is about, and is linked to its trace.
ALTER TABLE delivery_attempt ADD COLUMN trace_parent text;

COMMENT ON COLUMN delivery_attempt.trace_parent IS 'The span of the call (W3C Trace Context); null when it was not recorded.';
