using System.Net.Mime;
using Microsoft.Net.Http.Headers;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary><c>GET /v1/notifications/{id}/explain</c>: the story of a notification, for a program or for a terminal.</summary>
static class ExplanationApi
{
    public static void MapExplanations(this IEndpointRouteBuilder routes) =>
        routes
            .MapRead("/v1/notifications/{id:guid}/explain", Explain)
            .Describe(
                "explainNotification",
                NotificationsApi.Tag,
                "Tells what happened to a notification, and whether they got it; as text to whoever accepts text/plain."
            )
            .Answers<Explanation>()
            .Refuses(404);

    static async Task<IResult> Explain(
        Guid id,
        HttpRequest request,
        Explanations explanations,
        RecentlyAccepted accepted,
        CancellationToken cancellationToken
    )
    {
        if (await explanations.Of(id, request.HttpContext.Sight(), cancellationToken) is { } explanation)
            return WantsText(request) ? Results.Text(ExplanationText.Of(explanation)) : Results.Ok(explanation);

        // It is on its way into the record.
        if (!accepted.Contains(id))
            return Problems.UnknownNotification();
        return WantsText(request) ? Results.Text(ExplanationText.OfAccepted(id)) : Results.Ok(AcceptedNotification.Of(id));
    }

    /// <summary>True when the caller likes text better than JSON, which whoever does not say gets.</summary>
    static bool WantsText(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        return Quality(MediaTypeNames.Text.Plain) > Quality(MediaTypeNames.Application.Json);

        // The most specific of what fits decides (RFC 9110, 12.5.1).
        double Quality(string type) =>
            accepted
                .Where(range => new MediaTypeHeaderValue(type).IsSubsetOf(range))
                .OrderBy(range =>
                    range.MatchesAllTypes ? 2
                    : range.MatchesAllSubTypes ? 1
                    : 0
                )
                .Select(range => range.Quality ?? 1)
                .FirstOrDefault();
    }
}
