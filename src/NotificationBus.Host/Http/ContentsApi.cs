using NotificationBus.Contents;
using NotificationBus.Host.OpenApi;
using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>GET /v1/notifications/{id}/deliveries/{deliveryId}/content</c>: what was in a delivery. Whole and not masked, because that is the
/// question; no cache keeps it.
/// </summary>
static class ContentsApi
{
    public static void MapContents(this IEndpointRouteBuilder routes) =>
        routes
            .MapRead("/v1/notifications/{id:guid}/deliveries/{deliveryId:guid}/content", Find)
            .Describe("getContent", NotificationsApi.Tag, "Returns what was in a delivery, whole.")
            .Answers<ContentView>()
            .Refuses(404, 410);

    static async Task<IResult> Find(
        Guid id,
        Guid deliveryId,
        KeptContents contents,
        HttpResponse response,
        CancellationToken cancellationToken
    )
    {
        response.Headers.CacheControl = "no-store";
        try
        {
            return await contents.Find(id, deliveryId, cancellationToken) switch
            {
                KeptContent.There there => Results.Ok(there.View),
                KeptContent.NoNotification => Problems.UnknownNotification(),
                KeptContent.NoDelivery => Problems.UnknownDelivery(),
                KeptContent.NeverKept => Problems.ContentNeverKept(),
                _ => Problems.ContentGone(),
            };
        }
        catch (ContentKeyException exception)
        {
            return Problems.ContentKey(exception.KeyId);
        }
    }
}
