namespace NotificationBus.Emulators;

/// <summary>A vendor as it is on the wire when all is well, and what it says when it is not. When that is, others decide.</summary>
abstract class Vendor
{
    /// <summary>The word in the emulator's addresses, which is also the provider's type.</summary>
    public abstract string Name { get; }

    /// <summary>True when the vendor speaks HTTP/2 and nothing else.</summary>
    public virtual bool IsHttp2 => false;

    /// <summary>What an account must be told besides its <c>Url</c>, as <c>Providers:{account}</c> has it.</summary>
    /// <param name="url">The vendor's address at the emulator.</param>
    public abstract IReadOnlyList<(string Key, string Value)> Settings(Uri url);

    /// <summary>
    /// What the vendor says to a request that is no delivery: a wrong path, no credentials, a body it cannot read; null when it is one.
    /// </summary>
    public abstract Answer? Refuse(ReceivedRequest request);

    /// <summary>Takes a delivery.</summary>
    public abstract Taken Take(ReceivedRequest request);

    /// <summary>What the vendor knows a repetition by; null when it knows none.</summary>
    public virtual string? KeyOf(ReceivedRequest request) => null;

    /// <summary>What it says to a repetition. The same as before, unless it has another way.</summary>
    public virtual Answer Repeat(Taken first) => first.Answer;

    /// <summary>What it says when it is called too often.</summary>
    /// <param name="retryAfter">How long it wants to be left alone, in seconds, where it says so.</param>
    /// <param name="now">The time.</param>
    public abstract Answer Throttle(int retryAfter, DateTimeOffset now);

    /// <summary>What it says to wrong credentials.</summary>
    public abstract Answer Deny();

    /// <summary>What it says when it fails.</summary>
    public virtual Answer Fail(int status) => new(status);

    /// <summary>What it posts when something has become of a delivery; null when it reports nothing of the kind.</summary>
    public virtual Callback? Tell(Taken taken, ReportKind kind, Uri url, DateTimeOffset happened, DateTimeOffset now) => null;
}
