namespace NotificationBus.Contracts;

/// <summary>
/// The words for what follows a call that has failed. Newer versions may add others, so that a reader has to expect one it does not know.
/// </summary>
public static class NextAttempt
{
    /// <summary>The same account is called again at once.</summary>
    public const string SameAccount = "same-account";

    /// <summary>Another account is called at once, unless its circuit or its rate keeps it from being called.</summary>
    public const string NextAccount = "next-account";

    /// <summary>The delivery comes again later, unless its notification is of no use any more by then.</summary>
    public const string Later = "later";

    /// <summary>It may have been sent, and an operator decides.</summary>
    public const string Held = "held";

    /// <summary>None: the channel is given up, or the delivery was cancelled.</summary>
    public const string None = "none";
}
