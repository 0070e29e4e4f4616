namespace NotificationBus.Receipts;

/// <summary>What a vendor reports of a delivery after it has taken it.</summary>
public enum ReceiptKind
{
    /// <summary>It arrived: in the mailbox, on the phone.</summary>
    Confirmed,

    /// <summary>It will never arrive at this address.</summary>
    HardBounce,

    /// <summary>It did not arrive, and might another time: a full mailbox, a phone that is off.</summary>
    SoftBounce,

    /// <summary>The recipient called it spam.</summary>
    Complained,

    /// <summary>The recipient wants no more of this kind of notification on this channel.</summary>
    Unsubscribed,

    /// <summary>It was shown, or a program has fetched its pictures.</summary>
    Opened,

    /// <summary>The recipient has read it, or followed a link in it.</summary>
    Read,
}
