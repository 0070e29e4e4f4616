using System.Globalization;

namespace NotificationBus.Postgres;

/// <summary>A month (UTC) and its partitions: of notifications, of their attempts, of their sagas' steps, and of contents.</summary>
readonly record struct Month(DateOnly First)
{
    const string Prefix = "notification_";
    const string ContentsPrefix = "content_";
    const string Format = "yyyy_MM";

    public string Notifications => $"{Prefix}{Text(Format)}";

    public string Attempts => $"delivery_attempt_{Text(Format)}";

    public string Steps => $"saga_step_{Text(Format)}";

    public string Contents => $"{ContentsPrefix}{Text(Format)}";

    public string References => $"notification_reference_{Text(Format)}";

    /// <summary>The times of what many have in common.</summary>
    public string Ranges => $"notification_range_{Text(Format)}";

    /// <summary>Those that were not delivered.</summary>
    public string NotDelivered => $"notification_not_delivered_{Text(Format)}";

    /// <summary>Its first day, as a literal.</summary>
    public string FirstDay => Text("yyyy-MM-dd");

    /// <summary>Its first moment, as a literal.</summary>
    public string Begin => $"{FirstDay} 00:00:00+00";

    /// <summary>The first moment after it, as a literal.</summary>
    public string End => Next.Begin;

    /// <summary>The month after it.</summary>
    public Month Next => new(First.AddMonths(1));

    /// <summary>The month of a partition of notifications; null when the table is none.</summary>
    public static Month? Of(string table) => Of(table, Prefix);

    /// <summary>The month of a partition of contents; null when the table is none.</summary>
    public static Month? OfContents(string table) => Of(table, ContentsPrefix);

    static Month? Of(string table, string prefix) =>
        table.StartsWith(prefix, StringComparison.Ordinal)
        && DateOnly.TryParseExact(table[prefix.Length..], Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var first)
            ? new Month(first)
            : null;

    public override string ToString() => Text("yyyy-MM");

    string Text(string format) => First.ToString(format, CultureInfo.InvariantCulture);
}
