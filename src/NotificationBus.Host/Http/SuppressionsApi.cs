using NotificationBus.Host.OpenApi;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Sending;

namespace NotificationBus.Host.Http;

/// <summary><c>/v1/suppressions</c>: the addresses that are not used, for which category, and who said so.</summary>
static class SuppressionsApi
{
    const string Tag = "Suppressions";

    public static void MapSuppressions(this IEndpointRouteBuilder routes)
    {
        routes
            .MapRead("/v1/suppressions", List)
            .Describe("listSuppressions", Tag, "Lists addresses that are not used, the newest first.")
            .Asks("channel", "The channel.")
            .Asks("address", "The address, in any of its forms; goes with channel.")
            .Asks("category", "The category it is suppressed for.")
            .Pages()
            .Answers<SuppressionList>()
            .Refuses();
        routes
            .MapPost("/v1/suppressions", Add)
            .Describe("suppressAddress", Tag, "Has an address not used any more, for one category or for every one.")
            .Takes<SuppressAddress>()
            .Produces(StatusCodes.Status204NoContent)
            .Refuses(413, 415);
        routes
            .MapDelete("/v1/suppressions/{channel}/{address}", Remove)
            .Describe("unsuppressAddress", Tag, "Has an address used again.")
            .Asks("category", "The category it was suppressed for; left out, it is the suppression for every one.")
            .Asks("by", "Name of whoever says so.")
            .Asks("why", "The reason.")
            .Produces(StatusCodes.Status204NoContent)
            .Refuses(404);
    }

    static async Task<IResult> List(
        HttpRequest request,
        ChannelSet channels,
        ISuppressions suppressions,
        CancellationToken cancellationToken
    )
    {
        var query = new QueryReader(request.Query);
        var (limit, after) = (query.Limit(), query.After());
        // Not only those that are configured: what is suppressed for a category stays when the category goes.
        var (address, category) = (query.One("address"), query.One("category"));
        var channel = query.Word("channel", channels.KnownNames) is { } name ? channels.Find(name) : null;
        // Only the channel knows in which of its forms the address is on the list.
        if (address is not null && channel is null && !query.Errors.ContainsKey("channel"))
            query.Refuse("channel", $"goes with an address, allowed are {channels.Names}");
        if (query.Errors.Count > 0)
            return Problems.Validation(query.Errors);

        var canonical = address is null ? null : channel!.Canonical(address);
        var found = await suppressions.List(new SuppressionFilter(channel?.Name, canonical, category, limit + 1, after), cancellationToken);
        var (page, next) = Keyset.Page(request, found, limit, suppression => (suppression.CreatedAt, suppression.Place));
        return Results.Ok(new SuppressionList(page, next));
    }

    static async Task<IResult> Add(
        HttpRequest request,
        ChannelSet channels,
        PlanningRules planning,
        ISuppressions suppressions,
        CancellationToken cancellationToken
    )
    {
        var (body, refusal) = await JsonBody.Read<SuppressAddress>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why);
        var channel = channels.Find(body.Channel);
        if (channel is null)
            errors.Add("channel", Spelling.Unknown(body.Channel, channels.KnownNames));
        else if (channel.Refuse(body.Address) is { } wrong)
            errors.Add("address", wrong);
        if (body.Category is { } category && !planning.Categories.Contains(category))
            errors.Add("category", Spelling.Unknown(category, planning.Categories));
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var suppression = new Suppression(channel!.Name, channel.Canonical(body.Address), body.Category, by.Why, $"operator {by.Who}");
        await suppressions.Add(suppression, by, cancellationToken);
        return Results.NoContent();
    }

    static async Task<IResult> Remove(
        string channel,
        string address,
        HttpRequest request,
        ChannelSet channels,
        ISuppressions suppressions,
        CancellationToken cancellationToken
    )
    {
        var query = new QueryReader(request.Query);
        var category = query.One("category");
        var errors = new FieldErrors(query.Errors);
        var by = errors.ReadBy(request, query.One("by"), query.One("why") ?? "");
        if (errors.Any)
            return Problems.Validation(errors.ByField);
        if (channels.Find(channel) is not { } known)
            return Problems.Unknown("channel", channel, [.. channels.All.Select(one => one.Name)]);

        // The server leaves %2F in a path as it is: URLs have it.
        var canonical = known.Canonical(address.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase));
        return await suppressions.Remove(channel, canonical, category, by, cancellationToken)
            ? Results.NoContent()
            : Problems.UnknownSuppression();
    }
}

/// <summary>The body of <c>POST /v1/suppressions</c>.</summary>
public sealed record SuppressAddress
{
    /// <summary>The channel it is suppressed on.</summary>
    public required string Channel { get; init; }

    /// <summary>The address that is not to be used.</summary>
    public required string Address { get; init; }

    /// <summary>The category it is suppressed for; null, the default, for every one.</summary>
    public string? Category { get; init; }

    /// <summary>Name of whoever says so; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}

/// <summary>Suppressed addresses.</summary>
/// <param name="Suppressions">Newest first.</param>
/// <param name="Next">Where the next page is; null on the last one.</param>
public sealed record SuppressionList(IReadOnlyList<Suppression> Suppressions, string? Next);
