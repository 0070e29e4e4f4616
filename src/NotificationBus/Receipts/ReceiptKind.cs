namespace NotificationBus.Receipts;

/// <summary>The kind of report that a vendor makes of a delivery after it has taken it.</summary>
public enum ReceiptKind
{
    /// <summary>It arrived: in the mailbox, on the phone.</summary>
    Confirmed,

    /// <summary>It will never arrive at this address.</summary>
    HardBounce,

    /// <summary>It has not arrived yet, and the vendor goes on trying.</summary>
    SoftBounce,

    /// <summary>
    /// It did not arrive and the vendor has given up, though the address may be right: a full mailbox, a phone that was off.
    /// </summary>
    Undelivered,

    /// <summary>The recipient called it spam.</summary>
    Complained,

    /// <summary>The recipient wants no more notifications of this kind on this channel.</summary>
    Unsubscribed,

    /// <summary>The recipient wants nothing more on this channel, whatever it is about: STOP to a text message.</summary>
    OptedOut,

    /// <summary>It was shown, or a program has fetched its pictures.</summary>
    Opened,

    /// <summary>The recipient has read it, or followed a link in it.</summary>
    Read,
}
