using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace NotificationBus.Tests.Channels.Http;

/// <summary>The same over HTTP/2, over TLS where it has a certificate.</summary>
sealed class ScriptedHttp2Server : IScriptedServer
{
    readonly WebApplication _app;
    readonly CancellationTokenSource _end = new();
    Func<HttpResponse, Task>? _answer;

    ScriptedHttp2Server(X509Certificate2? certificate, HttpProtocols protocols)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    System.Net.IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        listen.Protocols = protocols;
                        if (certificate is not null)
                            listen.UseHttps(certificate);
                    }
                )
            );
        _app = builder.Build();
        _app.Run(Converse);
    }

    public Uri Url => new(_app.Urls.Single());

    public ConcurrentQueue<(string Head, string Body)> Requests { get; } = new();

    public bool Resets { get; set; }

    /// <summary>The error code of the reset. Default: internal error (0x2).</summary>
    public int ResetCode { get; set; } = 2;

    /// <summary>What client and server have agreed on in each request's handshake (ALPN).</summary>
    public ConcurrentQueue<string> Agreed { get; } = new();

    /// <summary>Begins to listen.</summary>
    /// <param name="certificate">With it the server speaks TLS.</param>
    /// <param name="protocols">What it speaks; HTTP/2 alone unless the test is about that.</param>
    public static async Task<ScriptedHttp2Server> Start(X509Certificate2? certificate = null, HttpProtocols protocols = HttpProtocols.Http2)
    {
        var server = new ScriptedHttp2Server(certificate, protocols);
        await server._app.StartAsync();
        return server;
    }

    public void Answers(string status, string body = "", string headers = "") =>
        _answer = async response =>
        {
            response.StatusCode = int.Parse(status.Split(' ')[0], CultureInfo.InvariantCulture);
            foreach (var line in headers.Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
                response.Headers.Append(line.Split(':', 2)[0], line.Split(':', 2)[1].Trim());
            await response.WriteAsync(body);
        };

    public void BreaksOff(string status, string beginning)
    {
        Answers(status, beginning);
        var begin = _answer!;
        _answer = async response =>
        {
            response.ContentLength = Encoding.UTF8.GetByteCount(beginning) + 100;
            await begin(response);
            await response.Body.FlushAsync();
        };
        Resets = true;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _app.DisposeAsync();
        _end.Dispose();
    }

    async Task Converse(HttpContext context)
    {
        var request = context.Request;
        using var reader = new StreamReader(request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var head = new StringBuilder($"{request.Method} {request.Path}{request.QueryString} {request.Protocol}");
        foreach (var (name, value) in request.Headers)
            head.Append($"\r\n{name}: {value}");
        if (context.Features.Get<ISslStreamFeature>() is { } tls)
            Agreed.Enqueue($"{tls.SslStream.NegotiatedApplicationProtocol}");
        Requests.Enqueue(($"{head}", body));

        if (_answer is { } answer)
            await answer(context.Response);
        else if (!Resets)
            await Task.Delay(Timeout.Infinite, CancellationTokenSource.CreateLinkedTokenSource(_end.Token, context.RequestAborted).Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Resets)
            context.Features.Get<IHttpResetFeature>()!.Reset(ResetCode);
    }
}
