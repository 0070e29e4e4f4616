using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Model;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Sandbox;

/// <summary>Deliveries as the sandbox gets them.</summary>
static class Caught
{
    public static Delivery Push(string title = "Order placed") =>
        Delivery("push", "demo-token", new PushContent(title, "Nok bought a bowl"));

    public static Delivery Email(string html = "<p>Hello</p>") =>
        Delivery("email", "som@example.com", new EmailContent("มีคำสั่งซื้อใหม่", html, "Hello"));

    public static Delivery Delivery(string channel, string address, Content content) =>
        new()
        {
            NotificationId = Guid.NewGuid(),
            Id = Guid.NewGuid(),
            Channel = channel,
            Address = address,
            RecipientName = "Som",
            Category = "order-placed",
            Content = content,
        };
}
