using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NotificationBus.Host.Http;

/// <summary>What one request may cost.</summary>
static class HttpLimits
{
    /// <summary>The largest body in bytes.</summary>
    public const long BodySize = 256 * 1024;

    /// <summary>The largest body of a vendor's call with receipts, in bytes.</summary>
    public const long ReceiptSize = 1024 * 1024;

    public static void Apply(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = BodySize;
        options.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
    }
}
