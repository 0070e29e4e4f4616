-- What channels with a guard have sent in a day (Channels:{channel}:Guard). Nobody else writes here.
CREATE TABLE daily_count (
    channel         text        NOT NULL,
    day             date        NOT NULL,
    address_hash    bytea       NOT NULL,
    deliveries      integer     NOT NULL,
    cost            numeric     NOT NULL,
    PRIMARY KEY (channel, day, address_hash)
) WITH (fillfactor = 70);

COMMENT ON TABLE daily_count IS 'What channels with a guard have sent today and yesterday (UTC), to each address and in all.';
COMMENT ON COLUMN daily_count.address_hash IS 'The first 16 bytes of the SHA-256 of the address; empty in the row for the whole channel.';
COMMENT ON COLUMN daily_count.cost IS 'What it has cost, by Channels:{channel}:Guard:Price and Prices.';
