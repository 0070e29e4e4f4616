using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// The time by the database's clock, which is the same for all hosts: when something began, is due or expires is written by one host and read by
/// another. A host's own clock only tells how much time has passed.
/// </summary>
/// <param name="own">The host's own clock.</param>
public sealed class RecordClock(TimeProvider own) : TimeProvider
{
    /// <summary>Clocks that differ by more are told of.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    // Clocks that are kept right differ by milliseconds, and to measure it takes as long: what is less than this is left alone.
    static readonly TimeSpan Noticeable = TimeSpan.FromMilliseconds(500);

    // An answer that took longer may have been given at any time meanwhile.
    static readonly TimeSpan LongestMeasure = TimeSpan.FromSeconds(1);

    long _difference;

    /// <summary>How far this host's clock is behind the database's; negative when it is ahead.</summary>
    public TimeSpan Difference => new(Interlocked.Read(ref _difference));

    /// <summary>How the clocks differ, for a person to read; null when they do not.</summary>
    public string? Disagreement => Difference.Duration() > Tolerance
        ? $"the clock of this host is {TimeSpan.FromSeconds(Math.Round(Difference.Duration().TotalSeconds)):c} {(Difference > TimeSpan.Zero ? "behind" : "ahead of")} the database's, which counts; set both by the same time server"
        : null;

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => own.LocalTimeZone;

    /// <inheritdoc />
    public override long TimestampFrequency => own.TimestampFrequency;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow()
    {
        var difference = Difference;
        return difference.Duration() < Noticeable ? own.GetUtcNow() : own.GetUtcNow() + difference;
    }

    /// <inheritdoc />
    public override long GetTimestamp() => own.GetTimestamp();

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => own.CreateTimer(callback, state, dueTime, period);

    /// <summary>Finds out what the database's clock says.</summary>
    public async Task Measure(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (began, asked) = (own.GetTimestamp(), own.GetUtcNow());
        await using var command = new NpgsqlCommand("SELECT now()", connection);
        var told = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!);
        var took = own.GetElapsedTime(began);
        if (took < LongestMeasure)
            Interlocked.Exchange(ref _difference, (told - (asked + (took / 2))).Ticks);
    }
}
