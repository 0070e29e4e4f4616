-- An address may be left alone by one category only. Who had unsubscribed before did so from every one, and stays so.
ALTER TABLE suppressed_address ADD COLUMN category text NOT NULL DEFAULT '';
ALTER TABLE suppressed_address DROP CONSTRAINT suppressed_address_pkey, ADD PRIMARY KEY (channel, address, category);

COMMENT ON TABLE suppressed_address IS 'Addresses that are not used, for which category, and who said so.';
COMMENT ON COLUMN suppressed_address.category IS 'The category that does not use it; empty when none does.';
COMMENT ON COLUMN delivery_overview.unsubscribed_at IS 'When the recipient wanted no more of this kind of notification on the channel.';
