-- What sandboxes caught, for the inboxes of all hosts. Not in the write-ahead log: nobody misses it after a crash, and it costs a copy nothing.
CREATE UNLOGGED TABLE caught_delivery (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    delivery text NOT NULL
);

CREATE UNLOGGED TABLE inbox (
    single  boolean PRIMARY KEY DEFAULT true CHECK (single),
    edition uuid NOT NULL DEFAULT gen_random_uuid(),
    read_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE caught_delivery IS 'The newest deliveries that sandboxes caught, while a host shows an inbox. Lost when the server crashes.';
COMMENT ON TABLE inbox IS 'One row: when an inbox was last read, without which sandboxes write nothing, and the edition, which changes when it is cleared.';
