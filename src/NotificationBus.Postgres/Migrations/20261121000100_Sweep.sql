-- How far the sweep has looked at the notifications by age. One row.
CREATE TABLE sweep_mark (
    created_at timestamptz NOT NULL,
    id         uuid        NOT NULL
);
INSERT INTO sweep_mark VALUES ('-infinity', '00000000-0000-0000-0000-000000000000');

-- Notifications that should have ended when the sweep passed them and had not.
CREATE TABLE unfinished_notification (
    id            uuid        PRIMARY KEY,
    look_again_at timestamptz NOT NULL,
    looks         integer     NOT NULL DEFAULT 0
);

COMMENT ON TABLE sweep_mark IS 'How far the sweep has looked at the notifications by age. One row.';
COMMENT ON TABLE unfinished_notification IS 'Notifications that should have ended when the sweep passed them and had not.';
