-- An address may be longer than an index takes (a third of a page, 2,704 bytes), and a push token or a URL is an address. What it is found by has
-- one length, and is what the list is paged by as well. Every part of it is immutable, or it would not be put into the statements that call it:
-- convert_to is not, and a call of its own costs a claim more than everything else it does.
CREATE FUNCTION suppression_place(channel text, address text, category text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(substring(sha256(decode(replace(channel || E'\n' || address || E'\n' || category, E'\\', E'\\\\'), 'escape')) FOR 16), 'hex')::uuid
$$;

ALTER TABLE suppressed_address DROP CONSTRAINT suppressed_address_pkey;
ALTER TABLE suppressed_address ADD COLUMN place uuid GENERATED ALWAYS AS (suppression_place(channel, address, category)) STORED;
ALTER TABLE suppressed_address ADD PRIMARY KEY (place);
CREATE INDEX suppressed_address_by_age ON suppressed_address (created_at DESC, place DESC);

COMMENT ON COLUMN suppressed_address.place IS 'What it is found by: a hash of channel, address and category, for an address may be longer than an index takes.';
