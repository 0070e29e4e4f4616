using System.Diagnostics;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Postgres;

/// <summary>
/// One search in the record. It goes along one list in the order of notifications, which an index or a small table has, and looks at the
/// notifications there. A list that is short is gone along to its end, and the answer is whole. Of lists that are all long it goes along
/// one for as long as an operator likes to wait; the next page goes on from there.
/// </summary>
/// <remarks>
/// The server is not left to choose: it takes two conditions for independent, and reads a million rows for those that exclude each other.
/// </remarks>
sealed class PostgresNotificationSearch(NotificationBusDbContext context, NotificationFilter filter)
{
    // What is looked at by one statement. A place costs about ten microseconds.
    const int LargestWindow = 1000;

    // A range has as many notifications as were written together: one at rest, and hundreds under load.
    const int FirstRanges = 64;
    const int MoreRanges = 4;

    // Then no other window is begun.
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(40);

    // A window that was looked at in less may be larger.
    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(8);

    static readonly TimeSpan LongestRange = TimeSpan.FromSeconds(1);

    static readonly DateTimeOffset BeginOfTime = new(1000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Attempts of no notification have the time infinity.
    static readonly DateTimeOffset EndOfTime = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly Dictionary<string, string> States = (
        (string[])["Held", "PartlyDelivered", "Cancelled", "Expired", "Failed"]
    ).ToDictionary(NotificationView.StatusOf, StringComparer.Ordinal);

    readonly long? _key = filter.Key is { } key ? NotificationReferences.OfKey(key.Key, key.Value) : null;
    readonly List<long> _addresses = [.. filter.Addresses.Select(NotificationReferences.OfAddress).Distinct()];

    NotificationCursor _after = filter.After ?? new NotificationCursor(EndOfTime, Guid.Empty);
    bool _goesByMessage;

    public async Task<FoundNotifications> Run(CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var way = await GoesByMessage(cancellationToken) ? Along(OfMessage) : await Choose(cancellationToken);
        var window = way.FirstWindow;
        var found = new List<NotificationSummary>();
        while (true)
        {
            var begunWindow = Stopwatch.GetTimestamp();
            var wanted = filter.Limit + 1 - found.Count;
            var rows = await way.Fitting(window).Take(wanted).ToListAsync(cancellationToken);
            // Who was asked twice, or has two of the addresses, comes twice.
            found.AddRange(rows.Select(ToSummary).Where((row, index) => index == 0 || row.Id != rows[index - 1].Id));
            if (found.Count > filter.Limit)
                return FoundNotifications.Page(found, filter.Limit);

            if (rows.Count == wanted)
                _after = new NotificationCursor(rows[^1].CreatedAt, rows[^1].Id);
            else if (await way.End(window).SingleOrDefaultAsync(cancellationToken) is { } end)
                GoOn(end);
            else
                return new FoundNotifications(found, Next: null, EndsEarly: false);

            if (Stopwatch.GetElapsedTime(began) > Patience)
                return new FoundNotifications(found, _after, EndsEarly: true);
            if (Stopwatch.GetElapsedTime(begunWindow) < Soon)
                window = Math.Min(window * MoreRanges, LargestWindow);
        }

        void GoOn(Place end)
        {
            // Of ranges that all reach as far, a few more have to be taken to get on.
            if (end.CreatedAt < _after.CreatedAt || (end.CreatedAt == _after.CreatedAt && end.Id.CompareTo(_after.Id) < 0))
                _after = new NotificationCursor(end.CreatedAt, end.Id);
            else
                window *= MoreRanges;
        }
    }

    // Of all times: the index has them in no order of time, so that those of a few days are as long in the finding.
    async Task<bool> GoesByMessage(CancellationToken cancellationToken) =>
        _goesByMessage = filter.ProviderMessageId is not null && !await Calls().Skip(LargestWindow - 1).Take(1).AnyAsync(cancellationToken);

    /// <summary>The list to go along: the first that ends within a window, or else the first there is.</summary>
    async Task<Way> Choose(CancellationToken cancellationToken)
    {
        var ways = Ways();
        foreach (var way in ways.Count == 1 ? [] : ways)
        {
            if (!await way.End(LargestWindow).AnyAsync(cancellationToken))
                return way;
        }

        return ways[0];
    }

    /// <summary>The lists that have all that fits; as a rule the shortest first.</summary>
    List<Way> Ways()
    {
        var ways = new List<Way>();
        if (filter.EventId is { } eventId)
            ways.Add(Along(() => Of(NotificationReferences.OfEvent(eventId))));
        if (_key is { } key)
            ways.Add(Along(() => Of(key)));
        if (_addresses.Count > 0)
        {
            ways.Add(Along(() => _addresses.Skip(1).Aggregate(Of(_addresses[0]), (all, address) => First(all).Concat(First(Of(address))))));
        }

        if (filter.Recipient is { } recipient)
            ways.Add(Along(() => Places(context.Notifications.Where(row => row.RecipientId == recipient))));
        if (filter.Status is { } status && States.TryGetValue(status, out var state))
        {
            ways.Add(
                Along(() =>
                    Within(
                        context
                            .NotDelivered.Where(row => row.State == state)
                            .Select(row => new Place { CreatedAt = row.CreatedAt, Id = row.Id })
                    )
                )
            );
        }

        if (filter.Status == "sending")
        {
            ways.Add(
                Along(() =>
                    First(Places(context.Notifications.Where(row => row.CreatedAt >= context.SweepMarks.Max(mark => mark.CreatedAt))))
                        .Concat(First(Within(context.Unfinished.Select(row => new Place { CreatedAt = row.CreatedAt, Id = row.Id }))))
                )
            );
        }

        if (filter.Provider is { } provider)
            ways.Add(AlongRanges(NotificationReferences.OfProvider(provider)));
        if (filter.Channel is { } channel)
            ways.Add(AlongRanges(NotificationReferences.OfChannel(channel)));
        if (filter.Application is { } application and not Applications.Default)
            ways.Add(AlongRanges(NotificationReferences.OfApplication(application)));
        if (filter.Category is { } category)
            ways.Add(AlongRanges(NotificationReferences.OfCategory(category)));
        if (ways.Count == 0)
            ways.Add(Along(() => Places(context.Notifications)));
        return ways;
    }

    /// <summary>A list of places, from where the page begins.</summary>
    Way Along(Func<IQueryable<Place>> list) =>
        new(
            // All that a list of one condition has fits. Whether a provider was asked takes several times as long to find out.
            FirstWindow: filter.Provider is not null ? LargestWindow / MoreRanges
                : Conditions(filter) > 1
                || filter.Status is "sending" or "delivered"
                || (filter.ProviderMessageId ?? filter.TemplateVersion) is not null
                    ? LargestWindow
                : filter.Limit + 1,
            Fitting: window => At(InOrder(list()).Take(window)),
            End: window => InOrder(list()).Skip(window - 1).Take(1)
        );

    /// <summary>The notifications that fit at some places, in order.</summary>
    /// <remarks>
    /// What is said of the place alone is always true. Without it EF Core would number the rows of the whole table, in the place of a look
    /// for each; so it is with the ranges below.
    /// </remarks>
    IQueryable<NotificationRow> At(IQueryable<Place> places)
    {
        var fitting = Fitting();
        return places
            .SelectMany(
                place =>
                    fitting.Where(row => row.CreatedAt == place.CreatedAt && row.Id == place.Id && place.CreatedAt < EndOfTime).Take(1),
                (place, row) => new { place, row }
            )
            .OrderByDescending(both => both.place.CreatedAt)
            .ThenByDescending(both => both.place.Id)
            .Select(both => both.row);
    }

    /// <summary>
    /// A list of ranges. Those that overlap may reach into the next window, so that a window ends where the next range does, and all that
    /// began later has been looked at.
    /// </summary>
    Way AlongRanges(long reference)
    {
        return new Way(
            FirstWindow: Math.Max(FirstRanges, filter.Limit + 1),
            Fitting: window =>
            {
                var (from, to, at, id) = Bounds;
                var end = Ranges().Skip(window).Select(range => (DateTimeOffset?)range.Until).Take(1);
                // Not as the comparison of rows alone, where the server would begin to read each range: at the end of the table.
                var fitting = Fitting()
                    .Where(row =>
                        row.CreatedAt >= from
                        && row.CreatedAt < to
                        && row.CreatedAt <= at
                        && (
                            row.CreatedAt < at || EF.Functions.LessThan(ValueTuple.Create(row.CreatedAt, row.Id), ValueTuple.Create(at, id))
                        )
                    );
                return Ranges()
                    .Take(window)
                    .SelectMany(range =>
                        fitting
                            .Where(row =>
                                row.CreatedAt >= range.Since
                                && row.CreatedAt <= range.Until
                                && row.CreatedAt > (end.FirstOrDefault() ?? BeginOfTime)
                            )
                            .OrderByDescending(row => row.CreatedAt)
                            .ThenByDescending(row => row.Id)
                            .Take(int.MaxValue)
                    )
                    .OrderByDescending(row => row.CreatedAt)
                    .ThenByDescending(row => row.Id);
            },
            End: window => Ranges().Skip(window).Take(1).Select(range => new Place { CreatedAt = range.Until, Id = Guid.AllBitsSet })
        );

        IQueryable<RangeRow> Ranges()
        {
            var (from, to, at, _) = Bounds;
            var last = (at < to ? at : to) < EndOfTime ? (at < to ? at : to) + LongestRange : EndOfTime;
            return context
                .Ranges.Where(range =>
                    range.Reference == reference && range.Until >= from && range.Until <= last && range.Since <= at && range.Since < to
                )
                .OrderByDescending(range => range.Until);
        }
    }

    IQueryable<NotificationRow> Fitting()
    {
        var rows = context.Notifications;
        if (filter.Application is { } application)
            rows = rows.Where(row => row.Application == application);
        if (filter.EventId is { } eventId)
            rows = rows.Where(row => row.EventId == eventId);
        if (filter.Recipient is { } recipient)
            rows = rows.Where(row => row.RecipientId == recipient);
        if (filter.Category is { } category)
            rows = rows.Where(row => row.Category == category);
        if (filter.TemplateVersion is { } version)
            rows = rows.Where(row => row.TemplateVersion == version);
        if (filter.Status is { } status)
        {
            var state = StateOf(status);
            rows = rows.Where(row => row.State == state);
        }

        if (filter.Channel is { } channel)
        {
            var delivery = JsonSerializer.Serialize(new[] { new { channel } });
            rows = rows.Where(row => EF.Functions.JsonContains(row.Deliveries, delivery));
        }

        // Not as what exists: the server might read all that have the reference, to look among them for the few of a window.
        if (_key is { } key)
        {
            rows = rows.Where(row =>
                row.Id
                == context
                    .References.Where(of => of.Reference == key && of.CreatedAt == row.CreatedAt && of.Id == row.Id)
                    .Select(of => of.Id)
                    .FirstOrDefault()
            );
        }

        if (_addresses.Count > 0)
        {
            rows = rows.Where(row =>
                row.Id
                == context
                    .References.Where(of => _addresses.Contains(of.Reference) && of.CreatedAt == row.CreatedAt && of.Id == row.Id)
                    .Select(of => of.Id)
                    .FirstOrDefault()
            );
        }

        if (filter.Provider is { } provider)
            rows = rows.Where(row => NotificationBusDbContext.WasAsked(provider, row.Deliveries, row.CreatedAt));

        // Those of the calls that were the last of their delivery.
        if (filter.ProviderMessageId is { } providerMessageId && !_goesByMessage)
        {
            var delivery = JsonSerializer.Serialize(new[] { new { providerMessageId } });
            rows = rows.Where(row => EF.Functions.JsonContains(row.Deliveries, delivery));
        }

        return rows;
    }

    IQueryable<Place> Of(long reference) =>
        Within(
            context.References.Where(row => row.Reference == reference).Select(row => new Place { CreatedAt = row.CreatedAt, Id = row.Id })
        );

    /// <summary>Few as a rule; but a mail server may say the same of each mail. In no order.</summary>
    IQueryable<Place> OfMessage() =>
        Within(Calls().Select(row => new Place { CreatedAt = row.NotificationCreatedAt, Id = row.NotificationId }));

    IQueryable<AttemptRow> Calls() => context.Attempts.Where(row => row.ProviderMessageId == filter.ProviderMessageId);

    (DateTimeOffset From, DateTimeOffset To, DateTimeOffset At, Guid Id) Bounds =>
        (filter.From?.ToUniversalTime() ?? BeginOfTime, filter.To?.ToUniversalTime() ?? EndOfTime, _after.CreatedAt, _after.Id);

    IQueryable<Place> Places(IQueryable<NotificationRow> rows) =>
        Within(rows.Select(row => new Place { CreatedAt = row.CreatedAt, Id = row.Id }));

    /// <summary>
    /// The places in the time that is asked for, after those of the pages before: as a comparison of rows, for which the indexes are made.
    /// The time is said once more, for the server does not see from such a comparison which partitions it can leave out.
    /// </summary>
    IQueryable<Place> Within(IQueryable<Place> places)
    {
        var (from, to, at, id) = Bounds;
        return places.Where(place =>
            place.CreatedAt >= from
            && place.CreatedAt < to
            && place.CreatedAt <= at
            && EF.Functions.LessThan(ValueTuple.Create(place.CreatedAt, place.Id), ValueTuple.Create(at, id))
        );
    }

    static int Conditions(NotificationFilter filter) =>
        (
            (object?[])
                [
                    filter.Application,
                    filter.EventId,
                    filter.Key,
                    filter.Recipient,
                    filter.Status,
                    filter.Provider,
                    filter.Category,
                    filter.Channel,
                    filter.TemplateVersion,
                ]
        ).Count(one => one is not null) + (filter.Addresses.Count > 0 ? 1 : 0);

    static string StateOf(string status) => States.GetValueOrDefault(status) ?? (status == "sending" ? "Sending" : "Delivered");

    static IQueryable<Place> InOrder(IQueryable<Place> places) =>
        places.OrderByDescending(place => place.CreatedAt).ThenByDescending(place => place.Id);

    static IQueryable<Place> First(IQueryable<Place> places) => InOrder(places).Take(LargestWindow);

    static NotificationSummary ToSummary(NotificationRow row) =>
        NotificationSummary.Of(
            new NotificationState
            {
                CorrelationId = row.Id,
                Application = row.Application,
                CurrentState = row.State,
                EventName = row.EventName,
                EventId = row.EventId,
                Category = row.Category,
                Recipient = new Contact { Id = row.RecipientId },
                Keys = row.Keys is null
                    ? BusinessKeys.None
                    : JsonSerializer.Deserialize(row.Keys, NotificationJson.Default.IReadOnlyDictionaryStringString)!,
                Metadata = row.Metadata is null
                    ? BusinessKeys.None
                    : JsonSerializer.Deserialize(row.Metadata, NotificationJson.Default.IReadOnlyDictionaryStringString)!,
                Deliveries = JsonSerializer.Deserialize(row.Deliveries, NotificationJson.Default.IReadOnlyListDeliveryState)!,
                Refusal = row.Refusal,
                CreatedAt = row.CreatedAt,
                CompletedAt = row.CompletedAt,
            }
        );
}

/// <summary>A way along which a search goes.</summary>
/// <param name="FirstWindow">How much of it is looked at first.</param>
/// <param name="Fitting">The notifications that fit in so much of it, in order.</param>
/// <param name="End">The place at which so much of it ends; none when there is no more.</param>
sealed record Way(int FirstWindow, Func<int, IQueryable<NotificationRow>> Fitting, Func<int, IQueryable<Place>> End);

/// <summary>A place in the order of notifications.</summary>
sealed class Place
{
    public required DateTimeOffset CreatedAt { get; init; }

    public required Guid Id { get; init; }
}
