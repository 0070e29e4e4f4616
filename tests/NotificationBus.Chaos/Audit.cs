using NotificationBus.Chaos.Witnesses;

namespace NotificationBus.Chaos;

/// <summary>One row of the ledger.</summary>
sealed record Attempt(Guid Delivery, int Number, string Provider, string Status, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt);

/// <summary>What was promised, what the providers saw and what the record says, held against each other.</summary>
sealed record Audit
{
    // Both are the same machine's clock; rounding is all that can lie between them.
    static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(50);

    // What is held is in the operator's hands.
    static readonly string[] Ends = ["delivered", "partly-delivered", "expired", "failed", "cancelled", "held"];

    /// <summary>How each notification stands, as an operator reads it.</summary>
    public required IReadOnlyDictionary<Guid, string> Notifications { get; init; }

    /// <summary>All calls in the ledger, in order.</summary>
    public required ILookup<Guid, Attempt> Attempts { get; init; }

    /// <summary>The calls the providers took, in order, by delivery.</summary>
    public required ILookup<Guid, Call> Taken { get; init; }

    public int Accepted { get; private init; }

    /// <summary>Notifications of which every delivery was taken by a provider.</summary>
    public int Sent { get; private init; }

    /// <summary>Accepted and neither sent nor, visibly, anything else.</summary>
    public int Lost { get; private init; }

    /// <summary>Calls taken that nobody asked for.</summary>
    public int Unexpected { get; private init; }

    /// <summary>Never answered to the producer, and sent.</summary>
    public int Recovered { get; private init; }

    public int Duplicates { get; private init; }

    /// <summary>Duplicates without a call in doubt between the two.</summary>
    public int UnexplainedDuplicates { get; private init; }

    /// <summary>Neither at an end nor held for an operator.</summary>
    public int Stuck { get; private init; }

    public long Strays { get; private init; }

    /// <summary>Promised by a host and, as the live ledger says, neither on record nor among the failed messages.</summary>
    public long Unreconciled { get; private init; }

    /// <summary>How many notifications stand so.</summary>
    public int In(params IEnumerable<string> statuses) =>
        Notifications.Values.Count(status => statuses.Contains(status, StringComparer.Ordinal));

    public static async Task<Audit> Of(Arena arena)
    {
        var notifications = await arena.Query(
            "SELECT id, status FROM notification_overview",
            row => KeyValuePair.Create(row.GetGuid(0), row.GetString(1))
        );
        var attempts = await arena.Query(
            "SELECT delivery_id, number, provider, status, started_at, finished_at FROM delivery_attempt ORDER BY delivery_id, number",
            row => new Attempt(
                row.GetGuid(0),
                row.GetInt32(1),
                row.GetString(2),
                row.GetString(3),
                row.GetFieldValue<DateTimeOffset>(4),
                row.IsDBNull(5) ? null : row.GetFieldValue<DateTimeOffset>(5)
            )
        );
        // Without the time that the ledger gives those that were just accepted: everything has come to its end.
        var unreconciled = await arena.Count(
            """
            SELECT count(*) FROM unrecorded_notification u
            WHERE NOT EXISTS (SELECT FROM notification_key k JOIN notification n ON n.created_at = k.created_at AND n.id = k.id
                WHERE k.id = u.id)
                AND NOT EXISTS (SELECT FROM failed_message f WHERE f.message_id = u.message_id::text)
            """
        );
        return Of(arena.Requests, arena.Witness, notifications.ToDictionary(), attempts, await arena.Strays() - arena.Poison) with
        {
            Unreconciled = unreconciled,
        };
    }

    /// <summary>Holds them against each other.</summary>
    /// <param name="requests">What was asked for.</param>
    /// <param name="witness">What the providers saw.</param>
    /// <param name="notifications">How each notification stands in the record.</param>
    /// <param name="attempts">The ledger.</param>
    /// <param name="strays">Messages in queues nobody works on, beside those that belong there.</param>
    public static Audit Of(
        Requests requests,
        Witness witness,
        IReadOnlyDictionary<Guid, string> notifications,
        IEnumerable<Attempt> attempts,
        long strays
    )
    {
        var ledger = attempts.ToLookup(attempt => attempt.Delivery);
        var taken = witness.Calls.Where(call => call.Taken).OrderBy(call => call.Received).ToLookup(call => call.Delivery);
        var known = requests.Asked.Values.SelectMany(occurrence => occurrence.Deliveries).ToHashSet();

        bool IsSent(Guid notification) => requests.Asked[notification].Deliveries.All(taken.Contains);
        bool IsLost(Guid notification) =>
            !notifications.TryGetValue(notification, out var status) || (status == "delivered" && !IsSent(notification));

        return new Audit
        {
            Notifications = notifications,
            Attempts = ledger,
            Taken = taken,
            Accepted = requests.Accepted.Count,
            Sent = requests.Asked.Keys.Count(IsSent),
            Lost = requests.Accepted.Keys.Count(IsLost),
            Unexpected = taken.Where(calls => !known.Contains(calls.Key)).Sum(calls => calls.Count()),
            Recovered = requests.Unknown.Count(IsSent),
            Duplicates = taken.Sum(calls => calls.Count() - 1),
            UnexplainedDuplicates = taken.Sum(calls => Unexplained([.. calls], [.. ledger[calls.Key]])),
            Stuck = notifications.Values.Count(status => !Ends.Contains(status, StringComparer.Ordinal)),
            Strays = Math.Max(0, strays),
        };
    }

    /// <summary>Each pair of calls needs a row of its own that was in doubt and lies between them.</summary>
    static int Unexplained(IReadOnlyList<Call> calls, List<Attempt> attempts)
    {
        var inDoubt = attempts.Where(attempt => attempt.Status == "InDoubt").ToList();
        var unexplained = 0;
        for (var i = 1; i < calls.Count; i++)
        {
            var between = inDoubt.Find(attempt =>
                attempt.StartedAt <= calls[i].Received + Slack && attempt.FinishedAt <= calls[i].Received + Slack
            );
            if (between is null)
                unexplained++;
            else
                inDoubt.Remove(between);
        }

        return unexplained;
    }
}
