namespace NotificationBus.Benchmarks.Floor;

/// <summary>The rows of the floor: what NotificationBus keeps of a notification and of each call, with the same indexes.</summary>
static class FloorSchema
{
    /// <summary>The channels, each a bit in <c>notification.sent</c>.</summary>
    public static readonly IReadOnlyList<string> Channels = ["email", "push"];

    public const string Tables = """
        CREATE TABLE notification (
            id           uuid        PRIMARY KEY,
            state        text        NOT NULL,
            event_id     text        NOT NULL,
            recipient_id text        NOT NULL,
            recipient    jsonb       NOT NULL,
            data         json        NOT NULL,
            sent         integer     NOT NULL DEFAULT 0,
            created_at   timestamptz NOT NULL DEFAULT now(),
            completed_at timestamptz
        ) WITH (fillfactor = 75);
        CREATE INDEX notification_by_age ON notification (created_at DESC, id DESC);
        CREATE INDEX notification_by_recipient ON notification (recipient_id, created_at DESC, id DESC);
        CREATE TABLE delivery_attempt (
            delivery_id         uuid        PRIMARY KEY,
            number              integer     NOT NULL DEFAULT 1,
            notification_id     uuid        NOT NULL,
            channel             text        NOT NULL,
            provider            text        NOT NULL,
            status              text        NOT NULL,
            provider_message_id text,
            started_at          timestamptz NOT NULL DEFAULT now(),
            finished_at         timestamptz
        );
        """;

    public const string Insert = """
        INSERT INTO notification (id, state, event_id, recipient_id, recipient, data)
        SELECT n.id, 'Sending', n.event_id, n.recipient_id, n.recipient, n.data
        FROM unnest($1, $2, $3, $4, $5) AS n (id, event_id, recipient_id, recipient, data)
        ON CONFLICT (id) DO NOTHING
        """;

    /// <summary>Gives the deliveries to be sent: those nobody has called for, and those whose caller died in between.</summary>
    public const string Claim = """
        INSERT INTO delivery_attempt (delivery_id, notification_id, channel, provider, status)
        SELECT c.delivery_id, c.notification_id, c.channel, 'instant', 'Started'
        FROM unnest($1, $2, $3) AS c (delivery_id, notification_id, channel)
        ON CONFLICT (delivery_id) DO UPDATE SET number = delivery_attempt.number + 1, started_at = now()
            WHERE delivery_attempt.status = 'Started'
        RETURNING delivery_id
        """;

    public const string Settle = """
        UPDATE delivery_attempt SET status = 'Accepted', provider_message_id = s.provider_message_id, finished_at = now()
        FROM unnest($1, $2) AS s (delivery_id, provider_message_id)
        WHERE delivery_attempt.delivery_id = s.delivery_id
        """;

    /// <summary>Adds what was sent; the last delivery completes the notification. Adding it twice changes nothing.</summary>
    public const string Complete = """
        UPDATE notification SET
            sent = notification.sent | r.sent,
            state = CASE WHEN notification.sent | r.sent = 3 THEN 'Delivered' ELSE notification.state END,
            completed_at = CASE WHEN notification.sent | r.sent = 3 THEN coalesce(notification.completed_at, now()) END
        FROM unnest($1, $2) AS r (id, sent)
        WHERE notification.id = r.id
        """;
}
