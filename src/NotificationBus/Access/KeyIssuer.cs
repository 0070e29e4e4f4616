using NotificationBus.Providers.Controls;

namespace NotificationBus.Access;

/// <summary>Makes keys, and replaces their secrets. Over HTTP and on the command line it is the same.</summary>
public sealed class KeyIssuer(IAccessKeys keys, TimeProvider clock)
{
    /// <summary>The longest that the key before is taken after a rotation.</summary>
    public static readonly TimeSpan LongestGrace = TimeSpan.FromDays(7);

    /// <summary>Makes a key and puts its hash on record.</summary>
    public async Task<IssuedKey> Create(
        string application,
        string name,
        IReadOnlyList<Scope> scopes,
        ChangedBy by,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            var text = KeyText.New(application);
            var key = Of(text, name, scopes, clock.GetUtcNow());
            // An id of 64 random bits may be there already, once in a very long time.
            if (await keys.Add(key, by, cancellationToken))
                return new IssuedKey(key, text.Reveal());
        }
    }

    /// <summary>Gives a key another secret.</summary>
    /// <returns>The key; null when there is none that is not revoked.</returns>
    public async Task<IssuedKey?> Rotate(string id, TimeSpan grace, ChangedBy by, CancellationToken cancellationToken)
    {
        if ((await keys.Load(cancellationToken)).FirstOrDefault(known => known.Id == id) is not { } before)
            return null;

        var text = KeyText.New(before.Application, id);
        return await keys.Rotate(id, text.Hash(), grace, by, cancellationToken) is { } key ? new IssuedKey(key, text.Reveal()) : null;
    }

    /// <summary>The record of a key.</summary>
    public static AccessKey Of(KeyText text, string name, IReadOnlyList<Scope> scopes, DateTimeOffset createdAt) =>
        new()
        {
            Id = text.Id,
            Application = text.Application,
            Name = name,
            Scopes = scopes,
            Hash = text.Hash(),
            CreatedAt = createdAt,
        };
}

/// <summary>A key that was just made.</summary>
/// <param name="Key">What is on record.</param>
/// <param name="Text">The key itself, which is nowhere else.</param>
public sealed record IssuedKey(AccessKey Key, string Text);
