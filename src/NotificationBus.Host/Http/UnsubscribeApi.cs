using System.Net;
using NotificationBus.Host.OpenApi;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Sending;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>/v1/unsubscribe/{token}</c>: unsubscribes from one category on one channel with one click (RFC 8058). The token is all it takes: no
/// cookie, no sign-in. A GET changes nothing, because mail scanners follow every link.
/// </summary>
static class UnsubscribeApi
{
    const string Field = "List-Unsubscribe";
    const string OneClick = "One-Click";

    const string PagePolicy = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static void MapUnsubscribe(this IEndpointRouteBuilder routes)
    {
        routes
            .MapRead("/v1/unsubscribe/{token}", Ask)
            .ForTheWorld()
            .Describe("askToUnsubscribe", "For the world", "Asks whether the recipient of a mail wants no more of its category.")
            .Produces(StatusCodes.Status200OK, contentType: "text/html")
            .Refuses(404);
        routes
            .MapPost("/v1/unsubscribe/{token}", Unsubscribe)
            .ForTheWorld()
            .Describe("unsubscribe", "For the world", "Suppresses the address for the category (RFC 8058).")
            .Produces(StatusCodes.Status200OK, contentType: "text/html")
            .Refuses(404);
    }

    static async Task<IResult> Ask(
        string token,
        HttpResponse response,
        UnsubscribeLinks links,
        INotificationStore store,
        CancellationToken cancellationToken
    ) =>
        await Find(token, links, store, cancellationToken) is (var notification, _)
            ? Page(
                response,
                StatusCodes.Status200OK,
                "Unsubscribe",
                $"""
                <p>Do you want no more messages of the kind {Words(
                    notification.Category
                )} at this address? Messages of other kinds still come as they did.</p>
                <form method="post"><input type="hidden" name="{Field}" value="{OneClick}"><button>Unsubscribe</button></form>
                """
            )
            : NotOurs(response);

    static async Task<IResult> Unsubscribe(
        string token,
        HttpContext context,
        UnsubscribeLinks links,
        INotificationStore store,
        ChannelSet channels,
        ISuppressions suppressions,
        RequestBodies bodies,
        CancellationToken cancellationToken
    )
    {
        if (await Find(token, links, store, cancellationToken) is not (var notification, var delivery))
            return NotOurs(context.Response);
        if (!await SaysOneClick(context.Request, bodies, cancellationToken))
            return Page(
                context.Response,
                StatusCodes.Status400BadRequest,
                "Nothing was changed",
                $"<p>The form must say {Field}={OneClick} (RFC 8058).</p>"
            );

        // Whose link it is is gone. What is not known cannot be unsubscribed, and is not said to be.
        if (ErasedRecipient.Is(notification))
            return Page(
                context.Response,
                StatusCodes.Status410Gone,
                "Nothing is known of you here",
                "<p>Your name and addresses were erased. Should another message come, use the link in that one.</p>"
            );

        var address = channels.Find(delivery.Channel)?.Canonical(delivery.Address) ?? delivery.Address;
        var suppression = new Suppression(
            delivery.Channel,
            address,
            notification.Category,
            $"unsubscribed by the link in {notification.Category}",
            "recipient"
        );
        await suppressions.Add(suppression, cancellationToken);
        return Page(
            context.Response,
            StatusCodes.Status200OK,
            "Unsubscribed",
            $"<p>You get no more messages of the kind {Words(notification.Category)} at this address.</p>"
        );
    }

    static async Task<(NotificationState Notification, DeliveryState Delivery)?> Find(
        string token,
        UnsubscribeLinks links,
        INotificationStore store,
        CancellationToken cancellationToken
    ) =>
        links.Read(token) is { } link
        && await store.Load(link.NotificationId, cancellationToken) is { } notification
        && notification.Deliveries.FirstOrDefault(delivery => delivery.Id == link.DeliveryId) is { } delivery
            ? (notification, delivery)
            : null;

    /// <summary>A category as a recipient may read it.</summary>
    static string Words(string category) => $"“{WebUtility.HtmlEncode(category.Replace('-', ' '))}”";

    static async Task<bool> SaysOneClick(HttpRequest request, RequestBodies bodies, CancellationToken cancellationToken)
    {
        if (!request.HasFormContentType)
            return false;

        try
        {
            using var body = await bodies.Read(request, HttpLimits.UnsubscribeSize);
            request.Body = new MemoryStream(body.Memory.ToArray());
            var form = await request.ReadFormAsync(cancellationToken);
            return form[Field] == OneClick;
        }
        catch (Exception exception) when (exception is InvalidDataException or BadHttpRequestException or IOException)
        {
            return false;
        }
    }

    static IResult NotOurs(HttpResponse response) =>
        Page(
            response,
            StatusCodes.Status404NotFound,
            "This link is not known here",
            "<p>It may have been cut off, or be of another sender.</p>"
        );

    static IResult Page(HttpResponse response, int status, string title, string body)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = PagePolicy;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["X-Robots-Tag"] = "noindex";
        return Results.Content(
            $"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
            <body><h1>{title}</h1>
            {body}
            </body>
            </html>
            """,
            "text/html; charset=utf-8",
            statusCode: status
        );
    }
}
