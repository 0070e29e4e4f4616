-- What operators have set while the hosts run. Configuration holds where there is no row.
CREATE TABLE provider_control (
    account     text        PRIMARY KEY,
    setting     jsonb       NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE channel_control (
    channel     text        PRIMARY KEY,
    setting     jsonb       NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE control_change (
    number      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT now(),
    subject     text        NOT NULL,
    who         text        NOT NULL,
    why         text        NOT NULL,
    before      jsonb       NOT NULL,
    after       jsonb       NOT NULL
);

-- What the hosts have found out about a provider account.
CREATE TABLE provider_health (
    account             text        PRIMARY KEY,
    circuit_open        boolean     NOT NULL DEFAULT false,
    needs_attention     boolean     NOT NULL DEFAULT false,
    since               timestamptz,
    open_until          timestamptz,
    probe_until         timestamptz,
    probes_passed       integer     NOT NULL DEFAULT 0,
    reason              text,
    paused_until        timestamptz,
    learned_per_second  double precision,
    rate_changed_at     timestamptz
);

-- The next free turn at an account whose rate is limited. Apart from its health: it changes with every batch of calls.
CREATE TABLE provider_slot (
    account     text        PRIMARY KEY,
    next_slot   timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE suppressed_address (
    channel     text        NOT NULL,
    address     text        NOT NULL,
    reason      text        NOT NULL,
    source      text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, address)
);

-- What may bring a message out before it is due, such as 'channel email' for one whose channel is paused.
ALTER TABLE outgoing_message ADD COLUMN waits_for text;
CREATE INDEX outgoing_message_waiting ON outgoing_message (waits_for) WHERE waits_for IS NOT NULL;

COMMENT ON TABLE provider_control IS 'What operators have set for a provider account; configuration holds where there is no row.';
COMMENT ON TABLE channel_control IS 'What operators have set for a channel; configuration holds where there is no row.';
COMMENT ON TABLE control_change IS 'Every change an operator made: who, when, why, before, after.';
COMMENT ON TABLE provider_health IS 'What the hosts have found out about a provider account: its circuit, its wish to be left alone, its rate.';
COMMENT ON COLUMN provider_health.needs_attention IS 'Only a person can mend it: wrong credentials, a sender that is not allowed.';
COMMENT ON COLUMN provider_health.learned_per_second IS 'Calls per second the provider seems to allow, learned from its complaints.';
COMMENT ON TABLE provider_slot IS 'The next free turn at an account whose rate is limited.';
COMMENT ON TABLE suppressed_address IS 'Addresses that are not used, and who said so.';
