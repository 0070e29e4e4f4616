using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// The time by the database's clock, which is the same for all hosts: when something began, is due or expires is written by one host and
/// read by another. A host's own clock only tells how much time has passed.
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

    // How far a clock may be off its rate between two measures, a thousandth: ten times what a bad one is.
    const double Drift = 0.001;

    static readonly TimeSpan ToldFor = TimeSpan.FromHours(1);

    long _difference;
    Reading? _last;
    volatile Jump? _jump;

    /// <summary>The time by which this host's clock is behind the database's; negative when it is ahead.</summary>
    public TimeSpan Difference => new(Interlocked.Read(ref _difference));

    /// <summary>The difference between the clocks, for a person to read; null when they do not differ.</summary>
    public string? Disagreement =>
        Difference.Duration() > Tolerance
            ? $"the clock of this host is {TimeSpan.FromSeconds(Math.Round(Difference.Duration().TotalSeconds)):c} "
                + $"{(Difference > TimeSpan.Zero ? "behind" : "ahead of")} the database's, which counts; set both by the same time server"
            : null;

    /// <summary>The jump ahead of the database's clock within the last hour, for a person to read; null when there was none.</summary>
    public string? JumpedAhead =>
        _jump is { } jump && own.Steady() - jump.At < ToldFor
            ? $"the database's clock jumped ahead by {TimeSpan.FromSeconds(Math.Round(jump.By.TotalSeconds)):c}, "
                + $"to {jump.To.UtcDateTime:u}, or this host stood still for as long"
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
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        own.CreateTimer(callback, state, dueTime, period);

    /// <summary>Finds out what the database's clock says.</summary>
    /// <returns>
    /// By how much it has jumped ahead since it was asked before, as far as the time that has passed tells; zero when it has not.
    /// </returns>
    public async Task<TimeSpan> Measure(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (began, asked) = (own.GetTimestamp(), own.GetUtcNow());
        await using var command = new NpgsqlCommand("SELECT now()", connection);
        var told = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!);
        var took = own.GetElapsedTime(began);
        if (took >= LongestMeasure)
            return TimeSpan.Zero;

        Interlocked.Exchange(ref _difference, (told - (asked + (took / 2))).Ticks);
        var reading = new Reading(told, own.Steady() - (took / 2));
        var before = Interlocked.Exchange(ref _last, reading) ?? reading;
        var passed = reading.At - before.At;
        var ahead = told - before.Told - passed;
        if (ahead <= Tolerance + (passed * Drift))
            return TimeSpan.Zero;

        _jump = new Jump(ahead, told, reading.At);
        return ahead;
    }

    /// <summary>A reading of the database's clock, and when it was taken, as <see cref="SteadyTime"/>.</summary>
    sealed record Reading(DateTimeOffset Told, TimeSpan At);

    sealed record Jump(TimeSpan By, DateTimeOffset To, TimeSpan At);
}
