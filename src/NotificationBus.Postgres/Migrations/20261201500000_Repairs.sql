-- What operators have planned to begin anew, and what has become of it. A plan is at most 10,000 lines, which are never found a second time.
CREATE TABLE repair (
    id           uuid        PRIMARY KEY,
    created_at   timestamptz NOT NULL DEFAULT now(),
    who          text        NOT NULL,
    on_behalf_of text,
    why          text        NOT NULL,
    filter       jsonb       NOT NULL,
    is_complete  boolean     NOT NULL,
    state        text        NOT NULL DEFAULT 'Planned',
    note         text,
    per_second   integer     NOT NULL,
    may_begin    integer     NOT NULL DEFAULT 0,
    owner        uuid,
    lease_until  timestamptz,
    started_at   timestamptz,
    ended_at     timestamptz
);

CREATE INDEX repair_newest ON repair (created_at DESC, id DESC);

-- Every host looks for one every few seconds.
CREATE INDEX repair_running ON repair (started_at) WHERE state = 'Running';

CREATE TABLE repair_item (
    repair_id       uuid        NOT NULL REFERENCES repair ON DELETE CASCADE,
    notification_id uuid        NOT NULL,
    began_at        timestamptz NOT NULL,
    category        text        NOT NULL,
    cause           text        NOT NULL,
    cause_channel   text,
    cause_provider  text,
    state           text        NOT NULL,
    left_out        text,
    detail          text,
    channels        text[]      NOT NULL,
    cost            numeric,
    repaired_by     uuid,
    settled_at      timestamptz,
    PRIMARY KEY (repair_id, notification_id)
);

CREATE INDEX repair_item_in_order ON repair_item (repair_id, began_at, notification_id);

-- A notification is repaired once, whoever plans what. When the one in its place fails, that can be repaired.
CREATE UNIQUE INDEX repair_item_once ON repair_item (notification_id) WHERE state = 'Repaired';

COMMENT ON TABLE repair IS 'Plans to begin anew what has failed: who, when, why, and how it stands.';
COMMENT ON COLUMN repair.filter IS 'The conditions of the search, by their names; of an address only that there was one.';
COMMENT ON COLUMN repair.is_complete IS 'False when more were found than the plan has.';
COMMENT ON COLUMN repair.state IS 'Planned, Running, Paused, Stopped or Done.';
COMMENT ON COLUMN repair.may_begin IS 'How many more may be begun until somebody runs it again.';
COMMENT ON COLUMN repair.owner IS 'Whose turn it is; another takes it when the lease has run out.';
COMMENT ON TABLE repair_item IS 'The notifications of a repair: to be begun anew, left out and why, or begun, and under which id.';
COMMENT ON COLUMN repair_item.state IS 'Planned, LeftOut or Repaired.';
COMMENT ON COLUMN repair_item.settled_at IS 'When it was begun, or left out by the run; null before, and for what the plan has left out.';

-- Public: the columns are kept or only added to. What a repair has come to, line by line.
CREATE VIEW repair_effect AS
SELECT i.repair_id, r.state AS repair_state, i.notification_id, i.category, i.cause, i.cause_channel, i.cause_provider, i.state, i.left_out,
       i.repaired_by, i.settled_at, n.state AS outcome, n.completed_at
FROM repair_item i
JOIN repair r ON r.id = i.repair_id
LEFT JOIN notification_key k ON k.id = i.repaired_by AND i.state = 'Repaired'
LEFT JOIN notification n ON n.created_at = k.created_at AND n.id = k.id;

COMMENT ON VIEW repair_effect IS 'One line per notification of a repair: what was to become of it, and how the one in its place stands.';
COMMENT ON COLUMN repair_effect.outcome IS 'The state of the notification in its place; null when there is none.';
