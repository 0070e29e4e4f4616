using Microsoft.AspNetCore.Http.Features;

using NotificationBus.Host.Settings;

namespace NotificationBus.Host.Http;

/// <summary>What every request passes before its address is asked: by which port it comes, by which name, and by which path.</summary>
static class Doorway
{
    /// <summary>Says to every answer how it may be kept, and turns away what nobody has to ask for here.</summary>
    public static void UseDoorway(this WebApplication app, HostSettings settings, IReadOnlyCollection<string> inside)
    {
        app.Use((context, next) =>
        {
            context.Response.OnStarting(static response => Protect((HttpResponse)response), context.Response);
            return next(context);
        });
        app.UseProblemDetails();
        app.UseRouting();
        if (settings.PublicUrls is not null)
            app.UsePublicPort(inside);

        var names = app.Services.GetRequiredService<HostNames>();
        app.Use((context, next) =>
            !IsPlain(context.Features.Get<IHttpRequestFeature>()!.RawTarget) ? Problems.NotPlain().ExecuteAsync(context)
            : !names.Allows(context.Request.Host, context.IsForTheWorld()) ? Refuse(context)
            : next(context));

        Task Refuse(HttpContext context) =>
            (settings.PublicUrls is null || !context.IsForTheWorld() ? Problems.UnknownHost() : Problems.NothingForTheWorld()).ExecuteAsync(context);
    }

    /// <summary>Answers hold people's addresses: no cache keeps them, and no browser takes them for what they are not.</summary>
    static Task Protect(HttpResponse response)
    {
        response.Headers.XContentTypeOptions = "nosniff";
        // The parts of the inbox's page are asked for each time and mostly answered with 304.
        if (!response.HttpContext.Request.Path.StartsWithSegments("/inbox", StringComparison.Ordinal))
            response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    /// <summary>
    /// Whether a path says at once where it leads. The server would follow <c>/inbox/../v1/providers</c>, and a proxy that lets <c>/inbox/</c> pass would
    /// let it pass; so it leads nowhere.
    /// </summary>
    internal static bool IsPlain(string target)
    {
        var path = target.AsSpan();
        if (target.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme && !target.StartsWith('/'))
            path = path[(scheme + 3)..] is var rest && rest.IndexOf('/') is >= 0 and var slash ? rest[slash..] : "/";
        if (path.IndexOf('?') is >= 0 and var query)
            path = path[..query];

        if (path.Contains("//", StringComparison.Ordinal) || path.Contains('\\'))
            return false;

        foreach (var segment in path.Split('/'))
        {
            if (IsDots(path[segment]))
                return false;
        }

        return true;
    }

    /// <summary>One or two dots, each of them written as such or as <c>%2e</c>.</summary>
    static bool IsDots(ReadOnlySpan<char> segment)
    {
        var dots = 0;
        while (segment.Length > 0 && dots < 3)
        {
            var length = segment[0] == '.' ? 1 : segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase) ? 3 : 0;
            if (length == 0)
                return false;

            segment = segment[length..];
            dots++;
        }

        return dots is 1 or 2;
    }
}
