-- Operators ask for what is held, which are few among all there are. Not an index on the state: then the last step of every
-- notification would leave its page and write into every index.
CREATE TABLE held_notification (
    created_at timestamptz NOT NULL,
    id         uuid        NOT NULL,
    PRIMARY KEY (created_at, id)
);

COMMENT ON TABLE held_notification IS 'The notifications that wait for an operator''s decision. Kept by a trigger on notification.';

CREATE FUNCTION keep_held_notification() RETURNS trigger LANGUAGE plpgsql AS $do$
BEGIN
    IF NEW.state = 'Held' THEN
        INSERT INTO held_notification VALUES (NEW.created_at, NEW.id) ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM held_notification WHERE created_at = NEW.created_at AND id = NEW.id;
    END IF;
    RETURN NULL;
END $do$;

CREATE TRIGGER notification_held AFTER UPDATE ON notification FOR EACH ROW
WHEN ((OLD.state = 'Held') <> (NEW.state = 'Held')) EXECUTE FUNCTION keep_held_notification();

INSERT INTO held_notification SELECT created_at, id FROM notification WHERE state = 'Held';
