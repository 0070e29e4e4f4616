using System.Diagnostics;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Postgres;

/// <summary>
/// One search in the record. It goes along one list of places in the order of notifications, which an index or a small table has, and looks
/// at the notification at each. A list that is short is gone along to its end, and the answer is whole. Of lists that are all long it
/// goes along one for as long as an operator likes to wait; the next page goes on from there.
/// </summary>
/// <remarks>
/// The server is not left to choose: it takes two conditions for independent, and reads a million rows for those that exclude each other.
/// </remarks>
sealed class PostgresNotificationSearch(NotificationBusDbContext context, NotificationFilter filter)
{
    // What is looked at by one statement. A place costs about ten microseconds.
    const int LargestWindow = 1000;

    // Then no other window is begun.
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(40);

    static readonly DateTimeOffset BeginOfTime = new(1000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Attempts of no notification have the time infinity.
    static readonly DateTimeOffset EndOfTime = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly Dictionary<string, string> States = (
        (string[])["Held", "PartlyDelivered", "Cancelled", "Expired", "Failed"]
    ).ToDictionary(NotificationView.StatusOf, StringComparer.Ordinal);

    readonly Guid? _key = filter.Key is { } key ? NotificationReferences.OfKey(key.Key, key.Value) : null;
    readonly List<Guid> _addresses = [.. filter.Addresses.Select(NotificationReferences.OfAddress).Distinct()];

    // All that a list of one condition has fits.
    readonly int _window =
        Conditions(filter) > 1 || filter.Status is "sending" or "delivered" || filter.ProviderMessageId is not null
            ? LargestWindow
            : filter.Limit + 1;

    NotificationCursor _after = filter.After ?? new NotificationCursor(EndOfTime, Guid.Empty);
    bool _goesByMessage;

    public async Task<FoundNotifications> Run(CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var way = await GoesByMessage(cancellationToken) ? OfMessage : await Choose(cancellationToken);
        var found = new List<NotificationSummary>();
        while (true)
        {
            var wanted = filter.Limit + 1 - found.Count;
            var rows = await Matching(way(), wanted).ToListAsync(cancellationToken);
            // Who was asked twice, or has two of the addresses, comes twice.
            found.AddRange(rows.Select(ToSummary).Where((row, index) => index == 0 || row.Id != rows[index - 1].Id));
            if (found.Count > filter.Limit)
                return FoundNotifications.Page(found, filter.Limit);

            if (rows.Count == wanted)
                _after = new NotificationCursor(rows[^1].CreatedAt, rows[^1].Id);
            else if (await EndOfWindow(way()).SingleOrDefaultAsync(cancellationToken) is { } end)
                _after = new NotificationCursor(end.CreatedAt, end.Id);
            else
                return new FoundNotifications(found, Next: null, EndsEarly: false);

            if (Stopwatch.GetElapsedTime(began) > Patience)
                return new FoundNotifications(found, _after, EndsEarly: true);
        }
    }

    async Task<bool> GoesByMessage(CancellationToken cancellationToken) =>
        _goesByMessage =
            filter.ProviderMessageId is not null && !await OfMessage().Skip(LargestWindow - 1).Take(1).AnyAsync(cancellationToken);

    /// <summary>The list to go along: the first that ends within a window, or else the first there is.</summary>
    async Task<Func<IQueryable<Place>>> Choose(CancellationToken cancellationToken)
    {
        var ways = Ways();
        foreach (var way in ways.Count == 1 ? [] : ways)
        {
            if (!await EndOfWindow(way()).AnyAsync(cancellationToken))
                return way;
        }

        return ways[0];
    }

    /// <summary>The lists that have all that fits, each in order from where the page begins; as a rule the shortest first.</summary>
    List<Func<IQueryable<Place>>> Ways()
    {
        var ways = new List<Func<IQueryable<Place>>>();
        if (filter.EventId is { } eventId)
            ways.Add(() => Places(ThoseOfEvent(eventId)));
        if (_key is { } key)
            ways.Add(() => Of(key));
        if (_addresses.Count > 0)
            ways.Add(() => _addresses.Skip(1).Aggregate(Of(_addresses[0]), (all, address) => First(all).Concat(First(Of(address)))));
        if (filter.Recipient is { } recipient)
            ways.Add(() => Places(context.Notifications.Where(row => row.RecipientId == recipient)));
        if (filter.Status is { } status && States.TryGetValue(status, out var state))
        {
            ways.Add(() =>
                Within(
                    context
                        .NotDelivered.Where(row => row.State == state)
                        .Select(row => new Place { CreatedAt = row.CreatedAt, Id = row.Id })
                )
            );
        }

        if (filter.Status == "sending")
        {
            ways.Add(() =>
                First(Places(context.Notifications.Where(row => row.CreatedAt >= context.SweepMarks.Max(mark => mark.CreatedAt))))
                    .Concat(First(Within(context.Unfinished.Select(row => new Place { CreatedAt = row.CreatedAt, Id = row.Id }))))
            );
        }

        if (filter.Provider is { } provider)
        {
            ways.Add(() =>
                Within(
                    context
                        .Attempts.Where(row => row.Provider == provider && row.Status != "Started")
                        .Select(row => new Place { CreatedAt = row.NotificationCreatedAt, Id = row.NotificationId })
                )
            );
        }

        if (filter.Category is not null || filter.Channel is not null)
            ways.Add(OfKinds);
        if (ways.Count == 0)
            ways.Add(() => Places(context.Notifications));
        return ways;
    }

    /// <summary>The notifications that fit at the first places of a list, in order.</summary>
    /// <remarks>
    /// What is said of the place alone is always true. Without it EF Core would number the rows of the whole table, in the place of a look for
    /// each; so it is with the kinds below.
    /// </remarks>
    IQueryable<NotificationRow> Matching(IQueryable<Place> way, int limit)
    {
        var fitting = Fitting();
        return InOrder(way)
            .Take(_window)
            .SelectMany(
                place =>
                    fitting.Where(row => row.CreatedAt == place.CreatedAt && row.Id == place.Id && place.CreatedAt < EndOfTime).Take(1),
                (place, row) => new { place, row }
            )
            .OrderByDescending(both => both.place.CreatedAt)
            .ThenByDescending(both => both.place.Id)
            .Select(both => both.row)
            .Take(limit);
    }

    /// <summary>The last place that was looked at; none when the list ends before.</summary>
    IQueryable<Place> EndOfWindow(IQueryable<Place> way) => InOrder(way).Skip(_window - 1).Take(1);

    IQueryable<NotificationRow> Fitting()
    {
        var rows = context.Notifications;
        if (filter.EventId is { } eventId)
            rows = rows.Where(row => row.EventId == eventId);
        if (filter.Recipient is { } recipient)
            rows = rows.Where(row => row.RecipientId == recipient);
        if (filter.Category is { } category)
            rows = rows.Where(row => row.Category == category);
        if (filter.Status is { } status)
        {
            var state = StateOf(status);
            rows = rows.Where(row => row.State == state);
        }

        // Those that an earlier version has begun do not say it by themselves.
        if (filter.Channel is { } channel)
        {
            var delivery = JsonSerializer.Serialize(new[] { new { channel } });
            rows = rows.Where(row => row.Channels.Contains(channel) || EF.Functions.JsonContains(row.Deliveries, delivery));
        }

        if (_key is { } key)
            rows = rows.Where(row => context.References.Any(of => of.Reference == key && of.CreatedAt == row.CreatedAt && of.Id == row.Id));
        if (_addresses.Count > 0)
        {
            rows = rows.Where(row =>
                context.References.Any(of => _addresses.Contains(of.Reference) && of.CreatedAt == row.CreatedAt && of.Id == row.Id)
            );
        }

        if (filter.Provider is { } provider)
        {
            rows = rows.Where(row =>
                context.Attempts.Any(call =>
                    call.Provider == provider
                    && call.Status != "Started"
                    && call.NotificationCreatedAt == row.CreatedAt
                    && call.NotificationId == row.Id
                )
            );
        }

        // Those of the calls that were the last of their delivery.
        if (filter.ProviderMessageId is { } providerMessageId && !_goesByMessage)
        {
            var delivery = JsonSerializer.Serialize(new[] { new { providerMessageId } });
            rows = rows.Where(row => EF.Functions.JsonContains(row.Deliveries, delivery));
        }

        return rows;
    }

    IQueryable<Place> Of(Guid reference) =>
        Within(
            context.References.Where(row => row.Reference == reference).Select(row => new Place { CreatedAt = row.CreatedAt, Id = row.Id })
        );

    IQueryable<NotificationRow> ThoseOfEvent(string eventId) =>
        context.Notifications.Where(row =>
            NotificationBusDbContext.Hash(row.EventId, 0) == NotificationBusDbContext.Hash(eventId, 0) && row.EventId == eventId
        );

    /// <summary>Few as a rule; but a mail server may say the same of each mail. In no order.</summary>
    IQueryable<Place> OfMessage() =>
        Within(
            context
                .Attempts.Where(row => row.ProviderMessageId == filter.ProviderMessageId)
                .Select(row => new Place { CreatedAt = row.NotificationCreatedAt, Id = row.NotificationId })
        );

    /// <summary>The notifications of some kinds, each kind in order.</summary>
    IQueryable<Place> OfKinds()
    {
        var kinds = context.Kinds;
        if (filter.Category is { } category)
            kinds = kinds.Where(kind => kind.Category == NotificationBusDbContext.Hash(category, 0));
        if (filter.Channel is { } channel)
            kinds = kinds.Where(kind => kind.Channels.Contains(channel) || kind.Channels.Count == 0);
        var (from, to, at, id) = Bounds;
        var all = context.Notifications.Where(row =>
            row.CreatedAt >= from
            && row.CreatedAt < to
            && row.CreatedAt <= at
            && EF.Functions.LessThan(ValueTuple.Create(row.CreatedAt, row.Id), ValueTuple.Create(at, id))
        );
        return kinds.SelectMany(kind =>
            all.Where(row =>
                    NotificationBusDbContext.Hash(row.Category, 0) == kind.Category
                    && row.Channels.SequenceEqual(kind.Channels)
                    && kind.Channels.Count >= 0
                )
                .OrderByDescending(row => row.CreatedAt)
                .ThenByDescending(row => row.Id)
                .Take(_window)
                .Select(row => new Place { CreatedAt = row.CreatedAt, Id = row.Id })
        );
    }

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

    /// <summary>A category and a channel have one list.</summary>
    static int Conditions(NotificationFilter filter) =>
        ((object?[])[filter.EventId, filter.Key, filter.Recipient, filter.Status, filter.Provider]).Count(one => one is not null)
        + (filter.Addresses.Count > 0 ? 1 : 0)
        + (filter.Category is not null || filter.Channel is not null ? 1 : 0);

    static string StateOf(string status) => States.GetValueOrDefault(status) ?? (status == "sending" ? "Sending" : "Delivered");

    static IQueryable<Place> InOrder(IQueryable<Place> places) =>
        places.OrderByDescending(place => place.CreatedAt).ThenByDescending(place => place.Id);

    IQueryable<Place> First(IQueryable<Place> places) => InOrder(places).Take(_window);

    static NotificationSummary ToSummary(NotificationRow row) =>
        NotificationSummary.Of(
            new NotificationState
            {
                CorrelationId = row.Id,
                CurrentState = row.State,
                EventName = row.EventName,
                EventId = row.EventId,
                Category = row.Category,
                Recipient = new Contact { Id = row.RecipientId },
                Keys = row.Keys is null
                    ? BusinessKeys.None
                    : JsonSerializer.Deserialize(row.Keys, NotificationJson.Default.IReadOnlyDictionaryStringString)!,
                Deliveries = JsonSerializer.Deserialize(row.Deliveries, NotificationJson.Default.IReadOnlyListDeliveryState)!,
                Refusal = row.Refusal,
                CreatedAt = row.CreatedAt,
                CompletedAt = row.CompletedAt,
            }
        );
}

/// <summary>A place in the order of notifications.</summary>
sealed class Place
{
    public required DateTimeOffset CreatedAt { get; init; }

    public required Guid Id { get; init; }
}
