namespace NotificationBus.Host.Http;

/// <summary>Fields of every answer that say to browsers and caches what they may do with it.</summary>
static class SecurityHeaders
{
    // An answer is no page: nothing is loaded for it, no form is sent from it, and no other page shows it. Pages have policies of their
    // own.
    const string NoPage = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // A year. Not for names below this one, which are others' to decide about.
    const string OnlyHttps = "max-age=31536000";

    /// <summary>Has every answer say so, those to what is refused too.</summary>
    public static void UseSecurityHeaders(this WebApplication app) =>
        app.Use(
            (context, next) =>
            {
                context.Response.OnStarting(static response => Protect((HttpResponse)response), context.Response);
                return next(context);
            }
        );

    static Task Protect(HttpResponse response)
    {
        var headers = response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (headers.ContentSecurityPolicy.Count == 0)
            headers.ContentSecurityPolicy = NoPage;
        // Answers hold people's addresses, and no cache keeps them. What says otherwise is a part of a page; what is not there is none.
        if (
            response.StatusCode >= StatusCodes.Status400BadRequest
            || headers.CacheControl is not [{ } kept]
            || kept.Contains("no-store", StringComparison.OrdinalIgnoreCase)
        )
            headers.CacheControl = "no-store";
        // A browser remembers it for all ports of a name, and developers serve http at this one.
        if (response.HttpContext.Request is { IsHttps: true, Host.Host: not ("localhost" or "127.0.0.1" or "[::1]") })
            headers.StrictTransportSecurity = OnlyHttps;
        return Task.CompletedTask;
    }
}
