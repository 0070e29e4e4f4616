using System.Security.Cryptography;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Net.Http.Headers;
using NotificationBus.Channels.Email;
using NotificationBus.Sending;

namespace NotificationBus.Channels.Sandbox;

/// <summary>The page at <c>/inbox</c>: what the <see cref="SandboxInbox"/> caught, live.</summary>
public static class InboxPage
{
    // The page runs its own script and nothing else: no caught content can bring another one, nor call home.
    const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // A caught e-mail is a stranger's document: no script, no origin, nothing loaded, also when its address is opened by hand.
    const string MailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox";

    static readonly byte[] Comment = ":\n\n"u8.ToArray();

    /// <summary>
    /// Maps the page, its data and its stream. Deliveries hold addresses and whole messages: map it where nobody but the
    /// developer looks, or put an authorization policy in front.
    /// </summary>
    public static IEndpointRouteBuilder MapInbox(this IEndpointRouteBuilder routes)
    {
        var page = Asset.Load("inbox.html", "text/html; charset=utf-8");
        var css = Asset.Load("inbox.css", "text/css; charset=utf-8");
        var js = Asset.Load("inbox.js", "text/javascript; charset=utf-8");
        var examples = Asset.Load("examples.js", "text/javascript; charset=utf-8");

        var inbox = routes.MapGroup("/inbox").ExcludeFromDescription().AddEndpointFilter(Guard);
        inbox.MapGet("", (HttpResponse response) => page.Under(PagePolicy, response));
        inbox.MapGet("/inbox.css", (HttpResponse response) => css.Under(PagePolicy, response));
        inbox.MapGet("/inbox.js", (HttpResponse response) => js.Under(PagePolicy, response));
        inbox.MapGet("/examples.js", (HttpResponse response) => examples.Under(PagePolicy, response));

        var waiting = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = InboxReaders.Most });
        inbox.MapGet(
            "/deliveries",
            (HttpContext context, SandboxInbox caught, TimeProvider clock, IHostApplicationLifetime host) =>
                Search(context, caught, clock, host, waiting)
        );
        inbox.MapGet("/deliveries/{number:long}", Whole);
        inbox.MapGet("/deliveries/{number:long}/html", Html);
        var readers = new InboxReaders(routes.ServiceProvider.GetRequiredService<TimeProvider>());
        inbox.MapGet(
            "/stream",
            (
                [Microsoft.AspNetCore.Mvc.FromHeader(Name = "Last-Event-ID")] string? lastEventId,
                HttpContext context,
                SandboxInbox caught,
                TimeProvider clock,
                IHostApplicationLifetime host
            ) => Stream(lastEventId, context, caught, clock, host, readers)
        );

        // No other site can make a browser send this: DELETE is asked for first (CORS preflight), and nobody here says yes.
        inbox.MapDelete("/deliveries", Clear);

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

    static async Task<IResult> Search(
        HttpContext context,
        SandboxInbox inbox,
        TimeProvider clock,
        IHostApplicationLifetime host,
        ConcurrencyLimiter waiting
    )
    {
        var (search, errors) = InboxSearch.Read(context.Request.Query);
        if (errors.Count > 0)
            return TypedResults.ValidationProblem(errors);

        using var place = search.Wait > TimeSpan.Zero ? waiting.AttemptAcquire() : null;
        if (place is { IsAcquired: false })
            return Full(context);

        using var leave = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, host.ApplicationStopping);
        return TypedResults.Json((await search.In(inbox, clock, leave.Token)).Select(caught => caught.Head), InboxItem.Json);
    }

    static StatusCodeHttpResult Full(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "5";
        return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
    }

    static async Task<NoContent> Clear(HttpContext context, SandboxInbox inbox)
    {
        // Cleared for all hosts, it is cleared here at once: who clears it does not want to see what was there before.
        if (context.RequestServices.GetService<ICaughtDeliveries>() is { } shared)
            await shared.Clear(context.RequestAborted);
        inbox.Clear();
        return TypedResults.NoContent();
    }

    static Results<JsonHttpResult<InboxItem>, NotFound> Whole(long number, SandboxInbox inbox) =>
        inbox.Find(number) is { } caught ? TypedResults.Json(InboxItem.Of(caught), InboxItem.Json) : TypedResults.NotFound();

    static Results<ContentHttpResult, NotFound> Html(long number, SandboxInbox inbox, HttpResponse response)
    {
        if (inbox.Find(number)?.Delivery.Content is not EmailContent mail)
            return TypedResults.NotFound();

        response.Headers.ContentSecurityPolicy = MailPolicy;
        return TypedResults.Content(mail.Html, "text/html; charset=utf-8");
    }

    static Results<ServerSentEventsResult<string>, StatusCodeHttpResult> Stream(
        string? lastEventId,
        HttpContext context,
        SandboxInbox inbox,
        TimeProvider clock,
        IHostApplicationLifetime host,
        InboxReaders readers
    )
    {
        if (readers.Enter() is not { } place)
            return Full(context);

        context.Response.RegisterForDispose(place);
        var slow = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        context.Response.RegisterForDispose(slow);
        slow.Token.Register(context.Abort);
        // A stream that outlives the host would hold its stop up until the timeout.
        var leave = CancellationTokenSource.CreateLinkedTokenSource(place.Left, host.ApplicationStopping);
        context.Response.RegisterForDispose(leave);
        return TypedResults.ServerSentEvents(InboxStream.Follow(inbox, InboxPlace.Parse(lastEventId), slow, Beat, clock, leave.Token));

        async Task Beat(CancellationToken cancellationToken)
        {
            // A comment, which readers pass over (WHATWG HTML, 9.2.5). Between two events nobody else writes.
            await context.Response.Body.WriteAsync(Comment, cancellationToken);
            await context.Response.Body.FlushAsync(cancellationToken);
        }
    }

    sealed record Asset(byte[] Content, string ContentType, EntityTagHeaderValue Tag)
    {
        public static Asset Load(string name, string contentType)
        {
            using var resource =
                typeof(InboxPage).Assembly.GetManifestResourceStream(typeof(InboxPage), $"Page.{name}")
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
