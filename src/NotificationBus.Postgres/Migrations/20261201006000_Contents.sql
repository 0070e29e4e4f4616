-- The texts as they were filled when a notification was planned: they are what is sent, and what was sent. Rows of before have none, and
-- their templates are filled when they are sent.
CREATE TABLE content (
    hash   uuid  NOT NULL,
    day    date  NOT NULL,
    key_id text,
    body   bytea NOT NULL,
    PRIMARY KEY (hash, day)
) PARTITION BY RANGE (day);

-- It is compressed already, and most of it fits into a page.
ALTER TABLE content ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE content_default PARTITION OF content DEFAULT WITH (toast_tuple_target = 8160);

COMMENT ON TABLE content IS 'The contents of plans, once a day for those that are the same, by month; kept for Retention:Contents.';
COMMENT ON COLUMN content.hash IS 'A hash over the contents: notification.contents, or delivery_attempt.content of what was filled after the plan.';
COMMENT ON COLUMN content.day IS 'The day (UTC) on which the notification began, or on which it was filled after the plan.';
COMMENT ON COLUMN content.key_id IS 'The key of Contents:Keys it is encrypted with; null when it is not.';
COMMENT ON COLUMN content.body IS 'Compressed, and encrypted when key_id says so; GET /v1/notifications/{id}/deliveries/{deliveryId}/content reads it.';
COMMENT ON TABLE content_default IS 'Contents of a month without a partition. Empty, or on the way into one.';

ALTER TABLE notification ADD COLUMN contents uuid, ADD COLUMN template_version text;

COMMENT ON COLUMN notification.contents IS 'Under which hash its contents are kept; null when it says nothing, or an earlier version has begun it.';
COMMENT ON COLUMN notification.template_version IS 'The version of the category''s templates when it was planned.';

ALTER TABLE delivery_attempt ADD COLUMN content uuid, ADD COLUMN template_version text;

COMMENT ON COLUMN delivery_attempt.content IS 'A hash over what was to be sent: calls with the same hash said the same.';
COMMENT ON COLUMN delivery_attempt.template_version IS 'The version of the template, when it was filled again after the plan.';
