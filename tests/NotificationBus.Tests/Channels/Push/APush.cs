using NotificationBus.Channels.Push;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Push;

/// <summary>A push for every vendor.</summary>
static class APush
{
    public static Guid Id { get; } = Guid.Parse("22222222-2222-2222-2222-222222222222");

    public static Delivery To(string address) =>
        new()
        {
            NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
            Id = Id,
            Channel = "push",
            Address = address,
            RecipientName = "Somchai",
            // Ten minutes after the clock of the tests.
            ExpiresAt = new DateTimeOffset(2026, 3, 14, 9, 36, 53, TimeSpan.Zero),
            Category = "order-placed",
            Content = new PushContent("ขายแล้ว", "\"Bowl\" & more"),
        };
}
