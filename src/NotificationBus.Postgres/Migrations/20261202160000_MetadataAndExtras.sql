-- Both stay as the first step wrote them.
ALTER TABLE notification ADD COLUMN metadata jsonb, ADD COLUMN extras jsonb;
COMMENT ON COLUMN notification.metadata IS 'Words of the producer''s that are given back, such as {"campaign":"spring"}; null when there are none.';
COMMENT ON COLUMN notification.extras IS 'What the messages carry besides their text, by channel: reply address, copies, attachments, deep link, picture, values; null for nothing.';
