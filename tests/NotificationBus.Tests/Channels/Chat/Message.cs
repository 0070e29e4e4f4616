using NotificationBus.Channels.Chat;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Chat;

/// <summary>A message as the tests of every chat service send it.</summary>
static class Message
{
    public static readonly Guid Id = Guid.Parse("5f0c9d1e-7a44-4a7e-9f3b-2f8f6f0f1a11");

    public static Delivery To(string address, string text = "New order 4711") =>
        new()
        {
            NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
            Id = Id,
            Channel = "chat",
            Address = address,
            RecipientName = "Somchai",
            Category = "order-placed",
            Content = new ChatContent(text),
        };
}
