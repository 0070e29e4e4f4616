using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Postgres;

/// <summary>Settings of <c>Postgres</c>. Where it is stands in <c>ConnectionStrings:Postgres</c>.</summary>
public sealed class PostgresOptions
{
    /// <summary>
    /// True (default): the host brings the tables up to its own version when it starts; several hosts may start at once. False:
    /// it refuses to start on older tables, for installations where only a migrator may change them.
    /// </summary>
    public bool Migrate { get; set; } = true;

    /// <summary>The longest time the host waits for the servers when it starts, 0 s to 10 min, default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(60);
}
