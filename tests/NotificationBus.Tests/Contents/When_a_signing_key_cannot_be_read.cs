using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using NotificationBus.Contents;
using NotificationBus.Subscriptions;

namespace NotificationBus.Tests.Contents;

/// <summary>A subscription is rotated after the key that has encrypted its secret is lost.</summary>
public sealed class When_a_signing_key_cannot_be_read
{
    static readonly DateTimeOffset Now = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);

    readonly Guid _id = Guid.CreateVersion7();

    [Fact]
    public void Should_sign_with_the_new_one_alone()
    {
        using ContentKeys lost = With("k1"),
            kept = With("k2");
        var now = new SubscriptionSecrets(kept);
        var (text, secret) = now.New(_id);

        var keys = now.Open(Rotated(secret, new SubscriptionSecrets(lost).New(_id).Kept), Now);
        var damaged = now.Open(Rotated(secret, [.. now.New(_id).Kept[..^1], 0, 0]), Now);

        $"whsec_{Convert.ToBase64String(keys.ShouldHaveSingleItem())}".ShouldBe(text);
        damaged.ShouldHaveSingleItem().ShouldBe(keys[0]);
    }

    [Fact]
    public void Should_sign_with_none_when_it_is_the_one_in_force()
    {
        using ContentKeys lost = With("k1"),
            kept = With("k2");
        var now = new SubscriptionSecrets(kept);

        Should.Throw<ContentKeyException>(() => now.Open(Rotated(new SubscriptionSecrets(lost).New(_id).Kept, now.New(_id).Kept), Now));
    }

    Subscription Rotated(byte[] secret, byte[] earlier) =>
        new()
        {
            Id = _id,
            Url = "https://a.example/hook",
            Events = [HeardEvents.DeliverySent],
            Secret = secret,
            EarlierSecret = earlier,
            EarlierUntil = Now.AddHours(1),
        };

    static ContentKeys With(string id) =>
        new(
            Options.Create(
                new ContentsOptions
                {
                    Key = id,
                    Keys = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        [id] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
                    },
                }
            )
        );
}
