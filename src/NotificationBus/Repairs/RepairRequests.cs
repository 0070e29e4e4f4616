using System.Globalization;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Intake.Maps;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Planning;

namespace NotificationBus.Repairs;

/// <summary>
/// The request that begins another notification in the place of one that has failed. Its name follows from that one alone, and so does its
/// id: whoever repairs it, in whatever plan and how often, begins the same one, and the saga takes it once.
/// </summary>
public sealed class RepairRequests(OutgoingPublisher publisher, PlanningRules planning, IMessageApplications applications)
{
    static readonly NotificationRequestedMap Map = new();

    /// <summary>The request, with what the event has said and the day by which it is of use.</summary>
    public static NotificationRequested Of(NotificationState failed) =>
        new()
        {
            EventId = NameOf(failed.CorrelationId),
            Category = failed.Category,
            Recipient = failed.Recipient,
            Data = failed.Data,
            Channels = failed.RequestedChannels,
            Keys = failed.Keys.Count > 0 ? failed.Keys : null,
            Email = failed.Extras?.Email,
            Push = failed.Extras?.Push,
            Metadata = Metadata.OrNull(failed.Metadata),
            ExpiresAt = failed.ExpiresAt.ToString("O", CultureInfo.InvariantCulture),
        };

    /// <summary>The same as it is planned.</summary>
    public static NotificationRequest Read(NotificationState failed) => Map.Read(Of(failed), Guid.Empty, failed.Application);

    /// <summary>The id of the notification that it begins.</summary>
    public static Guid IdOf(NotificationState failed) => Map.NotificationId(Of(failed), Guid.Empty, failed.Application);

    /// <summary>The id of the notification that was begun in the place of one that was repaired.</summary>
    public static Guid IdOf(NotificationView repaired) => Map.IdOf(NameOf(repaired.Id), repaired.Recipient, repaired.Application);

    /// <summary>
    /// The request that sends one delivery once more, to its address alone: nobody is sent a copy again, and what is for other channels is
    /// left out. What is of no use any more by what the event said is of use for as long as any of its category is: somebody has decided
    /// that it is.
    /// </summary>
    /// <param name="notification">The notification.</param>
    /// <param name="delivery">Its delivery.</param>
    /// <param name="channel">The channel of the delivery.</param>
    /// <param name="now">The time.</param>
    public static NotificationRequested Of(NotificationState notification, DeliveryState delivery, IChannel channel, DateTimeOffset now)
    {
        var request = Of(notification);
        var extras = notification.Extras?.For(channel.Name);
        return request with
        {
            EventId = NameOf(notification, delivery),
            Channels = [channel.Name],
            Recipient = OnlyAt(request.Recipient, channel, delivery.Address),
            Email = extras?.Email is { } email ? email with { Cc = null } : null,
            Push = extras?.Push,
            ExpiresAt = notification.ExpiresAt > now ? request.ExpiresAt : null,
        };
    }

    /// <summary>The id of the notification that sends one delivery once more.</summary>
    public static Guid IdOf(NotificationState notification, DeliveryState delivery) =>
        Map.IdOf(NameOf(notification, delivery), notification.Recipient.Id, notification.Application);

    static string NameOf(NotificationState notification, DeliveryState delivery) =>
        $"resend-{notification.CorrelationId:N}-{delivery.Id:N}";

    /// <summary>
    /// The person with the one address alone. What else is there may be malformed: on the bus that costs only its own channel.
    /// </summary>
    static Contact OnlyAt(Contact person, IChannel channel, string address)
    {
        var nowhere = person with { Email = null, Phone = null, WebhookUrl = null, PushTokens = [], Chat = [] };
        IEnumerable<Contact> each =
        [
            nowhere with
            {
                Email = person.Email,
            },
            nowhere with
            {
                Phone = person.Phone,
            },
            nowhere with
            {
                WebhookUrl = person.WebhookUrl,
            },
            .. person.PushTokens.Select(token => nowhere with { PushTokens = [token] }),
            .. person.Chat.Select(place => nowhere with { Chat = [place] }),
        ];
        // A channel of somebody's own may need more than one of them.
        return each.FirstOrDefault(one => channel.AddressesOf(one).Contains(address, StringComparer.Ordinal)) ?? person;
    }

    static string NameOf(Guid failed) => $"repair-{failed:N}";

    /// <summary>The message that begins it.</summary>
    public Task<OutgoingMessage> Write(NotificationState failed) =>
        publisher.Write(
            SagaEndpoint.Of(planning.RuleOf(failed.Category).Lane),
            Of(failed),
            DeterministicId.From("repair", $"{failed.CorrelationId:N}"),
            conversationId: null,
            send => applications.Name(send, failed.Application)
        );
}
