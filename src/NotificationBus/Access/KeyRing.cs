using System.Collections.Frozen;
using System.Data.Common;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NotificationBus.Messaging;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Access;

/// <summary>
/// This host's copy of <see cref="IAccessKeys"/>: to check a key takes a look-up and one hash, and no round trip. A change on any host is
/// here when the store tells of it, as with <see cref="ControlBoard"/>, and a few seconds later should it fail to.
/// </summary>
public sealed partial class KeyRing : BackgroundService
{
    /// <summary>The reason why nobody could call a host.</summary>
    public const string NoKey =
        "Auth: there is no key yet, and nobody could call this host. Make one with 'keys create APPLICATION --scopes "
        + "send,read,operate,admin' "
        + "and the same settings; or set Auth:FirstKey to what 'keys generate APPLICATION' prints; or let everybody in with Auth:Mode=None";

    // The store tells of every change; this is for the case that it could not: a revoked key is refused within 5 s.
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);

    static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    static readonly TimeSpan BetweenNotes = TimeSpan.FromSeconds(30);

    // What an unknown key is compared with, so that it takes as long as a wrong one.
    static readonly byte[] NobodysHash = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);

    readonly IAccessKeys _keys;
    readonly AuthOptions _options;
    readonly TimeProvider _clock;
    readonly ILogger<KeyRing> _log;
    readonly AsyncAutoResetEvent _changes = new();
    readonly SemaphoreSlim _loading = new(1, 1);
    volatile Copy? _copy;
    TimeSpan _notedAt;

    /// <summary>An empty one, which is filled before the host starts.</summary>
    public KeyRing(IAccessKeys keys, ControlBoard board, IOptions<AuthOptions> options, TimeProvider clock, ILogger<KeyRing> log)
    {
        (_keys, _options, _clock, _log) = (keys, options.Value, clock, log);
        board.Tell(_ => _changes.Set());
    }

    /// <summary>Makes the copy, and puts the first key on record.</summary>
    /// <exception cref="SettingsException">There is no key that would be taken.</exception>
    public async Task Prepare(CancellationToken cancellationToken)
    {
        while (_copy is null)
        {
            try
            {
                await Load(cancellationToken);
            }
            catch (DbException exception) when (Outages.IsTransient(exception))
            {
                KeysAwaited(exception.Message);
                await Task.Delay(RetryInterval, _clock, cancellationToken);
            }
        }

        // People who sign in make the first one.
        if (_options.OpenIdConnect.Authority is null && _copy.ById.Values.All(known => known.Key.RevokedAt is not null))
        {
            _copy = null;
            throw new SettingsException(NoKey);
        }
    }

    async Task Load(CancellationToken cancellationToken)
    {
        if (_options.FirstKey is { } first && KeyText.Parse(first) is { } text)
        {
            var key = KeyIssuer.Of(text, "first key", Enum.GetValues<Scope>(), _clock.GetUtcNow());
            await _keys.Add(key, new ChangedBy("Auth:FirstKey", "the setting names it"), cancellationToken);
        }

        await Refresh(cancellationToken);
    }

    /// <inheritdoc />
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Prepare(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc />
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await NoteUses(cancellationToken);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            KeyUsesNotNoted(exception.Message);
        }
    }

    /// <summary>Makes the copy anew, so that what was changed here holds here at once.</summary>
    public async Task Refresh(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            var readAt = _clock.Steady();
            var keys = await _keys.Load(cancellationToken);
            var before = _copy?.ById;
            _copy = new Copy(
                keys.ToFrozenDictionary(key => key.Id, key => new KnownKey(key, before?.GetValueOrDefault(key.Id)), StringComparer.Ordinal),
                readAt
            );
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Finds whose key it is.</summary>
    /// <param name="text">What a caller says.</param>
    /// <returns>The key's holder; null when it is no key, an unknown, a wrong or a revoked one.</returns>
    /// <exception cref="KeysOutdatedException">The store has not answered for so long that nobody can tell.</exception>
    public ClaimsPrincipal? Check(ReadOnlySpan<char> text)
    {
        var copy = _copy;
        if (copy is null || _clock.Steady() - copy.ReadAt > _options.KnownFor)
            throw new KeysOutdatedException();
        if (text.Length > KeyText.MostCharacters)
            return null;

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        KeyText.Hash(text, hash);
        copy.BySpan.TryGetValue(KeyText.IdOf(text), out var known);
        var isKey = CryptographicOperations.FixedTimeEquals(hash, known?.Key.Hash ?? NobodysHash);
        var isEarlier = CryptographicOperations.FixedTimeEquals(hash, known?.Key.EarlierHash ?? NobodysHash);
        if (known is null || !(isKey || isEarlier) || known.Key.RevokedAt is not null)
            return null;

        var now = _clock.GetUtcNow();
        if (!isKey && now >= known.Key.EarlierUntil)
            return null;

        known.Use.At = now.UtcTicks;
        return known.Holder;
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isAway = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            await _changes.Wait(LongestWait, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
                return;

            try
            {
                await Refresh(stoppingToken);
                if (_clock.Steady() - _notedAt > BetweenNotes)
                {
                    _notedAt = _clock.Steady();
                    await NoteUses(stoppingToken);
                }

                isAway = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                if (!isAway)
                    KeysNotRefreshed(_options.KnownFor, exception.Message);
                isAway = true;
            }
        }
    }

    /// <summary>One statement for all keys, and none for those that were not used.</summary>
    async Task NoteUses(CancellationToken cancellationToken)
    {
        var uses = (_copy?.ById.Values ?? [])
            .Where(known => known.Use.At > known.Use.Noted)
            .ToDictionary(known => known.Key.Id, known => (known.Use, known.Use.At), StringComparer.Ordinal);
        if (uses.Count == 0)
            return;

        await _keys.NoteUse(
            uses.ToDictionary(use => use.Key, use => new DateTimeOffset(use.Value.At, TimeSpan.Zero), StringComparer.Ordinal),
            cancellationToken
        );
        foreach (var (use, at) in uses.Values)
            use.Noted = at;
    }

    sealed class Copy(FrozenDictionary<string, KnownKey> byId, TimeSpan readAt)
    {
        public FrozenDictionary<string, KnownKey> ById => byId;

        public FrozenDictionary<string, KnownKey>.AlternateLookup<ReadOnlySpan<char>> BySpan { get; } =
            byId.GetAlternateLookup<ReadOnlySpan<char>>();

        public TimeSpan ReadAt => readAt;
    }

    /// <summary>A key, with what is made of it once and not with every call.</summary>
    sealed class KnownKey(AccessKey key, KnownKey? before)
    {
        public AccessKey Key => key;

        public ClaimsPrincipal Holder { get; } = KeyHolder.Of(key);

        public LastUse Use { get; } = before?.Use ?? new LastUse();
    }

    /// <summary>The time of the last use here, in ticks: calls write it side by side, and any of them will do.</summary>
    sealed class LastUse
    {
        long _at;

        public long At
        {
            get => Volatile.Read(ref _at);
            set => Volatile.Write(ref _at, value);
        }

        public long Noted { get; set; }
    }

    [LoggerMessage(LogLevel.Information, "Waiting for the keys: {Reason}")]
    partial void KeysAwaited(string reason);

    [LoggerMessage(LogLevel.Warning, "The keys could not be read; those known last are taken for {KnownFor} (Auth:KnownFor): {Reason}")]
    partial void KeysNotRefreshed(TimeSpan knownFor, string reason);

    [LoggerMessage(LogLevel.Information, "When keys were used last could not be noted: {Reason}")]
    partial void KeyUsesNotNoted(string reason);
}

/// <summary>Whether a key is good cannot be told: the store has not answered for longer than <c>Auth:KnownFor</c>.</summary>
public sealed class KeysOutdatedException() : Exception("the keys could not be read for too long");
