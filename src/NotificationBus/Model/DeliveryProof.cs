namespace NotificationBus.Model;

/// <summary>The proof of a delivery with which its channel counts as enough. Each says more than the one before.</summary>
public enum DeliveryProof
{
    /// <summary>A provider took it.</summary>
    Sent,

    /// <summary>It arrived: the vendor said so, or it was opened.</summary>
    Confirmed,

    /// <summary>The recipient has read it.</summary>
    Read,
}
