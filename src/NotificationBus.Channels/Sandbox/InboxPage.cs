using System.Security.Cryptography;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Net.Http.Headers;

using NotificationBus.Channels.Email;

namespace NotificationBus.Channels.Sandbox;

/// <summary>The page at <c>/inbox</c>: what the <see cref="SandboxInbox"/> caught, live.</summary>
public static class InboxPage
{
    // The page runs its own script and nothing else: no caught content can bring another one, nor call home.
    const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src 'self' data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // A caught e-mail is a stranger's document: no script, no origin, nothing loaded, also when its address is opened by hand.
    const string MailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

    /// <summary>
    /// Maps the page, its data and its stream. Deliveries hold addresses and whole messages: map it where nobody but the
    /// developer looks, or put an authorization policy in front.
    /// </summary>
    public static IEndpointRouteBuilder MapInbox(this IEndpointRouteBuilder routes)
    {
        var page = Asset.Load("inbox.html", "text/html; charset=utf-8");
        var css = Asset.Load("inbox.css", "text/css; charset=utf-8");
        var js = Asset.Load("inbox.js", "text/javascript; charset=utf-8");

        var inbox = routes.MapGroup("/inbox").ExcludeFromDescription().AddEndpointFilter(Guard);
        inbox.MapGet("", (HttpResponse response) => page.Under(PagePolicy, response));
        inbox.MapGet("/inbox.css", (HttpResponse response) => css.Under(PagePolicy, response));
        inbox.MapGet("/inbox.js", (HttpResponse response) => js.Under(PagePolicy, response));

        inbox.MapGet("/deliveries", (SandboxInbox caught, long after = 0) =>
            TypedResults.Json(caught.Since(after).Select(InboxItem.Of), InboxItem.Json));
        inbox.MapGet("/deliveries/{number:long}/html", Html);
        inbox.MapGet("/stream", Stream);

        // No other site can make a browser send this: DELETE is asked for first (CORS preflight), and nobody here says yes.
        inbox.MapDelete("/deliveries", (SandboxInbox caught) =>
        {
            caught.Clear();
            return TypedResults.NoContent();
        });

        return routes;
    }

    static ValueTask<object?> Guard(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        var headers = call.HttpContext.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        return next(call);
    }

    static Results<ContentHttpResult, NotFound> Html(long number, SandboxInbox inbox, HttpResponse response)
    {
        if (inbox.Find(number)?.Delivery.Content is not EmailContent mail)
            return TypedResults.NotFound();

        response.Headers.ContentSecurityPolicy = MailPolicy;
        return TypedResults.Content(mail.Html, "text/html; charset=utf-8");
    }

    // A stream that outlives the host would hold its stop up until the timeout.
    static ServerSentEventsResult<string> Stream(
        [Microsoft.AspNetCore.Mvc.FromHeader(Name = "Last-Event-ID")] string? lastEventId,
        SandboxInbox inbox,
        IHostApplicationLifetime host) =>
        TypedResults.ServerSentEvents(InboxStream.Follow(inbox, InboxPlace.Parse(lastEventId), host.ApplicationStopping));

    sealed record Asset(byte[] Content, string ContentType, EntityTagHeaderValue Tag)
    {
        public static Asset Load(string name, string contentType)
        {
            using var resource = typeof(InboxPage).Assembly.GetManifestResourceStream(typeof(InboxPage), $"Page.{name}")
                ?? throw new InvalidOperationException($"The assembly was built without Sandbox/Page/{name}");
            var content = new byte[resource.Length];
            resource.ReadExactly(content);
            return new Asset(content, contentType, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\""));
        }

        public FileContentHttpResult Under(string policy, HttpResponse response)
        {
            // Asked for each time and mostly answered with 304: after an update nobody sees yesterday's page.
            response.Headers.CacheControl = "no-cache";
            response.Headers.ContentSecurityPolicy = policy;
            return TypedResults.Bytes(Content, ContentType, entityTag: Tag);
        }
    }
}
