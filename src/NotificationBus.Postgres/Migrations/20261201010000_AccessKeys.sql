-- The keys of those who call the API. A key is nowhere but with its holder: here is what it hashes to.
CREATE TABLE access_key (
    id              text        PRIMARY KEY,
    application     text        NOT NULL,
    name            text        NOT NULL,
    scopes          text[]      NOT NULL,
    hash            bytea       NOT NULL CHECK (octet_length(hash) = 32),
    earlier_hash    bytea       CHECK (octet_length(earlier_hash) = 32),
    earlier_until   timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    rotated_at      timestamptz,
    revoked_at      timestamptz,
    last_used_at    timestamptz
) WITH (fillfactor = 50);

COMMENT ON TABLE access_key IS 'The keys of those who call the API, revoked ones too. control_change says who made, rotated and revoked them, and why.';
COMMENT ON COLUMN access_key.id IS 'The part of the key that may be known.';
COMMENT ON COLUMN access_key.scopes IS 'What it opens: send, read, operate, admin.';
COMMENT ON COLUMN access_key.hash IS 'SHA-256 of the whole key.';
COMMENT ON COLUMN access_key.earlier_hash IS 'Of the key before it was rotated, which is taken until earlier_until.';
COMMENT ON COLUMN access_key.revoked_at IS 'From when on it is refused; null while it is taken.';
COMMENT ON COLUMN access_key.last_used_at IS 'When it was used last, noted every 30 s by each host.';

-- Who made a change is known by the key; for whom, the caller says.
ALTER TABLE control_change ADD COLUMN on_behalf_of text;

COMMENT ON COLUMN control_change.who IS 'The key of the caller who made it; where nobody is asked for one, what the caller says.';
COMMENT ON COLUMN control_change.on_behalf_of IS 'For whom, as a caller with a key says. Nobody checks it.';
