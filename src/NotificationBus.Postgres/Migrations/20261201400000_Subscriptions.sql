-- Who is told what becomes of notifications, and how far it got. The signing keys are encrypted when Contents:Key is set. The user who only
-- reads has no rights here.
CREATE TABLE subscription (
    id              uuid        NOT NULL PRIMARY KEY,
    url             text        NOT NULL,
    events          text[]      NOT NULL,
    categories      text[]      NOT NULL,
    secret          bytea       NOT NULL,
    earlier_secret  bytea,
    earlier_until   timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    failing_since   timestamptz,
    disabled_at     timestamptz,
    disabled_reason text
);

COMMENT ON TABLE subscription IS 'URLs that are told what becomes of notifications (/v1/subscriptions).';
COMMENT ON COLUMN subscription.categories IS 'None for every category.';
COMMENT ON COLUMN subscription.secret IS 'The key that signs, encrypted with Contents:Key when that is set.';
COMMENT ON COLUMN subscription.earlier_secret IS 'The key before, which signs as well until earlier_until.';
COMMENT ON COLUMN subscription.failing_since IS 'Since when nothing was taken though it was tried; null while all is well.';

-- Without a foreign key: each row of it would lock that of its subscription, which all steps of all hosts have in common. What is left of one
-- that was removed goes with what is old.
CREATE TABLE subscription_delivery (
    id              uuid        NOT NULL PRIMARY KEY,
    subscription_id uuid        NOT NULL,
    notification_id uuid        NOT NULL,
    sequence        integer     NOT NULL,
    type            text        NOT NULL,
    at              timestamptz NOT NULL,
    data            text        NOT NULL,
    status          text        NOT NULL DEFAULT 'Waiting',
    attempts        integer     NOT NULL DEFAULT 0,
    due_at          timestamptz DEFAULT now(),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries           jsonb       NOT NULL DEFAULT '[]'
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX subscription_delivery_sequence ON subscription_delivery (subscription_id, notification_id, sequence);
CREATE INDEX subscription_delivery_due ON subscription_delivery (subscription_id, due_at) WHERE status = 'Waiting';
CREATE INDEX subscription_delivery_newest ON subscription_delivery (subscription_id, created_at, id);
CREATE INDEX subscription_delivery_oldest ON subscription_delivery (created_at);

-- As outgoing_message: rows come, change twice, and stay for days.
ALTER TABLE subscription_delivery SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);

COMMENT ON TABLE subscription_delivery IS 'What each subscription is told, written with the step that it is about; kept for Webhooks:KeptFor.';
COMMENT ON COLUMN subscription_delivery.id IS 'The webhook-id, the same on every try.';
COMMENT ON COLUMN subscription_delivery.sequence IS 'Counts what this subscription is told of this notification, from 1 and without gaps.';
COMMENT ON COLUMN subscription_delivery.due_at IS 'The time of the next try; while one is made, the time from which another host may make it.';
COMMENT ON COLUMN subscription_delivery.tries IS 'The last tries: when, with what result, and how long each took.';
