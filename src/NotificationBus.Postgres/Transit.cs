using System.Net;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The way that what is written takes to the server.</summary>
static class Transit
{
    /// <summary>The first server that is reached over a network without a look at its certificate; null when there is none.</summary>
    /// <remarks>
    /// Npgsql looks at it with <c>VerifyCA</c> and <c>VerifyFull</c> only; its default, <c>Prefer</c>, takes any certificate, or none.
    /// </remarks>
    public static string? Unverified(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        return settings.SslMode is SslMode.VerifyCA or SslMode.VerifyFull
            ? null
            : settings.Host?.Split(',', StringSplitOptions.TrimEntries).Select(WithoutPort).FirstOrDefault(host => !StaysHere(host));
    }

    static string WithoutPort(string host)
    {
        if (host.StartsWith('['))
            return host[1..Math.Max(1, host.IndexOf(']', StringComparison.Ordinal))];

        return host.Count(letter => letter == ':') == 1 ? host[..host.IndexOf(':', StringComparison.Ordinal)] : host;
    }

    /// <summary>True for a socket of this machine, a path or an abstract one, and for its loopback.</summary>
    static bool StaysHere(string host) =>
        host.Length == 0
        || host[0] is '/' or '@'
        || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
