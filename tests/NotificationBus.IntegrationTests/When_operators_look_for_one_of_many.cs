using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using NotificationBus.Notifications;
using NotificationBus.Tests.AnyRecord;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// Each condition, and each two of them, on many notifications of three months: what nearly all meet, what few meet, and what excludes each
/// other. What is read is bounded. <c>NOTIFICATIONBUS_TEST_NOTIFICATIONS=1000000</c> does it with a million, on a machine that does nothing
/// else, and holds the time against the promise as well.
/// </summary>
[Trait("Server", "PostgreSQL")]
public sealed partial class When_operators_look_for_one_of_many(BusAndDatabase servers, ITestOutputHelper output)
{
    const int LookedAtOnce = 1000;

    // By one statement: the places, and the notification, the references and the attempts at each.
    const long MostRead = 8 * LookedAtOnce;

    const int FewerNotifications = 100_000;

    static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(100);

    // A machine that is busy is asked again.
    const int MostTries = 20;

    static readonly int? Asked = int.TryParse(Environment.GetEnvironmentVariable("NOTIFICATIONBUS_TEST_NOTIFICATIONS"), out var count)
        ? count
        : null;

    static readonly int Count = Asked ?? FewerNotifications;

    static readonly NotificationFilter Any = new() { Limit = 50 };

    // By condition: what many meet, and what few or none do.
    static readonly (string Name, NotificationFilter Often, NotificationFilter Seldom)[] Conditions =
    [
        ("eventId", Any with { EventId = "event-503" }, Any with { EventId = "event-0" }),
        ("key", Any with { Key = KeyValuePair.Create("shop", "1") }, Any with { Key = KeyValuePair.Create("order", "250") }),
        ("recipient", Any with { Recipient = "marketplace" }, Any with { Recipient = "seller-7" }),
        ("address", Any with { Addresses = ["office@example.com"] }, Any with { Addresses = ["seller-7@example.com", "SELLER"] }),
        ("status", Any with { Status = "delivered" }, Any with { Status = "held" }),
        ("status", Any with { Status = "failed" }, Any with { Status = "sending" }),
        ("category", Any with { Category = "order-placed" }, Any with { Category = "announcement" }),
        ("channel", Any with { Channel = "email" }, Any with { Channel = "chat" }),
        ("provider", Any with { Provider = "smtp" }, Any with { Provider = "ses" }),
        ("providerMessageId", Any with { ProviderMessageId = "250 OK" }, Any with { ProviderMessageId = "m-500email" }),
        (
            "from",
            Any with
            {
                From = TimeProvider.System.GetUtcNow().AddDays(-30),
            },
            Any with
            {
                From = TimeProvider.System.GetUtcNow().AddDays(-0.01),
            }
        ),
        (
            "to",
            Any with
            {
                To = TimeProvider.System.GetUtcNow().AddDays(-30),
            },
            Any with
            {
                To = TimeProvider.System.GetUtcNow().AddDays(-89.9),
            }
        ),
    ];

    [Fact]
    public async Task Should_answer_soon_without_reading_a_table()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await Many_notifications.Write(database, Count);
        // Empty partitions, and the small tables, are read whole: that is less than to look into their index.
        await using var sql = new The_record(database);
        var large = await sql.Scalar<string[]>(
            $"SELECT array_agg(relname::text) FROM pg_class WHERE relkind = 'r' AND reltuples >= {LookedAtOnce}"
        );
        large.Length.ShouldBeGreaterThan(10);
        using var statements = new Statements_of_EF_Core();
        var took = new List<(TimeSpan Took, string Question)>();
        foreach (var (index, one) in Conditions.Index())
        {
            await Ask(one.Often, $"{one.Name} often");
            await Ask(one.Seldom, $"{one.Name} seldom");
            foreach (var other in Conditions.Skip(index + 1).Where(other => other.Name != one.Name))
            {
                await Ask(Filters.Both(one.Often, other.Often), $"{one.Name} often, {other.Name} often");
                await Ask(Filters.Both(one.Seldom, other.Often), $"{one.Name} seldom, {other.Name} often");
                await Ask(Filters.Both(one.Often, other.Seldom), $"{one.Name} often, {other.Name} seldom");
                await Ask(Filters.Both(one.Seldom, other.Seldom), $"{one.Name} seldom, {other.Name} seldom");
            }
        }

        took.Sort((one, other) => other.Took.CompareTo(one.Took));
        output.WriteLine(
            $"{took.Count} questions to {Count} notifications; half take less than {took[took.Count / 2].Took.TotalMilliseconds:F0} ms"
        );
        foreach (var (time, question) in took.Take(10))
            output.WriteLine($"{time.TotalMilliseconds:F0} ms: {question}");
        if (Asked is not null)
            took[0].Took.ShouldBeLessThan(Bound, took[0].Question);

        async Task Ask(NotificationFilter filter, string question)
        {
            var best = TimeSpan.MaxValue;
            for (var tries = 0; tries < 2 || (Asked is not null && tries < MostTries && best >= Bound); tries++)
            {
                statements.Clear();
                var began = Stopwatch.GetTimestamp();
                await record.Of<INotificationQueries>().Search(filter, CancellationToken.None);
                var elapsed = Stopwatch.GetElapsedTime(began);
                best = elapsed < best ? elapsed : best;
            }

            took.Add((best, question));
            foreach (var statement in statements.All)
            {
                var plan = await Statements_of_EF_Core.Explain(database, statement);
                ReadWhole().Matches(plan).Select(scan => scan.Groups["table"].Value).Intersect(large).ShouldBeEmpty($"{question}\n{plan}");
                Read(plan).ShouldBeLessThan(MostRead, $"{question}\n{plan}");
            }
        }
    }

    [GeneratedRegex(@"Seq Scan on (?<table>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ReadWhole();

    /// <summary>What was read of tables and indexes, in rows: the plan says it for each time.</summary>
    static long Read(string plan)
    {
        var (read, times) = (0L, 0L);
        foreach (Match line in Counts().Matches(plan))
        {
            var rows = long.Parse(line.Groups["rows"].Value, CultureInfo.InvariantCulture);
            if (line.Groups["loops"] is { Success: true } loops)
            {
                // The entries of a bitmap are not looked at one by one: what is, stands in the scan above it.
                var looks =
                    line.Value.Contains("Scan", StringComparison.Ordinal)
                    && !line.Value.Contains("Bitmap Index Scan", StringComparison.Ordinal);
                times = looks ? long.Parse(loops.Value, CultureInfo.InvariantCulture) : 0;
            }

            read += rows * times;
        }

        return read;
    }

    [GeneratedRegex(
        @"->[^\n]*\(actual rows=(?<rows>\d+) loops=(?<loops>\d+)\)|Rows Removed by [^\n:]*: (?<rows>\d+)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Counts();
}
