using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Chaos.Witnesses;

/// <summary>A provider that speaks HTTP and answers as it is told to.</summary>
sealed class HttpWitness(string name, Witness witness) : IAsyncDisposable
{
    readonly int _port = FreePort.Take();
    WebApplication? _server;

    /// <summary>What it does with a request. May be changed at any time.</summary>
    public volatile Answer Answer = Answers.Accept();

    /// <summary>Whether it resets connections before it reads anything of them.</summary>
    public volatile bool ResetsBefore;

    /// <summary>Whether it resets connections when it has read the head of a request.</summary>
    public volatile bool ResetsDuring;

    /// <summary>How many connections it has reset before reading a request.</summary>
    public int Resets => _resets;

    int _resets;

    /// <summary>What a host needs to know to call it.</summary>
    public Dictionary<string, string> Settings =>
        new(StringComparer.Ordinal)
        {
            [$"Providers:{name}:Type"] = "http",
            [$"Providers:{name}:Url"] = $"http://127.0.0.1:{_port}/send",
            [$"Providers:{name}:Headers:Authorization"] = "Bearer of-the-chaos",
            [$"Providers:{name}:MessageIdPath"] = "id",
            [$"Providers:{name}:Timeout"] = "00:00:03",
        };

    /// <summary>Begins to take connections.</summary>
    public async Task Open()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenLocalhost(_port, listen => listen.Use(ResetSome));
        });
        _server = builder.Build();
        _server.Run(Converse);
        await _server.StartAsync();
    }

    /// <summary>Refuses connections from now on, and ends those there are.</summary>
    public async Task Close()
    {
        if (_server is { } server)
        {
            _server = null;
            await server.StopAsync();
            await server.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await Close();

    ConnectionDelegate ResetSome(ConnectionDelegate next) =>
        connection =>
        {
            if (!ResetsBefore)
                return next(connection);

            Interlocked.Increment(ref _resets);
            // Without a linger the socket is reset, not closed in good order.
            if (connection.Features.Get<IConnectionSocketFeature>() is { } feature)
                feature.Socket.Close(0);
            connection.Abort();
            return Task.CompletedTask;
        };

    async Task Converse(HttpContext context)
    {
        if (ResetsDuring)
        {
            Interlocked.Increment(ref _resets);
            context.Abort();
            return;
        }

        try
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
        }
        catch (Exception brokenOff) when (brokenOff is IOException or OperationCanceledException or BadHttpRequestException)
        {
            return; // Half a request is none.
        }

        if (Guid.TryParse(context.Request.Headers["Idempotency-Key"], out var delivery))
            await Answer(context, witness.Record(name, delivery));
    }
}
