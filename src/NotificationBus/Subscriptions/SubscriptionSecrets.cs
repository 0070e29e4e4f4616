using System.Security.Cryptography;
using NotificationBus.Contents;

namespace NotificationBus.Subscriptions;

/// <summary>
/// Makes the signing keys of subscriptions, and keeps them as contents are kept: encrypted when <c>Contents:Key</c> is set. They cannot be
/// kept as a hash, for they sign.
/// </summary>
public sealed class SubscriptionSecrets(ContentKeys keys)
{
    const byte Version = 1;
    const int KeyLength = 32;

    /// <summary>Makes a key.</summary>
    /// <param name="subscriptionId">The subscription it is for.</param>
    /// <returns>The key as its subscriber gets it, which is nowhere else, and as it is kept.</returns>
    public (string Text, byte[] Kept) New(Guid subscriptionId)
    {
        var key = RandomNumberGenerator.GetBytes(KeyLength);
        return ($"whsec_{Convert.ToBase64String(key)}", keys.Seal(Version, subscriptionId, key).Sealed);
    }

    /// <summary>
    /// The keys with which something is signed now: the one in force, and the one before while its grace lasts and it can be read.
    /// </summary>
    /// <exception cref="ContentKeyException">The key that has encrypted the one in force is not there.</exception>
    /// <exception cref="InvalidDataException">The one in force is not what was encrypted.</exception>
    public IReadOnlyList<byte[]> Open(Subscription subscription, DateTimeOffset now)
    {
        var inForce = Open(subscription.Id, subscription.Secret);
        if (subscription.EarlierSecret is not { } earlier || !(subscription.EarlierUntil > now))
            return [inForce];

        try
        {
            return [inForce, Open(subscription.Id, earlier)];
        }
        catch (Exception exception) when (exception is ContentKeyException or InvalidDataException)
        {
            // It may be why it was rotated.
            return [inForce];
        }
    }

    byte[] Open(Guid id, byte[] kept) => keys.Open(Version, id, kept).ToArray();
}
