using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace NotificationBus.Host.Http;

/// <summary>
/// Calls the API from within the process: through the same pipeline that calls from outside pass, and over no socket. So a call needs no
/// name, port or certificate of this host, and nothing that the API refuses is open to it by another way.
/// </summary>
sealed class InProcessCalls(IServiceProvider services, IHostApplicationLifetime lifetime) : IStartupFilter
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

    /// <summary>Calls, and reads the answer to its end.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="prepare">Says who calls.</param>
    /// <param name="cancellationToken">Ends the call as a caller does who hangs up.</param>
    /// <returns>The answer; 503 when the host stops: no server waits for these calls, and what they use ends soon.</returns>
    public async Task<HttpResponseMessage> Call(
        HttpRequestMessage request,
        Action<HttpContext> prepare,
        CancellationToken cancellationToken
    )
    {
        using var body = new MemoryStream();
        var answer = new HttpResponseFeature();
        await Call(request, prepare, answer, body, cancellationToken);
        return new HttpResponseMessage((HttpStatusCode)answer.StatusCode) { Content = new ByteArrayContent(body.ToArray()) };
    }

    /// <summary>Calls, and writes the answer while it is made.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="prepare">Says who calls.</param>
    /// <param name="answer">Takes the status and the headers, which are there before the first byte of the body.</param>
    /// <param name="body">Takes the body.</param>
    /// <param name="cancellationToken">Ends the call as a caller does who hangs up.</param>
    public async Task Call(
        HttpRequestMessage request,
        Action<HttpContext> prepare,
        IHttpResponseFeature answer,
        Stream body,
        CancellationToken cancellationToken
    )
    {
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            answer.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        try
        {
            await Enter(request, prepare, answer, body, leave);
        }
        catch (Exception) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            answer.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }

    async Task Enter(
        HttpRequestMessage request,
        Action<HttpContext> prepare,
        IHttpResponseFeature answer,
        Stream body,
        CancellationTokenSource leave
    )
    {
        var content = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(leave.Token);
        using var said = new MemoryStream(content);
        var factory = services.GetRequiredService<IHttpContextFactory>();
        var features = Features(request, said);
        features.Set(answer);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        features.Set<IHttpRequestLifetimeFeature>(new Lifetime(leave));
        var context = factory.Create(features);
        try
        {
            foreach (var (name, values) in request.Headers)
                context.Request.Headers[name] = values.ToArray();
            if (request.Content is not null)
            {
                context.Request.ContentType = request.Content.Headers.ContentType?.ToString();
                context.Request.ContentLength = content.Length;
            }

            prepare(context);
            await _pipeline!(context);
            await context.Response.CompleteAsync();
        }
        finally
        {
            factory.Dispose(context);
        }
    }

    FeatureCollection Features(HttpRequestMessage request, Stream body)
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

    /// <summary>Lets go of whoever takes too long, as a server does.</summary>
    sealed class Lifetime(CancellationTokenSource leave) : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; } = leave.Token;

        public void Abort() => leave.Cancel();
    }
}
