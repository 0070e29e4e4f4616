using NotificationBus.Host.OpenApi;
using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary><c>GET /v1/ledger</c>: what was accepted, what became of it, and whether anything is lost, by hour.</summary>
static class LedgerApi
{
    public static void MapLedger(this IEndpointRouteBuilder routes) =>
        routes
            .MapRead("/v1/ledger", Read)
            .Describe(
                "getLedger",
                "Status",
                "Counts by hour what was accepted, what became of it, and what is missing, the newest hour first."
            )
            .Pages()
            .Answers<LedgerPage>()
            .Refuses();

    static async Task<IResult> Read(HttpRequest request, INotificationLedger ledger, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request.Query);
        var (limit, after) = (reader.Limit(), reader.After());
        if (reader.Errors.Count > 0)
            return Problems.Validation(reader.Errors);

        // One more than asked for tells whether there is a next page.
        var found = await ledger.Hours(after?.At, limit + 1, cancellationToken);
        var page = found.Take(limit).ToList();
        var next = found.Count > limit ? Keyset.Next(request, page[^1].Hour, Guid.Empty) : null;
        return Results.Ok(new LedgerPage(await ledger.Unreconciled(cancellationToken), page, next));
    }
}

/// <summary>One page of the ledger.</summary>
/// <param name="Unreconciled">How many were accepted and are not on record though they should be, of all hours.</param>
/// <param name="Hours">Newest first, those without anything as well.</param>
/// <param name="Next">Where the next page is; null on the last one.</param>
public sealed record LedgerPage(long Unreconciled, IReadOnlyList<LedgerHour> Hours, string? Next);
