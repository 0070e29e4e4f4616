using System.Text.Json;
using NotificationBus.Access;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Embedded;

/// <summary>The keys of the only host there is; lost when the process ends.</summary>
public sealed class InMemoryAccessKeys(IControls controls, TimeProvider clock) : IAccessKeys
{
    readonly Lock _lock = new();
    readonly List<AccessKey> _keys = [];

    /// <inheritdoc />
    public Task<IReadOnlyList<AccessKey>> Load(CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<AccessKey>>([.. _keys]);
    }

    /// <inheritdoc />
    public async Task<bool> Add(AccessKey key, ChangedBy by, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_keys.Exists(known => known.Id == key.Id))
                return false;
            _keys.Add(key);
        }

        await Note(key, by, KeyChange.Made(key), cancellationToken);
        return true;
    }

    /// <inheritdoc />
    public Task<AccessKey?> Rotate(string id, byte[] hash, TimeSpan grace, ChangedBy by, CancellationToken cancellationToken) =>
        Change(
            id,
            key =>
                key.RevokedAt is not null
                    ? null
                    : key with
                    {
                        Hash = hash,
                        EarlierHash = grace > TimeSpan.Zero ? key.Hash : null,
                        EarlierUntil = grace > TimeSpan.Zero ? clock.GetUtcNow() + grace : null,
                        RotatedAt = clock.GetUtcNow(),
                    },
            by,
            KeyChange.Rotated(grace),
            cancellationToken
        );

    /// <inheritdoc />
    public Task<AccessKey?> Revoke(string id, ChangedBy by, CancellationToken cancellationToken) =>
        Change(
            id,
            key => key.RevokedAt is null ? key with { RevokedAt = clock.GetUtcNow() } : key,
            by,
            KeyChange.Revoked,
            cancellationToken
        );

    /// <inheritdoc />
    public Task NoteUse(IReadOnlyDictionary<string, DateTimeOffset> uses, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            for (var place = 0; place < _keys.Count; place++)
            {
                if (uses.TryGetValue(_keys[place].Id, out var at))
                    _keys[place] = _keys[place] with { LastUsedAt = at };
            }
        }

        return Task.CompletedTask;
    }

    async Task<AccessKey?> Change(
        string id,
        Func<AccessKey, AccessKey?> change,
        ChangedBy by,
        JsonElement what,
        CancellationToken cancellationToken
    )
    {
        AccessKey before;
        AccessKey? after;
        lock (_lock)
        {
            var place = _keys.FindIndex(known => known.Id == id);
            if (place < 0)
                return null;

            before = _keys[place];
            after = change(before);
            if (after is not null)
                _keys[place] = after;
        }

        if (after is not null && !ReferenceEquals(after, before))
            await Note(after, by, what, cancellationToken);
        return after;
    }

    Task Note(AccessKey key, ChangedBy by, JsonElement what, CancellationToken cancellationToken) =>
        controls.Note(key.Holder, by, what, cancellationToken);
}
