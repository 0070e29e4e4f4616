-- How long a step of the plan may take before the next one begins in addition, and the timer that says so.
ALTER TABLE notification
    ADD COLUMN escalate_after   interval,
    ADD COLUMN escalation_token uuid;

COMMENT ON COLUMN notification.escalation_token IS 'The timer in outgoing_message that begins the next step; null when none runs.';
