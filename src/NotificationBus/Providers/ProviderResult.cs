namespace NotificationBus.Providers;

/// <summary>
/// The answer of a provider now. Falling back to another provider is free of duplicates after all but <see cref="InDoubt"/>.
/// </summary>
public abstract record ProviderResult
{
    ProviderResult() { }

    /// <summary>The rate limit in the answer, when it names one (RateLimit header fields, or the vendor's own).</summary>
    public RateLimit? RateLimit { get; init; }

    /// <summary>The provider took it and answers for it from now on.</summary>
    /// <param name="ProviderMessageId">The provider's id for it, when it gave one.</param>
    public sealed record Accepted(string? ProviderMessageId) : ProviderResult
    {
        /// <summary>What it did not take of it, for a person to read; null when it took all. Names no address.</summary>
        public string? Remark { get; init; }
    }

    /// <summary>Certainly not sent, and it never will be: the address or the content is wrong. No other provider is asked.</summary>
    /// <param name="Reason">For a person to read. Names no address.</param>
    /// <param name="AddressIsWrong">True when the address itself can never work, so that it must not be used again.</param>
    public sealed record Rejected(string Reason, bool AddressIsWrong = false) : ProviderResult;

    /// <summary>
    /// Certainly not sent, and this provider never will in this form: too long for it, not to its taste. Another one is asked, and may take
    /// it.
    /// </summary>
    /// <param name="Reason">For a person to read. Names no address.</param>
    public sealed record Declined(string Reason) : ProviderResult;

    /// <summary>Certainly not sent, and not the delivery's fault: somebody else may take it, or the same provider later.</summary>
    /// <param name="Reason">For a person to read. Names no address.</param>
    /// <param name="RetryAfter">How long the provider asked to be left alone with this delivery.</param>
    /// <param name="OnlyThisDelivery">
    /// True when the provider works and turned away just this delivery, as with greylisting; it does not count against the provider.
    /// </param>
    public sealed record Unavailable(string Reason, TimeSpan? RetryAfter = null, bool OnlyThisDelivery = false) : ProviderResult;

    /// <summary>Certainly not sent: we call too often (HTTP 429). The whole account is left alone for a while.</summary>
    /// <param name="Reason">For a person to read. Names no address.</param>
    /// <param name="RetryAfter">How long the provider asked to be left alone; null when it did not say.</param>
    public sealed record Throttled(string Reason, TimeSpan? RetryAfter = null) : ProviderResult;

    /// <summary>
    /// Certainly not sent, and nothing will be until somebody mends the account: wrong credentials, a sender that is not allowed.
    /// </summary>
    /// <param name="Reason">For a person to read; says what to check. Names no address and no secret.</param>
    public sealed record Misconfigured(string Reason) : ProviderResult
    {
        /// <summary>
        /// True when it is, or may be, the sender that is not allowed. Where an application has that of its own, its deliveries alone are
        /// concerned, and not the account.
        /// </summary>
        public bool MayBeSender { get; init; }
    }

    /// <summary>Nobody can know whether it went out, for instance when the connection broke after the request was written.</summary>
    /// <param name="Reason">For a person to read. Names no address.</param>
    /// <param name="OnlyThisDelivery">
    /// True when it is the recipient's own endpoint that nobody heard from; it does not count against the provider.
    /// </param>
    /// <param name="RepetitionIsKnown">
    /// True when the recipient can tell a repetition, so that it does no harm: it is sent again as if it had not gone out, unless the
    /// category holds what is in doubt.
    /// </param>
    public sealed record InDoubt(string Reason, bool OnlyThisDelivery = false, bool RepetitionIsKnown = false) : ProviderResult;
}

/// <summary>A rate limit as a provider has told it.</summary>
/// <param name="Remaining">How many more calls it takes until <paramref name="Reset"/>.</param>
/// <param name="Reset">When it counts afresh, from now.</param>
public sealed record RateLimit(int Remaining, TimeSpan Reset);
