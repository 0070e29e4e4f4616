-- One row per notification, deliveries included: a step of the saga is one write of one row.
CREATE TABLE notification (
    id                  uuid        PRIMARY KEY,
    state               text        NOT NULL,
    version             integer     NOT NULL,
    event_name          text        NOT NULL,
    event_id            text,
    category            text        NOT NULL,
    recipient_id        text        NOT NULL,
    recipient           jsonb       NOT NULL,
    data                json        NOT NULL, -- Not jsonb, which rewrites numbers and refuses some.
    requested_channels  jsonb,
    mode                text        NOT NULL,
    deliveries          jsonb       NOT NULL,
    decisions           jsonb       NOT NULL,
    refusal             text,
    taken_inputs        uuid[]      NOT NULL,
    created_at          timestamptz NOT NULL,
    expires_at          timestamptz NOT NULL,
    changed_at          timestamptz NOT NULL,
    completed_at        timestamptz
) WITH (fillfactor = 75);

COMMENT ON TABLE notification IS 'One row per notification, deliveries included; read it through notification_overview and delivery_overview.';
COMMENT ON COLUMN notification.taken_inputs IS 'Ids of the messages this row has taken; one that comes again changes nothing.';
COMMENT ON COLUMN notification.version IS 'Counts the writes; a write that finds another version has lost a race and is done again.';

-- Only columns that never change are indexed, so that every step after the first stays within its page (HOT).
CREATE INDEX notification_by_age ON notification (created_at DESC, id DESC);
CREATE INDEX notification_by_recipient ON notification (recipient_id, created_at DESC, id DESC);

-- What is to be published and when: what a step causes, written by the same statement as the step, and what is scheduled.
-- Deleted when the broker has confirmed it. A step publishes its own messages at once; they fall due a little later, for
-- whoever is still there when the step is not.
CREATE TABLE outgoing_message (
    message_id      uuid        PRIMARY KEY,
    notification_id uuid,
    input_id        uuid,
    destination     text        NOT NULL,
    content_type    text        NOT NULL,
    message_types   text        NOT NULL,
    body            bytea       NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    due_at          timestamptz NOT NULL
);

COMMENT ON TABLE outgoing_message IS 'Messages still to be published to RabbitMQ, and when; deleted when the broker has confirmed them.';
COMMENT ON COLUMN outgoing_message.input_id IS 'The message whose step causes this one.';
COMMENT ON COLUMN outgoing_message.due_at IS 'When any host may publish it, if it is still here.';

CREATE INDEX outgoing_message_by_notification ON outgoing_message (notification_id);
CREATE INDEX outgoing_message_due ON outgoing_message (due_at);

-- Every call to a provider: claimed before it is made, settled after it came back, never deleted or changed again.
CREATE TABLE delivery_attempt (
    delivery_id         uuid        NOT NULL,
    number              integer     NOT NULL,
    notification_id     uuid        NOT NULL,
    channel             text        NOT NULL,
    provider            text        NOT NULL,
    status              text        NOT NULL,
    provider_message_id text,
    reason              text,
    started_at          timestamptz NOT NULL DEFAULT now(),
    lease_until         timestamptz NOT NULL,
    finished_at         timestamptz,
    PRIMARY KEY (delivery_id, number)
);

COMMENT ON TABLE delivery_attempt IS 'Every call to a provider, written before it is made and settled after it came back.';
COMMENT ON COLUMN delivery_attempt.number IS 'Counts the calls for one delivery, whichever provider was called.';
COMMENT ON COLUMN delivery_attempt.lease_until IS 'Until then nobody else calls for this delivery; an attempt still Started after it is in doubt.';

-- Public: the columns of the two views are kept or only added to.
CREATE VIEW notification_overview AS
SELECT n.id,
       CASE n.state WHEN 'PartlyDelivered' THEN 'partly-delivered' ELSE lower(n.state) END AS status,
       n.event_name AS event,
       n.event_id,
       n.category,
       n.recipient_id AS recipient,
       (SELECT array_agg(DISTINCT d ->> 'channel') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' = 'Sent') AS sent_on,
       (SELECT array_agg(DISTINCT d ->> 'channel') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' IN ('Failed', 'Expired')) AS failed_on,
       coalesce(n.refusal, (SELECT string_agg(DISTINCT d ->> 'reason', '; ') FROM jsonb_array_elements(n.deliveries) d WHERE d ->> 'status' IN ('Failed', 'Expired'))) AS reason,
       n.created_at,
       n.changed_at,
       n.expires_at,
       n.completed_at,
       n.completed_at - n.created_at AS took,
       ARRAY(SELECT jsonb_array_elements_text(n.decisions)) AS decisions
FROM notification n;

CREATE VIEW delivery_overview AS
SELECT n.id AS notification_id,
       (d ->> 'id')::uuid AS delivery_id,
       n.event_name AS event,
       n.recipient_id AS recipient,
       d ->> 'channel' AS channel,
       (d ->> 'step')::integer AS step,
       CASE d ->> 'status' WHEN 'NotNeeded' THEN 'not-needed' ELSE lower(d ->> 'status') END AS status,
       d ->> 'provider' AS provider,
       d ->> 'providerMessageId' AS provider_message_id,
       d ->> 'reason' AS reason,
       (SELECT count(*) FROM delivery_attempt a WHERE a.delivery_id = (d ->> 'id')::uuid) AS attempts,
       n.created_at,
       (d ->> 'settledAt')::timestamptz AS settled_at
FROM notification n
CROSS JOIN LATERAL jsonb_array_elements(n.deliveries) d;

COMMENT ON VIEW notification_overview IS 'One line per notification: did it reach its recipient, on which channels, and if not why.';
COMMENT ON VIEW delivery_overview IS 'One line per delivery: a notification on one channel to one address, and what became of it.';
COMMENT ON COLUMN notification_overview.status IS 'sending, delivered, partly-delivered, expired or failed.';
COMMENT ON COLUMN notification_overview.event IS 'The event that began it, such as order-placed.';
COMMENT ON COLUMN notification_overview.event_id IS 'The producer''s name for the occurrence; null when it gave none.';
COMMENT ON COLUMN notification_overview.category IS 'Which templates and which EventTypes setting apply.';
COMMENT ON COLUMN notification_overview.recipient IS 'The recipient''s id, not an address.';
COMMENT ON COLUMN notification_overview.sent_on IS 'Channels on which a provider took it; null when none did.';
COMMENT ON COLUMN notification_overview.failed_on IS 'Channels on which a delivery failed or expired; null when none did.';
COMMENT ON COLUMN notification_overview.reason IS 'Why nothing could be sent, or why deliveries failed.';
COMMENT ON COLUMN notification_overview.changed_at IS 'When the last step of its saga was stored.';
COMMENT ON COLUMN notification_overview.expires_at IS 'When it is of no more use; what is not sent by then is expired.';
COMMENT ON COLUMN notification_overview.took IS 'From the event to the outcome; null until there is one.';
COMMENT ON COLUMN notification_overview.decisions IS 'For each channel of the plan: why it is used or not.';
COMMENT ON COLUMN delivery_overview.step IS 'Deliveries of one step go out together; the next step begins when the one before reached nobody.';
COMMENT ON COLUMN delivery_overview.status IS 'waiting, sending, sent, failed, expired or not-needed.';
COMMENT ON COLUMN delivery_overview.provider IS 'The account that took or refused it; null before.';
COMMENT ON COLUMN delivery_overview.provider_message_id IS 'The provider''s own id for it, to ask the provider with.';
COMMENT ON COLUMN delivery_overview.attempts IS 'Calls to providers so far.';
COMMENT ON COLUMN delivery_overview.settled_at IS 'When it was sent, failed or expired; null before.';
