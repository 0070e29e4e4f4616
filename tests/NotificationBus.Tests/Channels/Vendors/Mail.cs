using NotificationBus.Channels.Email;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Vendors;

/// <summary>A mail for every vendor of e-mail.</summary>
static class Mail
{
    public const string From = "shop@example.com";
    public const string FromName = "ร้าน Example";

    public static Guid Id { get; } = Guid.Parse("22222222-2222-2222-2222-222222222222");

    public static Delivery ToSomchai { get; } =
        new()
        {
            NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
            Id = Id,
            Channel = "email",
            Address = "somchai@example.net",
            RecipientName = "Somchai",
            Category = "order-placed",
            Content = new EmailContent("ขายแล้ว: \"bowl\"", "<p>Sold &amp; paid</p>", "Sold & paid."),
        };
}
