-- A few of those that are to be looked at again, of as many as an outage leaves.
CREATE INDEX unfinished_notification_look ON unfinished_notification (look_again_at);
