namespace NotificationBus.Channels.Push;

/// <summary>A push token, and whose it is. See <see cref="Contracts.Contact.PushTokens"/>.</summary>
/// <param name="Vendor">Who delivers to it.</param>
/// <param name="Token">What the vendor knows it by, without our prefix.</param>
readonly record struct PushAddress(PushVendorKind Vendor, string Token)
{
    const string FcmPrefix = "fcm:";
    const string ApnsPrefix = "apns:";

    // APNs has promised no length, and never used a shorter one.
    const int ShortestOfApns = 64;

    /// <summary>Reads an address. What has the form of no other vendor is FCM's, whose tokens have none.</summary>
    public static PushAddress Of(string address) =>
        address.StartsWith(FcmPrefix, StringComparison.Ordinal) ? new(PushVendorKind.Fcm, address[FcmPrefix.Length..])
        : address.StartsWith(ApnsPrefix, StringComparison.Ordinal) ? new(PushVendorKind.Apns, address[ApnsPrefix.Length..])
        : address.StartsWith('{') ? new(PushVendorKind.WebPush, address)
        : address.Length >= ShortestOfApns && address.All(char.IsAsciiHexDigit) ? new(PushVendorKind.Apns, address)
        : new(PushVendorKind.Fcm, address);
}

/// <summary>The vendors a push token can belong to.</summary>
enum PushVendorKind
{
    /// <summary>Firebase Cloud Messaging.</summary>
    Fcm,

    /// <summary>Apple Push Notification service.</summary>
    Apns,

    /// <summary>The push service of a browser.</summary>
    WebPush,
}
