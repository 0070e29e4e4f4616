using System.Globalization;
using System.Runtime.InteropServices;
using NotificationBus.Model;

namespace NotificationBus.Subscriptions;

/// <summary>
/// A stream of what becomes of all notifications that fit, for somebody who reads along. It is on record from when it was opened until
/// nobody has read it for a while, so that a reader that was cut off goes on where it was, at any host.
/// </summary>
public sealed record StreamListener : IListener
{
    /// <summary>The most of one application, and of those who see all: each costs every step that it is told of a row.</summary>
    public const int Most = 20;

    /// <summary>The most there may be: each step of a notification is held against all of them.</summary>
    public const int MostInAll = 100;

    /// <summary>
    /// How long nobody has read one that has to make room when there is none: readers are there every 15 s, and one whose host has died is
    /// back long before.
    /// </summary>
    public static readonly TimeSpan LeftAloneAfter = TimeSpan.FromMinutes(1);

    /// <inheritdoc />
    public required Guid Id { get; init; }

    /// <summary>The application of whose notifications it tells; null for those of all.</summary>
    public string? Application { get; init; }

    /// <summary>The events it tells, of <see cref="HeardEvents.All"/>.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>The category it tells of; null for every one.</summary>
    public string? Category { get; init; }

    /// <summary>The recipient's id it tells of; null for every one.</summary>
    public string? Recipient { get; init; }

    /// <summary>The business key it tells of, by name and value; null for every one, and for those without any.</summary>
    public KeyValuePair<string, string>? Key { get; init; }

    /// <inheritdoc />
    public bool Wants(string type, NotificationState notification) =>
        (Application is null || Application == notification.Application)
        && (Category is null || Category == notification.Category)
        && (Recipient is null || Recipient == notification.Recipient.Id)
        && (Key is not { } key || notification.Keys.GetValueOrDefault(key.Key) == key.Value)
        && Events.Contains(type, StringComparer.Ordinal);
}

/// <summary>A place in a stream: what comes after it is still to be told.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Number">The number of the last event that was told; 0 before the first.</param>
public sealed record StreamPlace(Guid Stream, long Number)
{
    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <returns>Null when it is anything else.</returns>
    public static StreamPlace? Parse(string text) =>
        text.Split('-') is [var stream, var number]
        && Guid.TryParseExact(stream, "N", out var id)
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? new StreamPlace(id, count)
            : null;

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Stream:N}-{Number}");
}

/// <summary>An event of a stream.</summary>
/// <param name="Number">Its number in the stream. They grow, and some may be left out.</param>
/// <param name="Type">One of <see cref="HeardEvents"/>.</param>
/// <param name="Body">What a webhook is told: a JSON object in one line.</param>
public sealed record StreamedEvent(long Number, string Type, string Body);

/// <summary>How much of a stream there is.</summary>
/// <param name="After">What came up to this number is not kept any more.</param>
/// <param name="UpTo">The number of the last event.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct StreamExtent(long After, long UpTo);
