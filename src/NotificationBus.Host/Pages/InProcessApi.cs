using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using NotificationBus.Access;
using NotificationBus.Dashboard.Api;
using NotificationBus.Host.Access;

namespace NotificationBus.Host.Pages;

/// <summary>
/// The way of the console to the API: through the same pipeline that calls from outside pass, with the key of whoever looks, and over no
/// socket. So it needs no name, port or certificate of this host, and nothing it cannot do would be open to it by another way.
/// </summary>
sealed class InProcessApi(IServiceProvider services, IHostApplicationLifetime lifetime) : IApiGateway, IStartupFilter
{
    const string Root = "http://localhost";

    RequestDelegate? _pipeline;

    /// <summary>Takes the pipeline where a server would enter it.</summary>
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            app.Use(pipeline => _pipeline = pipeline);
            next(app);
        };

    /// <inheritdoc />
    public bool Admits(ClaimsPrincipal caller) =>
        caller.FindFirst(ConsoleSignIn.KeyClaim) is not { Value: var key } || services.GetRequiredService<KeyRing>().Check(key) is not null;

    /// <inheritdoc />
    // Not on the page's own context: what the API waits for would hold up the page.
    public Task<HttpResponseMessage> Send(HttpRequestMessage request, ClaimsPrincipal caller, CancellationToken cancellationToken) =>
        Task.Run(() => CallWhileRunning(request, caller, cancellationToken), cancellationToken);

    /// <summary>No server waits for these calls when the host stops: they end before what they use does.</summary>
    async Task<HttpResponseMessage> CallWhileRunning(
        HttpRequestMessage request,
        ClaimsPrincipal caller,
        CancellationToken cancellationToken
    )
    {
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return Stopping();

        try
        {
            return await Call(request, caller, leave.Token);
        }
        catch (Exception) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return Stopping();
        }

        static HttpResponseMessage Stopping() => new(HttpStatusCode.ServiceUnavailable);
    }

    async Task<HttpResponseMessage> Call(HttpRequestMessage request, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var body = request.Content is { } content ? await content.ReadAsByteArrayAsync(cancellationToken) : [];
        using var said = new MemoryStream(body);
        using var answer = new MemoryStream();
        var factory = services.GetRequiredService<IHttpContextFactory>();
        var context = factory.Create(Features(request, said, answer));
        try
        {
            context.RequestAborted = cancellationToken;
            if (request.Content is not null)
            {
                context.Request.ContentType = request.Content.Headers.ContentType?.ToString();
                context.Request.ContentLength = body.Length;
            }

            // Who signed in with a key calls with it, and it is checked again. Who signed in otherwise is known by the cookie.
            if (caller.FindFirst(ConsoleSignIn.KeyClaim) is { Value: var key })
                context.Request.Headers.Authorization = $"Bearer {key}";
            else
                context.User = caller;

            await _pipeline!(context);
            await context.Response.CompleteAsync();
            return new HttpResponseMessage((HttpStatusCode)context.Response.StatusCode)
            {
                Content = new ByteArrayContent(answer.ToArray()),
            };
        }
        finally
        {
            factory.Dispose(context);
        }
    }

    FeatureCollection Features(HttpRequestMessage request, Stream body, Stream answer)
    {
        var address = new Uri(new Uri(Root), request.RequestUri!);
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(
            new HttpRequestFeature
            {
                Method = request.Method.Method,
                Scheme = address.Scheme,
                Protocol = HttpProtocol.Http11,
                Path = PathString.FromUriComponent(address).Value!,
                QueryString = address.Query,
                RawTarget = address.PathAndQuery,
                Headers = new HeaderDictionary { ["Host"] = address.Authority },
                Body = body,
            }
        );
        features.Set<IHttpRequestBodyDetectionFeature>(new HasBody(body.Length > 0));
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        features.Set<IHttpConnectionFeature>(
            new HttpConnectionFeature
            {
                RemoteIpAddress = IPAddress.Loopback,
                LocalIpAddress = IPAddress.Loopback,
                LocalPort = InsidePort(),
            }
        );
        return features;
    }

    /// <summary>The first address is one at which everything is served.</summary>
    int InsidePort() =>
        services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } url
            ? BindingAddress.Parse(url).Port
            : 0;

    sealed record HasBody(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;
}
