using Microsoft.AspNetCore.Http.Metadata;
using NotificationBus.Host.Access;

namespace NotificationBus.Host.OpenApi;

/// <summary>
/// Descriptions of routes for <see cref="ApiDocument"/>. Routes read bodies and queries themselves, and strictly, so that the framework
/// cannot know what they take.
/// </summary>
static class RouteDescription
{
    /// <summary>Describes a route.</summary>
    /// <param name="route">The route.</param>
    /// <param name="id">Its name in generated clients, such as <c>getNotification</c>.</param>
    /// <param name="tag">The group it is listed in.</param>
    /// <param name="summary">What it does, in a sentence.</param>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string id, string tag, string summary) =>
        route.WithName(id).WithTags(tag).WithSummary(summary);

    /// <summary>The route takes a JSON body of that type. Which content types pass it says itself.</summary>
    public static RouteHandlerBuilder Takes<TBody>(this RouteHandlerBuilder route) => route.WithMetadata(new TakenBody(typeof(TBody)));

    /// <summary>The route takes a parameter in its query.</summary>
    public static RouteHandlerBuilder Asks(this RouteHandlerBuilder route, string name, string description, Type? type = null) =>
        route.WithMetadata(new OtherParameter(name, description, type ?? typeof(string), InHeader: false));

    /// <summary>The route answers by pages, the newest first.</summary>
    public static RouteHandlerBuilder Pages(this RouteHandlerBuilder route) =>
        route
            .Asks("limit", "The most on a page, 1 to 200; 50 by default.", typeof(int))
            .Asks("after", "Where the page begins; next in the answer before has it.");

    /// <summary>The route takes a header field.</summary>
    public static RouteHandlerBuilder Heeds(this RouteHandlerBuilder route, string name, string description) =>
        route.WithMetadata(new OtherParameter(name, description, typeof(string), InHeader: true));

    /// <summary>The route heeds <c>Prefer</c>.</summary>
    public static RouteHandlerBuilder Waits(this RouteHandlerBuilder route) =>
        route.Heeds("Prefer", "wait=10 waits up to that many seconds, at most 30, for the outcome (RFC 7240).");

    /// <summary>The route answers with that.</summary>
    public static RouteHandlerBuilder Answers<TAnswer>(this RouteHandlerBuilder route, int status = StatusCodes.Status200OK) =>
        route.Produces<TAnswer>(status);

    /// <summary>The route answers with one of two, under the same status.</summary>
    public static RouteHandlerBuilder AnswersEither<TAnswer, TOther>(
        this RouteHandlerBuilder route,
        int status = StatusCodes.Status200OK
    ) => route.Produces<TAnswer>(status).WithMetadata(new OtherAnswer(status, typeof(TOther)));

    /// <summary>The route answers with problem details (RFC 9457) of these statuses, beside 400 and 503.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in (ReadOnlySpan<int>)[StatusCodes.Status400BadRequest, .. statuses, StatusCodes.Status503ServiceUnavailable])
            route.ProducesProblem(status);
        return route;
    }
}

/// <summary>The body of a route. Without content types, so that the framework turns none away.</summary>
sealed class TakenBody(Type type) : IAcceptsMetadata
{
    public IReadOnlyList<string> ContentTypes => [];

    public Type RequestType => type;

    public bool IsOptional => false;
}

/// <summary>A parameter that the framework does not see.</summary>
sealed record OtherParameter(string Name, string Description, Type Type, bool InHeader)
{
    /// <summary>By which whoever sees all applications names one.</summary>
    public static OtherParameter OfApplication { get; } =
        new(
            ApplicationWall.Parameter,
            "One application, for whoever sees all; everybody else sees the own one.",
            typeof(string),
            InHeader: false
        );
}

/// <summary>What a route answers under a status as well, which the framework has one type for. Another route answers with it too.</summary>
sealed record OtherAnswer(int Status, Type Type);
