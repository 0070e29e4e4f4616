-- What was accepted and is not on record: it waits in the queue of the saga, or it is lost. Hosts note here by its id what they have accepted and do
-- not find on record a second later, so that the promise is known when they are gone. By the id, because numbers tell neither one promise that was
-- given twice nor what a host that was killed had not written yet.
CREATE TABLE unrecorded_notification (
    id          uuid        PRIMARY KEY,
    message_id  uuid,
    accepted_at timestamptz NOT NULL
);

COMMENT ON TABLE unrecorded_notification IS 'Notifications that were accepted and were not on record when somebody looked: they wait in the queue of the saga, or are lost. Deleted when they are seen there. Whoever deletes one here says that it is known and needs no alarm.';
COMMENT ON COLUMN unrecorded_notification.message_id IS 'The message that begins it; null when the saga has taken it.';
COMMENT ON COLUMN unrecorded_notification.accepted_at IS 'When it was accepted. Of one that somebody has deleted from the record: when it had begun.';

-- A row that is deleted by hand is missed at once. Retention drops tables, which fires nothing.
CREATE FUNCTION note_deleted_notification() RETURNS trigger LANGUAGE plpgsql AS $do$
BEGIN
    INSERT INTO unrecorded_notification (id, accepted_at) VALUES (OLD.id, OLD.created_at) ON CONFLICT (id) DO NOTHING;
    RETURN NULL;
END $do$;

CREATE TRIGGER notification_deleted AFTER DELETE ON notification FOR EACH ROW EXECUTE FUNCTION note_deleted_notification();

-- By hour, so that a question about a day reads that day: each hour is one look into the primary key.
CREATE VIEW ledger AS
SELECT h.hour,
       n.ended + n.open + u.new + u.missing AS accepted,
       n.ended,
       n.delivered,
       n.partly_delivered,
       n.cancelled,
       n.expired,
       n.failed,
       n.open + u.new AS in_flight,
       u.missing AS difference,
       least(n.oldest, u.oldest) AS oldest_open
FROM generate_series(
    date_trunc('hour', greatest(now(), (SELECT max(created_at) FROM notification)), 'UTC'),
    date_trunc('hour', least(now(), (SELECT min(created_at) FROM notification), (SELECT min(accepted_at) FROM unrecorded_notification)), 'UTC'),
    interval '-1 hour') AS h (hour)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE completed_at IS NOT NULL) AS ended,
           count(*) FILTER (WHERE completed_at IS NOT NULL AND state = 'Delivered') AS delivered,
           count(*) FILTER (WHERE completed_at IS NOT NULL AND state = 'PartlyDelivered') AS partly_delivered,
           count(*) FILTER (WHERE completed_at IS NOT NULL AND state = 'Cancelled') AS cancelled,
           count(*) FILTER (WHERE completed_at IS NOT NULL AND state = 'Expired') AS expired,
           count(*) FILTER (WHERE completed_at IS NOT NULL AND state = 'Failed') AS failed,
           count(*) FILTER (WHERE completed_at IS NULL) AS open,
           min(created_at) FILTER (WHERE completed_at IS NULL) AS oldest
    FROM notification WHERE created_at >= h.hour AND created_at < h.hour + interval '1 hour') AS n
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE accepted_at >= now() - interval '30 seconds') AS new,
           count(*) FILTER (WHERE accepted_at < now() - interval '30 seconds') AS missing,
           min(accepted_at) AS oldest
    FROM unrecorded_notification x
    WHERE accepted_at >= h.hour AND accepted_at < h.hour + interval '1 hour'
        AND NOT EXISTS (
            SELECT FROM notification_key k JOIN notification r ON r.created_at = k.created_at AND r.id = k.id WHERE k.id = x.id OFFSET 0)) AS u;

COMMENT ON VIEW ledger IS 'What was accepted, and what became of it, one line per hour (UTC) in which it came on record, or was accepted when it is not there. Ask with a bound on hour: each hour is read.';
COMMENT ON COLUMN ledger.accepted IS 'All of the hour: ended, in_flight and difference.';
COMMENT ON COLUMN ledger.ended IS 'How many have ended: delivered, partly_delivered, cancelled, expired and failed.';
COMMENT ON COLUMN ledger.in_flight IS 'How many have not ended, and those accepted within 30 s that are not on record yet.';
COMMENT ON COLUMN ledger.difference IS 'How many were accepted more than 30 s ago and are not on record: they wait in the queue of the saga, or are lost.';
COMMENT ON COLUMN ledger.oldest_open IS 'When the oldest was accepted that has not ended or is not on record; null when there is none.';

CREATE INDEX unrecorded_notification_by_age ON unrecorded_notification (accepted_at);

-- What the gauges of all hosts show: one of them reads, and the others read this.
CREATE TABLE record_reading (
    next_at timestamptz NOT NULL,
    reading jsonb
) WITH (fillfactor = 50);
INSERT INTO record_reading VALUES (now());

COMMENT ON TABLE record_reading IS 'The last reading of the record for the metrics, and when a host takes the next. One row.';

-- How long what is put off has waited in all, and not since it was put off last.
ALTER TABLE outgoing_message ADD COLUMN occurred_at timestamptz;

COMMENT ON COLUMN outgoing_message.occurred_at IS 'When its notification was accepted; null in rows of earlier versions, and where there is none.';
