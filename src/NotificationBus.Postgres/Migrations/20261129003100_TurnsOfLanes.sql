-- What is transactional does not wait behind bulk deliveries at an account whose rate is limited: it takes their turns.
ALTER TABLE provider_slot ADD COLUMN next_transactional timestamptz, ADD COLUMN owed integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN provider_slot.next_slot IS 'The next turn that nobody has.';
COMMENT ON COLUMN provider_slot.next_transactional IS 'The next turn that no transactional delivery has; a bulk delivery may have it.';
COMMENT ON COLUMN provider_slot.owed IS 'How many bulk deliveries have to give up their turn, because a transactional one took it.';
