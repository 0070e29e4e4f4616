using System.Collections.Frozen;
using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Telemetry;

namespace NotificationBus.Notifications;

/// <summary>What is kept to be published later, as the gauges show it.</summary>
public sealed class WaitingReadings(ChannelSet channels)
{
    readonly FrozenDictionary<string, string> _channelsByDestination = channels
        .All.SelectMany(channel => Enum.GetValues<Lane>(), (channel, lane) => (channel, lane))
        .ToFrozenDictionary(one => $"{ChannelEndpoint.Of(one.channel.Name, one.lane)}", one => one.channel.Name, StringComparer.Ordinal);

    /// <summary>Adds what waits to a reading.</summary>
    /// <param name="reading">The rest of it.</param>
    /// <param name="waiting">What is kept of notifications, gathered by destination and by what it waits for.</param>
    public RecordReading Add(RecordReading reading, IReadOnlyCollection<WaitingMessages> waiting)
    {
        var deliveries = waiting
            .Where(messages => _channelsByDestination.ContainsKey(messages.Destination))
            .GroupBy(messages => (Channel: _channelsByDestination[messages.Destination], Reason: ReasonOf(messages.WaitsFor)))
            .Select(group => new WaitingDeliveries(
                group.Key.Channel,
                group.Key.Reason,
                group.Sum(messages => messages.Count),
                group.Min(messages => messages.Since)
            ))
            .ToList();
        var timers = waiting
            .Where(messages => Enum.GetValues<Lane>().Any(lane => messages.Destination == $"{SagaEndpoint.Of(lane)}"))
            .Select(messages => new OldestNotification(WaitingReason.Schedule, messages.Since));
        return reading with
        {
            Deliveries = deliveries,
            Notifications =
            [
                .. reading
                    .Notifications.Concat(deliveries.Select(group => new OldestNotification(group.WaitingFor, group.Since)))
                    .Concat(timers)
                    .GroupBy(oldest => oldest.WaitingFor, StringComparer.Ordinal)
                    .Select(group => group.MinBy(oldest => oldest.Since)!),
            ],
        };
    }

    static string ReasonOf(string? waitsFor) =>
        waitsFor is null ? WaitingReason.Time
        : waitsFor.StartsWith("channel ", StringComparison.Ordinal) ? WaitingReason.Pause
        : waitsFor.StartsWith("provider ", StringComparison.Ordinal) ? WaitingReason.Provider
        : WaitingReason.Rate;
}

/// <summary>Messages that are kept for one destination and wait for the same.</summary>
/// <param name="Destination">Where they go.</param>
/// <param name="WaitsFor">What they wait for (<see cref="Outgoing.OutgoingMessage.WaitsFor"/>); null for a time.</param>
/// <param name="Count">How many.</param>
/// <param name="Since">When the notification of the oldest was accepted.</param>
public readonly record struct WaitingMessages(string Destination, string? WaitsFor, long Count, DateTimeOffset Since);
