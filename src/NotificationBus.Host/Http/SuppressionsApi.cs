using NotificationBus.Sending;
using NotificationBus.Sending.Controls;

namespace NotificationBus.Host.Http;

/// <summary><c>/v1/suppressions</c>: the addresses that are not used, and who said so.</summary>
static class SuppressionsApi
{
    public static void MapSuppressions(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/suppressions", List);
        routes.MapPost("/v1/suppressions", Add);
        routes.MapDelete("/v1/suppressions/{channel}/{address}", Remove);
    }

    static async Task<IResult> List(HttpRequest request, ChannelSet channels, ISuppressions suppressions, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query, ["channel", "address", "limit"]);
        var limit = query.Limit();
        var (name, address) = (query.One("channel"), query.One("address"));
        var channel = name is null ? null : channels.Find(name);
        if (channel is null && name is not null)
            query.Refuse("channel", $"is unknown, allowed are {channels.Names}");
        // Only the channel knows in which of its forms the address is on the list.
        if (address is not null && channel is null && !query.Errors.ContainsKey("channel"))
            query.Refuse("channel", $"goes with an address, allowed are {channels.Names}");
        if (query.Errors.Count > 0)
            return Problems.Validation(query.Errors);

        var canonical = address is null ? null : channel!.Canonical(address);
        return Results.Ok(new SuppressionList(await suppressions.List(new SuppressionFilter(channel?.Name, canonical, limit), cancellationToken)));
    }

    static async Task<IResult> Add(HttpRequest request, ChannelSet channels, ISuppressions suppressions, IControls controls, CancellationToken cancellationToken)
    {
        var (body, refusal) = await JsonBody.Read<SuppressAddress>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(body!.By, body.Why);
        var channel = channels.Find(body.Channel);
        if (channel is null)
            errors.Add("channel", $"is unknown, allowed are {channels.Names}");
        else if (channel.Refuse(body.Address) is { } wrong)
            errors.Add("address", wrong);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var suppression = new Suppression(channel!.Name, channel.Canonical(body.Address), by.Why, $"operator {by.Who}");
        if (await suppressions.Add(suppression, cancellationToken))
            await controls.Note($"suppression {channel.Name}", by, System.Text.Json.JsonSerializer.SerializeToElement(new { added = suppression.Address }), cancellationToken);
        return Results.NoContent();
    }

    static async Task<IResult> Remove(string channel, string address, HttpRequest request, ChannelSet channels, ISuppressions suppressions, IControls controls, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query, ["by", "why"]);
        var errors = new FieldErrors(query.Errors);
        var by = errors.ReadBy(query.One("by") ?? "", query.One("why") ?? "");
        if (errors.Any)
            return Problems.Validation(errors.ByField);
        if (channels.Find(channel) is not { } known)
            return Problems.Unknown("channel", channels.All.Select(one => one.Name));

        var canonical = known.Canonical(address);
        if (await suppressions.Remove(channel, canonical, cancellationToken))
            await controls.Note($"suppression {channel}", by, System.Text.Json.JsonSerializer.SerializeToElement(new { removed = canonical }), cancellationToken);
        return Results.NoContent();
    }
}

/// <summary>The body of <c>POST /v1/suppressions</c>.</summary>
public sealed record SuppressAddress
{
    /// <summary>On which channel.</summary>
    public required string Channel { get; init; }

    /// <summary>The address that is not to be used.</summary>
    public required string Address { get; init; }

    /// <summary>Who says so.</summary>
    public required string By { get; init; }

    /// <summary>Why.</summary>
    public required string Why { get; init; }
}

/// <summary>Suppressed addresses.</summary>
/// <param name="Suppressions">Newest first.</param>
public sealed record SuppressionList(IReadOnlyList<Suppression> Suppressions);
