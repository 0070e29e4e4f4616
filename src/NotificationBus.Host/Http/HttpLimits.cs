using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NotificationBus.Host.Http;

/// <summary>What one request may cost.</summary>
static class HttpLimits
{
    /// <summary>The largest body in bytes.</summary>
    public const long BodySize = 256 * 1024;

    /// <summary>The largest form a recipient's program posts to unsubscribe, in bytes (RFC 8058: one field).</summary>
    public const long UnsubscribeSize = 4 * 1024;

    // What the server takes off the wire before anybody reads it: a caller may announce a megabyte, send it, and stop a byte short.
    const int Unread = 64 * 1024;

    public static void Apply(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = BodySize;
        options.Limits.MaxRequestBufferSize = Unread;
        options.Limits.Http2.InitialConnectionWindowSize = 2 * Unread;
        options.Limits.Http2.InitialStreamWindowSize = Unread;
        options.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
    }
}
