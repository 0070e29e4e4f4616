namespace NotificationBus.Model;

/// <summary>A link of a delivery that was followed, by a person or by a program that looks for bad ones.</summary>
public sealed record LinkClick
{
    /// <summary>The time at which it was followed, by the vendor's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// Tells one link of a delivery from another: a hash, for links may hold secrets. 0 when the vendor does not say which.
    /// </summary>
    public int Link { get; init; }

    /// <summary>True when the vendor, or the name of the program that followed it, says that it was no person.</summary>
    public bool IsMarked { get; init; }

    /// <summary>True when others that belong to it would have come by now: from then on it may count as read.</summary>
    public bool IsSettled { get; init; }
}
