namespace NotificationBus.Sending;

/// <summary>What a provider answers now. Falling back to another provider is free of duplicates after all but <see cref="InDoubt"/>.</summary>
public abstract record ProviderResult
{
    ProviderResult()
    {
    }

    /// <summary>The provider took it and answers for it from now on.</summary>
    /// <param name="ProviderMessageId">The provider's id for it, when it gave one.</param>
    public sealed record Accepted(string? ProviderMessageId) : ProviderResult;

    /// <summary>Certainly not sent, and it never will be: the address or the content is wrong. No other provider is asked.</summary>
    /// <param name="Reason">For a person to read. Names no address.</param>
    /// <param name="AddressIsWrong">True when the address itself can never work, so that it must not be used again.</param>
    public sealed record Rejected(string Reason, bool AddressIsWrong = false) : ProviderResult;

    /// <summary>Certainly not sent, and not the delivery's fault: somebody else may take it, or the same provider later.</summary>
    /// <param name="Reason">For a person to read. Names no address.</param>
    /// <param name="RetryAfter">How long the provider asked to be left alone.</param>
    public sealed record Unavailable(string Reason, TimeSpan? RetryAfter = null) : ProviderResult;

    /// <summary>Nobody can know whether it went out, for instance when the connection broke after the request was written.</summary>
    /// <param name="Reason">For a person to read. Names no address.</param>
    public sealed record InDoubt(string Reason) : ProviderResult;
}
