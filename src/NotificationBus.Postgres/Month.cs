using System.Globalization;

namespace NotificationBus.Postgres;

/// <summary>A month (UTC) and its partitions: of notifications, of their attempts, and of their sagas' steps.</summary>
readonly record struct Month(DateOnly First)
{
    const string Prefix = "notification_";
    const string Format = "yyyy_MM";

    public string Notifications => $"{Prefix}{Text(Format)}";

    public string Attempts => $"delivery_attempt_{Text(Format)}";

    public string Steps => $"saga_step_{Text(Format)}";

    /// <summary>Its first moment, as a literal.</summary>
    public string Begin => $"{Text("yyyy-MM-dd")} 00:00:00+00";

    /// <summary>The first moment after it, as a literal.</summary>
    public string End => new Month(First.AddMonths(1)).Begin;

    /// <summary>The month of a partition of notifications; null when the table is none.</summary>
    public static Month? Of(string table) =>
        table.StartsWith(Prefix, StringComparison.Ordinal)
        && DateOnly.TryParseExact(table[Prefix.Length..], Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var first)
            ? new Month(first)
            : null;

    public override string ToString() => Text("yyyy-MM");

    string Text(string format) => First.ToString(format, CultureInfo.InvariantCulture);
}
