using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using NotificationBus.Model;

namespace NotificationBus.Intake;

/// <summary>
/// Reads when a notification is to be sent. A moment has an offset from UTC; without one it is a wall time, and its zone says where the
/// wall is. A wall time that the clocks pass over is the first moment after; of one that comes twice, the first is meant.
/// </summary>
public static partial class SendTimes
{
    const string TimeRule = "must be a time such as 2026-12-24T18:00:00+07:00";

    // No zone is further from UTC, nor changes by more.
    static readonly TimeSpan Around = TimeSpan.FromHours(27);

    static readonly string[] Moments = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"];

    static readonly ConcurrentDictionary<string, TimeZoneInfo> Zones = new(StringComparer.Ordinal);

    /// <summary>Reads it, and what is wrong with it.</summary>
    /// <param name="sendAt">The moment, or the wall time.</param>
    /// <param name="timeZone">The zone of a wall time (IANA), such as <c>Asia/Bangkok</c>.</param>
    /// <param name="delay">A duration (ISO 8601) in days, hours, minutes and seconds, such as <c>PT2H</c>.</param>
    /// <param name="expiresAt">The time from which it is of no use.</param>
    /// <returns>Null when nothing is said.</returns>
    public static (SendSchedule? Schedule, IReadOnlyList<Breach> Breaches) Read(
        string? sendAt,
        string? timeZone,
        string? delay,
        string? expiresAt
    )
    {
        if (sendAt is null && timeZone is null && delay is null && expiresAt is null)
            return (null, []);

        var breaches = new List<Breach>();
        var at = sendAt is null ? null : ReadMoment(sendAt, timeZone, breaches);
        if (sendAt is null && timeZone is not null)
            breaches.Add(new Breach("timeZone", "says nothing without sendAt"));
        if (sendAt is not null && delay is not null)
            breaches.Add(new Breach("delay", "says the same as sendAt; send one of them"));
        var after = delay is null ? null : ReadDelay(delay, breaches);
        var until = expiresAt is null ? null : ReadExpiry(expiresAt, breaches);
        if (until <= at)
            breaches.Add(new Breach("expiresAt", "must be later than sendAt"));
        return (new SendSchedule(at, after, until, $"{sendAt}|{timeZone}|{delay}|{expiresAt}"), breaches);
    }

    /// <summary>The moment of a wall time in a zone.</summary>
    public static DateTimeOffset MomentOf(DateTime wall, TimeZoneInfo zone)
    {
        if (zone.IsAmbiguousTime(wall))
            return new DateTimeOffset(wall, zone.GetAmbiguousTimeOffsets(wall).Max()).ToUniversalTime();
        if (!zone.IsInvalidTime(wall))
            return new DateTimeOffset(wall, zone.GetUtcOffset(wall)).ToUniversalTime();

        // The moment at which the clocks are put forward, which is on a whole second.
        var utc = DateTime.SpecifyKind(wall, DateTimeKind.Utc);
        var (before, after) = ((utc - Around).Ticks / TimeSpan.TicksPerSecond, (utc + Around).Ticks / TimeSpan.TicksPerSecond);
        while (after - before > 1)
        {
            var middle = before + (after - before) / 2;
            if (WallAt(middle) < wall)
                before = middle;
            else
                after = middle;
        }

        return new DateTimeOffset(after * TimeSpan.TicksPerSecond, TimeSpan.Zero);

        DateTime WallAt(long second)
        {
            var moment = new DateTime(second * TimeSpan.TicksPerSecond, DateTimeKind.Utc);
            return DateTime.SpecifyKind(moment + zone.GetUtcOffset(moment), DateTimeKind.Unspecified);
        }
    }

    static DateTimeOffset? ReadMoment(string sendAt, string? timeZone, List<Breach> breaches)
    {
        if (!DateTime.TryParseExact(sendAt, Moments, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time))
        {
            breaches.Add(new Breach("sendAt", $"{TimeRule}, or a wall time with timeZone"));
            return null;
        }

        if (time.Kind == DateTimeKind.Unspecified)
        {
            if (timeZone is null)
            {
                breaches.Add(new Breach("sendAt", "must have an offset from UTC such as +07:00, or timeZone must say its zone"));
                return null;
            }

            return ReadZone(timeZone, breaches) is { } zone && IsNear(time, breaches) ? MomentOf(time, zone) : null;
        }

        if (timeZone is not null)
            breaches.Add(new Breach("timeZone", "must be left out when sendAt has an offset"));
        return IsNear(time, breaches) ? Moment(sendAt) : null;
    }

    // Beyond that a moment may have no place in the calendar of a zone.
    static bool IsNear(DateTime time, List<Breach> breaches)
    {
        if (time.Year is > 1970 and < 9999)
            return true;

        breaches.Add(new Breach("sendAt", $"must be at most {SendSchedule.Longest.TotalDays} days from now"));
        return false;
    }

    static DateTimeOffset? Moment(string text) =>
        DateTimeOffset.TryParseExact(text, Moments, CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment)
            ? moment.ToUniversalTime()
            : null;

    static DateTimeOffset? ReadExpiry(string expiresAt, List<Breach> breaches)
    {
        if (
            DateTime.TryParseExact(expiresAt, Moments, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time)
            && time.Kind != DateTimeKind.Unspecified
            && time.Year is > 1970 and < 9999
        )
            return Moment(expiresAt);

        breaches.Add(new Breach("expiresAt", TimeRule));
        return null;
    }

    static TimeSpan? ReadDelay(string delay, List<Breach> breaches)
    {
        if (Duration().Match(delay) is { Success: true } parts && parts.Length > 1 && delay[^1] != 'T')
        {
            var time =
                TimeSpan.FromDays(Number(parts, "days"))
                + TimeSpan.FromHours(Number(parts, "hours"))
                + TimeSpan.FromMinutes(Number(parts, "minutes"))
                + TimeSpan.FromSeconds(Number(parts, "seconds"));
            if (time <= SendSchedule.Longest)
                return time;
        }

        breaches.Add(new Breach("delay", $"must be a duration such as PT2H or P1DT30M, at most P{SendSchedule.Longest.TotalDays}D"));
        return null;
    }

    static int Number(Match parts, string name) =>
        parts.Groups[name] is { Success: true } number ? int.Parse(number.ValueSpan, CultureInfo.InvariantCulture) : 0;

    static TimeZoneInfo? ReadZone(string name, List<Breach> breaches)
    {
        // Only names that there are: they are read from files.
        if (
            ZoneName().IsMatch(name)
            && (
                Zones.TryGetValue(name, out var zone)
                || (TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone) && zone.HasIanaId && Zones.TryAdd(name, zone))
            )
        )
            return zone;

        breaches.Add(new Breach("timeZone", "must be a time zone of the IANA database such as Asia/Bangkok"));
        return null;
    }

    [GeneratedRegex(
        @"\AP((?<days>\d{1,7})D)?(T((?<hours>\d{1,7})H)?((?<minutes>\d{1,7})M)?((?<seconds>\d{1,7})S)?)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Duration();

    [GeneratedRegex(
        @"\A[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,32}){0,2}\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    )]
    private static partial Regex ZoneName();
}
