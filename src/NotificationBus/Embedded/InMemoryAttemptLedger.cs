using NotificationBus.Erasures;
using NotificationBus.Model;
using NotificationBus.Outgoing;
using NotificationBus.Providers;
using NotificationBus.Providers.Controls;
using NotificationBus.Sending;

namespace NotificationBus.Embedded;

/// <summary>The ledger in memory, lost when the process ends.</summary>
/// <param name="clock">Tells the time.</param>
/// <param name="controls">Notes changes of what is suppressed.</param>
/// <param name="outgoing">Keeps what other services are told; null where nobody is.</param>
/// <param name="news">Writes it.</param>
public sealed class InMemoryAttemptLedger(
    TimeProvider clock,
    InMemoryControls controls,
    IOutgoingMessages? outgoing = null,
    DeliveryNews? news = null
) : IAttemptLedger, ISuppressions
{
    // As in the table: what is suppressed for every category is so under no name.
    const string EveryCategory = "";

    readonly Lock _lock = new();
    readonly Dictionary<Guid, List<DeliveryAttempt>> _attempts = [];
    readonly Dictionary<Guid, HashSet<Guid>> _deliveries = [];
    readonly Dictionary<(string Channel, string Address, string Category), Suppression> _suppressions = [];

    // Whether any of them has another name: until then nobody looks for one.
    bool _erased;

    /// <inheritdoc />
    public Task<AttemptClaim> Claim(
        DeliveryAttempt attempt,
        string address,
        string category,
        TimeSpan lease,
        CancellationToken cancellationToken
    )
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            var suppression = NamesOf(address)
                .SelectMany(name => new[] { EveryCategory, category }, (name, of) => (attempt.Channel, name, of))
                .Select(_suppressions.GetValueOrDefault)
                .FirstOrDefault(found => found is not null);
            if (suppression is not null)
                return Task.FromResult(new AttemptClaim([], now, suppression.Reason));

            var attempts = Of(attempt.NotificationId, attempt.DeliveryId);
            if (attempts.Count >= attempt.Number)
                return Task.FromResult(new AttemptClaim([.. attempts], now));

            attempts.Add(attempt with { StartedAt = now, LeaseUntil = now + lease });
            return Task.FromResult(new AttemptClaim([], now));
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<DeliveryAttempt>> Cancel(
        Guid notificationId,
        Guid deliveryId,
        string channel,
        string reason,
        CancellationToken cancellationToken
    )
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            var attempts = Of(notificationId, deliveryId);
            if (!attempts.Exists(attempt => attempt.Status is AttemptStatus.Accepted or AttemptStatus.Cancelled))
            {
                attempts.Add(
                    new DeliveryAttempt
                    {
                        DeliveryId = deliveryId,
                        NotificationId = notificationId,
                        Number = attempts.Count + 1,
                        Channel = channel,
                        Provider = "",
                        Status = AttemptStatus.Cancelled,
                        Reason = reason,
                        StartedAt = now,
                        LeaseUntil = now,
                        FinishedAt = now,
                    }
                );
            }

            return Task.FromResult<IReadOnlyList<DeliveryAttempt>>([.. attempts]);
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<DeliveryAttempt>> AttemptsOf(Guid notificationId, Guid deliveryId, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<DeliveryAttempt>>(
                _attempts.TryGetValue(deliveryId, out var attempts) ? [.. attempts] : []
            );
    }

    /// <inheritdoc />
    public async Task<bool> Record(DeliveryAttempt outcome, string? suppressedAddress, CancellationToken cancellationToken)
    {
        var told = news is null ? null : await news.Write(outcome.Told);
        if (!Note(outcome, suppressedAddress))
            return false;

        if (told is not null)
            await outgoing!.Schedule([told], CancellationToken.None);
        return true;
    }

    bool Note(DeliveryAttempt outcome, string? suppressedAddress)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            if (!_attempts.TryGetValue(outcome.DeliveryId, out var attempts))
                return false;

            var claimed = attempts[outcome.Number - 1];
            if (claimed.Status != AttemptStatus.Started)
                return false;

            attempts[outcome.Number - 1] = outcome with
            {
                Told = null,
                StartedAt = claimed.StartedAt,
                LeaseUntil = claimed.LeaseUntil,
                FinishedAt = now,
            };
            if (suppressedAddress is not null)
                TryAdd(
                    new Suppression(outcome.Channel, suppressedAddress, Category: null, outcome.Reason ?? "refused", outcome.Provider)
                    {
                        CreatedAt = now,
                    }
                );
            return true;
        }
    }

    /// <inheritdoc />
    public Task<DeliveryAttempt?> FindByDelivery(string provider, Guid deliveryId, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(
                _attempts.TryGetValue(deliveryId, out var attempts) ? attempts.FindLast(attempt => attempt.Provider == provider) : null
            );
    }

    /// <inheritdoc />
    public Task<DeliveryAttempt?> FindByMessage(string provider, string providerMessageId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(
                _attempts
                    .Values.SelectMany(attempts => attempts)
                    .Where(attempt => attempt.Provider == provider && attempt.ProviderMessageId == providerMessageId)
                    .MaxBy(attempt => attempt.StartedAt)
            );
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<Suppression>> List(SuppressionFilter filter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<Suppression>>([
                .. _suppressions
                    .Values.Where(suppression =>
                        (filter.Channel ?? suppression.Channel) == suppression.Channel
                        && (filter.Address is null || NamesOf(filter.Address).Contains(suppression.Address))
                        && (filter.Category ?? suppression.Category) == suppression.Category
                    )
                    .Where(suppression => filter.After is not { } after || (suppression.CreatedAt, suppression.Place).CompareTo(after) < 0)
                    .OrderByDescending(suppression => (suppression.CreatedAt, suppression.Place))
                    .Take(filter.Limit),
            ]);
        }
    }

    /// <inheritdoc />
    public Task<bool> Add(Suppression suppression, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(TryAdd(suppression with { CreatedAt = clock.GetUtcNow() }));
    }

    /// <inheritdoc />
    public Task<bool> AddErased(Suppression suppression, CancellationToken cancellationToken) =>
        Add(suppression with { Address = Key.OfAddress(suppression.Address) }, cancellationToken);

    /// <inheritdoc />
    public async Task<bool> Add(Suppression suppression, ChangedBy by, CancellationToken cancellationToken)
    {
        var added = await Add(suppression, cancellationToken);
        if (added)
            await controls.Note(
                $"suppression {suppression.Channel}",
                by,
                Suppression.Change("added", suppression.Address, suppression.Category),
                cancellationToken
            );
        return added;
    }

    /// <inheritdoc />
    public async Task<bool> Remove(string channel, string address, string? category, ChangedBy by, CancellationToken cancellationToken)
    {
        bool removed;
        lock (_lock)
            removed = NamesOf(address).Any(name => _suppressions.Remove((channel, name, category ?? EveryCategory)));
        if (removed)
            await controls.Note($"suppression {channel}", by, Suppression.Change("removed", address, category), cancellationToken);
        return removed;
    }

    /// <summary>All attempts of a notification.</summary>
    public IReadOnlyList<DeliveryAttempt> AttemptsOf(Guid notificationId)
    {
        lock (_lock)
            return _deliveries.TryGetValue(notificationId, out var deliveries)
                ? [.. deliveries.SelectMany(delivery => _attempts[delivery])]
                : [];
    }

    /// <summary>Leaves the attempts of a notification behind that is no longer on record. What it has suppressed stays so.</summary>
    internal void Forget(Guid notificationId)
    {
        lock (_lock)
        {
            if (!_deliveries.Remove(notificationId, out var deliveries))
                return;

            foreach (var delivery in deliveries)
                _attempts.Remove(delivery);
        }
    }

    List<DeliveryAttempt> Of(Guid notificationId, Guid deliveryId)
    {
        if (!_attempts.TryGetValue(deliveryId, out var attempts))
            _attempts.Add(deliveryId, attempts = []);
        if (!_deliveries.TryGetValue(notificationId, out var deliveries))
            _deliveries.Add(notificationId, deliveries = []);

        deliveries.Add(deliveryId);
        return attempts;
    }

    /// <summary>The key of the names in the place of people who were erased.</summary>
    internal ErasureKey Key { get; } = ErasureKey.New();

    /// <summary>Erases what was written about the attempts of a notification.</summary>
    internal void Erase(Guid notificationId)
    {
        lock (_lock)
        {
            foreach (var attempts in _deliveries.GetValueOrDefault(notificationId, []).Select(delivery => _attempts[delivery]))
                for (var i = 0; i < attempts.Count; i++)
                    attempts[i] = attempts[i] with { Reason = attempts[i].Reason is null ? null : Erased.Text, Content = null };
        }
    }

    /// <summary>Goes on with the suppressions of some addresses under the names in their place.</summary>
    /// <returns>How many.</returns>
    internal int EraseSuppressions(IReadOnlyCollection<string> addresses, bool apply)
    {
        lock (_lock)
        {
            var found = _suppressions.Where(one => addresses.Contains(one.Key.Address)).ToList();
            foreach (var (key, suppression) in apply ? found : [])
            {
                _suppressions.Remove(key);
                TryAdd(suppression with { Address = Key.OfAddress(key.Address), Reason = "suppressed before its recipient was erased" });
            }

            return found.Count;
        }
    }

    /// <summary>The names under which an address may be suppressed: itself, and what stands in its place since it was erased.</summary>
    IEnumerable<string> NamesOf(string address) => _erased ? [address, Key.OfAddress(address)] : [address];

    bool TryAdd(Suppression suppression)
    {
        var (channel, address, category) = (suppression.Channel, suppression.Address, suppression.Category ?? EveryCategory);
        if (NamesOf(address).Any(name => _suppressions.ContainsKey((channel, name, category))))
            return false;

        _erased |= address.StartsWith(ErasureKey.Prefix, StringComparison.Ordinal);
        var listed = suppression with { Place = DeterministicId.From(channel, address, category) };
        return _suppressions.TryAdd((channel, address, category), listed);
    }
}
