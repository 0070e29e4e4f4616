using System.Diagnostics.Metrics;
using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NotificationBus.Contracts;
using NotificationBus.Outgoing;
using NotificationBus.Telemetry;

namespace NotificationBus.Tests.TestKit;

/// <summary>Events as producers publish them, with everything a template asks for.</summary>
static class An
{
    /// <summary>Instruments to which nobody listens.</summary>
    public static FlowMetrics Metrics() =>
        new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());

    /// <summary>News of which nobody is told.</summary>
    public static DeliveryNews News() =>
        new(
            new Lazy<OutgoingPublisher>(() => throw new NotSupportedException()),
            new Lazy<IBus>(() => throw new NotSupportedException()),
            TimeProvider.System,
            NullLogger<DeliveryNews>.Instance
        );

    public static OrderPlaced OrderPlaced(Contact? seller = null, string? eventId = null) =>
        new()
        {
            EventId = eventId,
            OrderId = "4711",
            Product = "Blue ceramic bowl",
            Total = new Money(590, "THB"),
            Buyer = A.Buyer,
            Seller = seller ?? A.Seller,
        };

    public static OrderShipped OrderShipped(Contact? buyer = null, string? eventId = null) =>
        new()
        {
            EventId = eventId,
            OrderId = "4711",
            Product = "Blue ceramic bowl",
            Carrier = "Thailand Post",
            TrackingNumber = "EX123456789TH",
            Buyer = buyer ?? A.Buyer,
        };

    public static NotificationRequested Announcement(
        Contact? recipient = null,
        string? eventId = null,
        IReadOnlyList<string>? channels = null
    ) =>
        new()
        {
            EventId = eventId,
            Category = "announcement",
            Recipient = recipient ?? A.Seller,
            Data = JsonElement.Parse("""{ "title": "New opening hours", "text": "We are open on Sunday." }"""),
            Channels = channels,
        };
}

/// <summary>People and events whose names do not begin with a vowel.</summary>
static class A
{
    /// <summary>When tests begin, unless they say otherwise.</summary>
    public static readonly DateTimeOffset Time = new(2026, 3, 14, 9, 26, 53, TimeSpan.Zero);

    public static readonly Contact Buyer = new()
    {
        Id = "buyer-7",
        Name = "Nok",
        Locale = "th",
        Email = "nok@example.com",
        PushTokens = ["phone-of-nok"],
    };

    public static readonly Contact Seller = new()
    {
        Id = "seller-42",
        Name = "Som",
        Locale = "en",
        Email = "som@example.com",
        PushTokens = ["phone-of-som"],
    };

    public static ChatMessageSent ChatMessage(Contact? seller = null, string? eventId = null) =>
        new()
        {
            EventId = eventId,
            ConversationId = "C-77",
            Text = "Is it still available?",
            Product = "Blue ceramic bowl",
            Buyer = Buyer,
            Seller = seller ?? Seller,
        };

    public static PaymentReminderDue PaymentReminder(Contact? buyer = null, string? eventId = null) =>
        new()
        {
            EventId = eventId,
            OrderId = "4711",
            Product = "Blue ceramic bowl",
            Total = new Money(590, "THB"),
            Buyer = buyer ?? Buyer,
        };
}
