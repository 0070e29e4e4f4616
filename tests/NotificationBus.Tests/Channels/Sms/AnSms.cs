using NotificationBus.Channels.Sms;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Sms;

/// <summary>A text message for every vendor.</summary>
static class AnSms
{
    public const string Number = "+66812345678";
    public const string Text = "Sold & paid: 590 THB";

    public static Guid Id { get; } = Guid.Parse("22222222-2222-2222-2222-222222222222");

    public static Delivery ToSomchai { get; } =
        new()
        {
            NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
            Id = Id,
            Channel = "sms",
            Address = Number,
            RecipientName = "Somchai",
            // Ten minutes after the clock of the tests.
            ExpiresAt = new DateTimeOffset(2026, 3, 14, 9, 36, 53, TimeSpan.Zero),
            Category = "order-placed",
            Content = SmsContent.Of(Text),
        };
}
