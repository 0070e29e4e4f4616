-- Many that waited for a provider come out spread, also those that would have come by themselves just then.
ALTER TABLE outgoing_message ADD COLUMN at_the_latest timestamptz;

COMMENT ON COLUMN outgoing_message.at_the_latest IS
    'Until when it may be put off further where many wait for the same (waits_for) that are released; later it would come too late.';
