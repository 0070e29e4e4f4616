using System.Text.Json;
using NotificationBus.Contents;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;
using NotificationBus.Saga;

namespace NotificationBus.Erasures;

/// <summary>
/// Erases one person: what is not sent is called off as a cancellation does, and then what names the person is taken out of the record,
/// page by page. All of it may be done twice, and whoever is interrupted begins again: what a page names is erased before the page.
/// </summary>
public sealed class Erasure(
    IErasures record,
    Cancellations cancellations,
    IEnumerable<IErasableInbox> inboxes,
    IControls controls,
    ChannelSet channels,
    KeptFiles files
)
{
    const int PageSize = 200;

    // Somebody else may write a notification while it is erased: then it is read again.
    const int Rounds = 5;

    // As many as leave connections of the database to the others.
    const int AtOnce = 8;

    const string Reason = "cancelled by erasure: the recipient is erased";

    /// <summary>Counts what is on record of a person, and changes nothing.</summary>
    /// <param name="person">The person.</param>
    /// <param name="most">The number of notifications after which no further ones are looked at.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ErasureCounts> Preview(ErasedPerson person, int most, CancellationToken cancellationToken)
    {
        var run = new Run(await record.Key(cancellationToken), person);
        var known = run.New([], channels);
        var isComplete = await LookThrough(person, most, Count, cancellationToken);
        // Together: what names the person twice is counted once.
        run.Add(await record.Erase(known, apply: false, cancellationToken));
        return run.Counts with { IsComplete = isComplete, Recipient = run.Name };

        async Task Count(IReadOnlyList<NotificationState> page)
        {
            known = known.And(run.New(page, channels));
            await ForgetCaught(run, page, apply: false, cancellationToken);
            run.Add(page, await record.Count(await Of(page, run.Key, cancellationToken), cancellationToken));
        }
    }

    /// <summary>Erases a person.</summary>
    /// <param name="person">The person.</param>
    /// <param name="by">Who does so, and why.</param>
    /// <param name="most">The number of notifications after which no further ones are looked at.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ErasureCounts> Erase(ErasedPerson person, ChangedBy by, int most, CancellationToken cancellationToken)
    {
        var run = new Run(await record.Key(cancellationToken), person);
        // Before anything is gone: it is on record also when nobody comes to the end.
        await Note("begun", run.Name);
        var isComplete = false;
        try
        {
            await EraseTraces(run, [], cancellationToken);
            for (var round = 0; round < Rounds && !isComplete && run.Looked < most; round++)
            {
                var left = 0;
                isComplete =
                    await LookThrough(
                        person,
                        most - run.Looked,
                        async page => left += page.Count - await ErasePage(run, page, cancellationToken),
                        cancellationToken
                    )
                    && left == 0;
            }
        }
        finally
        {
            // Also of what was broken off: whoever goes on counts the rest alone.
            await Note("erased", Counts());
        }

        return Counts();

        ErasureCounts Counts() => run.Counts with { IsComplete = isComplete, Recipient = run.Name };

        Task Note(string what, object value) =>
            controls.Note(
                $"recipient {run.Name}",
                by,
                JsonSerializer.SerializeToElement(
                    new Dictionary<string, object>(StringComparer.Ordinal) { [what] = value },
                    ControlJson.Options
                ),
                CancellationToken.None
            );
    }

    /// <returns>How many of the page are erased.</returns>
    async Task<int> ErasePage(Run run, IReadOnlyList<NotificationState> page, CancellationToken cancellationToken)
    {
        await EraseTraces(run, page, cancellationToken);
        // First in the ledger, so that no call begins any more: whoever has a command at hand finds that it is called off.
        // Once each: what the saga is told it writes, and whoever told it each time would lose to it each time.
        await Parallel.ForEachAsync(
            page.Where(run.IsToBeCalledOff).ToList(),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (one, token) =>
                await cancellations.CallOffWhatMayBeSent(
                    one,
                    Reason,
                    DeterministicId.From("deliveries-erased", $"{one.CorrelationId:N}", $"{one.Version}"),
                    token
                )
        );
        await ForgetCaught(run, page, apply: true, cancellationToken);
        var erased = await record.Erase(await Of(page, run.Key, cancellationToken), cancellationToken);
        run.Add(page, erased);
        return erased.Notifications.Count;
    }

    /// <summary>
    /// The notifications as they are erased. A file goes also when another notification was given the same, for which it is fetched anew.
    /// </summary>
    async Task<IReadOnlyList<ErasedNotification>> Of(
        IReadOnlyList<NotificationState> page,
        ErasureKey key,
        CancellationToken cancellationToken
    )
    {
        var all = new List<ErasedNotification>(page.Count);
        foreach (var one in page)
            all.Add(
                Erased.Of(one, key) with
                {
                    Files = await files.NamesOf(one.CorrelationId, one.Extras?.Files() ?? [], cancellationToken),
                }
            );
        return all;
    }

    /// <summary>Erases what names the person beside the notifications, by what these say of the person that was not known before.</summary>
    async Task EraseTraces(Run run, IReadOnlyList<NotificationState> page, CancellationToken cancellationToken)
    {
        var traces = run.New(page, channels);
        if (traces.Recipients.Count > 0 || traces.Addresses.Count > 0)
            run.Add(await record.Erase(traces, apply: true, cancellationToken));
    }

    async Task ForgetCaught(Run run, IReadOnlyList<NotificationState> page, bool apply, CancellationToken cancellationToken)
    {
        foreach (var inbox in inboxes)
        {
            var caught = await inbox.Forget([.. page.Select(one => one.CorrelationId)], apply, cancellationToken);
            run.Counts = run.Counts with { CaughtDeliveries = run.Counts.CaughtDeliveries + caught };
        }
    }

    async Task<bool> LookThrough(
        ErasedPerson person,
        int most,
        Func<IReadOnlyList<NotificationState>, Task> look,
        CancellationToken cancellationToken
    )
    {
        NotificationCursor? after = null;
        for (var left = most; left > 0; left -= PageSize)
        {
            var found = await record.Find(person, after, Math.Min(PageSize, left), cancellationToken);
            if (found.Notifications.Count > 0)
                await look(found.Notifications);
            if (found.Next is not { } next)
                return true;

            after = next;
        }

        return false;
    }

    /// <summary>How far it got.</summary>
    sealed class Run(ErasureKey key, ErasedPerson person)
    {
        readonly HashSet<string> _recipients = new(StringComparer.Ordinal);
        readonly HashSet<string> _addresses = new(StringComparer.Ordinal);
        readonly Dictionary<Guid, (int Open, int Waiting, int Held)> _standing = [];
        readonly HashSet<Guid> _calledOff = [];

        public ErasureKey Key => key;

        /// <summary>The name in the person's place, by which the diary has it.</summary>
        public string Name { get; } =
            person.Recipient is { } id ? key.OfRecipient(person.Application, id) : key.OfAddress(person.Addresses[0])[..23];

        public int Looked { get; private set; }

        public ErasureCounts Counts { get; set; } = new();

        /// <summary>By what the person is known that was not known before.</summary>
        public TracesOfPerson New(IReadOnlyList<NotificationState> page, ChannelSet channels)
        {
            var recipients = page.Select(one => one.Recipient.Id).Concat(person.Recipient is { } id ? [id] : []);
            var addresses = page.SelectMany(one => AddressesOf(one, channels)).Concat(person.Addresses);
            return new TracesOfPerson(
                person.Application,
                [.. recipients.Where(_recipients.Add)],
                [.. addresses.Where(_addresses.Add)],
                key
            );
        }

        /// <summary>Tells whether a notification, or a delivery of it, was not called off before, and remembers both.</summary>
        public bool IsToBeCalledOff(NotificationState notification)
        {
            var before = _calledOff.Count;
            _calledOff.Add(notification.CorrelationId);
            _calledOff.UnionWith(notification.Deliveries.Where(delivery => !delivery.IsSent()).Select(delivery => delivery.Id));
            return _calledOff.Count > before;
        }

        public void Add(IReadOnlyList<NotificationState> page, ErasedRows rows)
        {
            Looked += page.Count;
            // As it stood when it was seen first: the cancellation that comes with the erasure may be faster.
            foreach (var one in page)
                _standing.TryAdd(
                    one.CorrelationId,
                    (
                        one.CompletedAt is null ? 1 : 0,
                        one.Deliveries.Count(delivery => delivery.Status is DeliveryStatus.Waiting or DeliveryStatus.Sending),
                        one.Deliveries.Count(delivery => delivery.Status == DeliveryStatus.Held)
                    )
                );
            var erased = page.Where(one => rows.Notifications.Contains(one.CorrelationId))
                .Select(one => _standing[one.CorrelationId])
                .ToList();
            Counts = Counts with
            {
                Notifications = Counts.Notifications + erased.Count,
                Cancelled = Counts.Cancelled + erased.Sum(one => one.Open),
                Waiting = Counts.Waiting + erased.Sum(one => one.Waiting),
                Held = Counts.Held + erased.Sum(one => one.Held),
                Contents = Counts.Contents + rows.Contents,
                WebhookBodies = Counts.WebhookBodies + rows.WebhookBodies,
            };
        }

        public void Add(ErasedTraces traces) =>
            Counts = Counts with
            {
                Suppressions = Counts.Suppressions + traces.Suppressions,
                FailedMessages = Counts.FailedMessages + traces.FailedMessages,
                Notes = Counts.Notes + traces.Notes,
            };

        // Whoever is found by one address alone is not erased with those of others at it: the addresses of the same notification are known.
        static IEnumerable<string> AddressesOf(NotificationState notification, ChannelSet channels) =>
            notification
                .Deliveries.Select(one => channels.Find(one.Channel)?.Canonical(one.Address) ?? one.Address)
                .Concat(channels.All.SelectMany(channel => channel.AddressesOf(notification.Recipient).Select(channel.Canonical)));
    }
}

/// <summary>What there is of a person, or what was erased.</summary>
public sealed record ErasureCounts
{
    /// <summary>The name in the person's place, the same each time.</summary>
    public string Recipient { get; init; } = "";

    /// <summary>The notifications.</summary>
    public int Notifications { get; init; }

    /// <summary>Those of them that had not ended, and are cancelled.</summary>
    public int Cancelled { get; init; }

    /// <summary>Deliveries that waited or were on their way.</summary>
    public int Waiting { get; init; }

    /// <summary>Deliveries that waited for an operator's decision.</summary>
    public int Held { get; init; }

    /// <summary>Kept texts, those that nobody else is told.</summary>
    public int Contents { get; init; }

    /// <summary>What subscribers are told.</summary>
    public int WebhookBodies { get; init; }

    /// <summary>Suppressed addresses, which stay suppressed under a hash.</summary>
    public int Suppressions { get; init; }

    /// <summary>Failed messages that name the person, whose bodies go.</summary>
    public int FailedMessages { get; init; }

    /// <summary>Caught deliveries in the inbox.</summary>
    public int CaughtDeliveries { get; init; }

    /// <summary>Entries of the diary about suppressions, and filters of repairs.</summary>
    public int Notes { get; init; }

    /// <summary>False when something is left: the same call goes on.</summary>
    public bool IsComplete { get; init; }
}
