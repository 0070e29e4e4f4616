using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NotificationBus.Host.Http;

/// <summary>Limits of what one request may cost, and all connections together.</summary>
static partial class HttpLimits
{
    /// <summary>The largest body in bytes.</summary>
    public const long BodySize = 256 * 1024;

    /// <summary>The largest body of many events or requests in bytes. Each of them may be as large as <see cref="BodySize"/>.</summary>
    public const long BatchSize = 10 * 1024 * 1024;

    /// <summary>The largest form a recipient's program posts to unsubscribe, in bytes (RFC 8058: one field).</summary>
    public const long UnsubscribeSize = 4 * 1024;

    /// <summary>
    /// The most bytes of a body that are taken off the wire, most of them to be thrown away: whoever writes all of his request before he
    /// reads the answer would find the connection reset, and never learn that his body is too large or his key unknown (RFC 9112 9.6).
    /// </summary>
    const long Discarded = 16 * 1024 * 1024;

    // What the server takes off the wire before anybody reads it: a caller may announce a megabyte, send it, and stop a byte short.
    const int Unread = 64 * 1024;

    /// <summary>Sets the bounds.</summary>
    /// <param name="options">The server.</param>
    /// <param name="connections">How many connections each address it listens on holds open.</param>
    /// <param name="grpc">The ports at which HTTP/2 is spoken from the first byte, because no TLS says so.</param>
    public static void Apply(KestrelServerOptions options, int connections, IReadOnlyCollection<int> grpc)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = Discarded;
        options.Limits.MaxRequestBufferSize = Unread;
        options.Limits.Http2.InitialConnectionWindowSize = 2 * Unread;
        options.Limits.Http2.InitialStreamWindowSize = Unread;
        options.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        // The server has such a bound of its own, and a line in the log for each that is refused.
        options.ConfigureEndpointDefaults(listen =>
        {
            if (listen.IPEndPoint is { Port: var port } && grpc.Contains(port))
                listen.Protocols = HttpProtocols.Http2;
            Bound(listen, connections);
        });
    }

    /// <summary>Each address for itself: who fills the one for the world leaves operators theirs.</summary>
    static void Bound(ListenOptions listen, int most)
    {
        var open = 0;
        listen.Use(next =>
            async connection =>
            {
                try
                {
                    if (Interlocked.Increment(ref open) <= most)
                        await next(connection);
                    else
                        Refuse(listen.ApplicationServices, $"{listen}", most);
                }
                finally
                {
                    Interlocked.Decrement(ref open);
                }
            }
        );
    }

    static void Refuse(IServiceProvider services, string address, int most)
    {
        if (services.GetRequiredService<CountedWarnings>().Count($"connections of {address}") is { } times)
            TooMany(services.GetRequiredService<ILogger<CountedWarnings>>(), address, most, times);
    }

    [LoggerMessage(
        LogLevel.Warning,
        "{Address} holds {Most} connections (Intake:Connections), and further ones are closed ({Times} since this was said last)"
    )]
    static partial void TooMany(ILogger log, string address, int most, int times);
}
