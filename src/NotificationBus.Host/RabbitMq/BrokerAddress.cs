using System.Globalization;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// The address of the broker: one server, or the nodes of a cluster, with one user and one virtual host:
/// <c>amqp://user:password@one:5672,two:5672/vhost</c>.
/// </summary>
/// <param name="First">The first node as a URI of its own, with user and virtual host.</param>
/// <param name="Nodes">All of them.</param>
sealed record BrokerAddress(Uri First, IReadOnlyList<(string Host, int Port)> Nodes)
{
    const int Plain = 5672;
    const int Encrypted = 5671;

    /// <summary>True for <c>amqps</c>.</summary>
    public bool IsEncrypted => First.Scheme == "amqps";

    /// <summary>The user; the broker's <c>guest</c> where none is named.</summary>
    public string User => First.UserInfo.Length == 0 ? "guest" : Uri.UnescapeDataString(First.UserInfo.Split(':')[0]);

    /// <summary>True when nothing leaves this machine.</summary>
    public bool IsLoopback => Nodes.All(node => new UriBuilder(First.Scheme, node.Host).Uri.IsLoopback);

    /// <summary>Reads an address; null when it is none.</summary>
    public static BrokerAddress? Parse(string? text)
    {
        var start = text?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        if (start < 0)
            return null;

        var authority = text![(start + 3)..].Split('/', 2);
        var at = authority[0].LastIndexOf('@') + 1;
        var nodes = authority[0]
            [at..]
            .Split(',')
            .Select(node => Node(text[..start], authority[0][..at], node, authority.ElementAtOrDefault(1)))
            .ToList();
        return nodes.Contains(null) ? null : new BrokerAddress(nodes[0]!, [.. nodes.Select(node => (node!.IdnHost, PortOf(node)))]);
    }

    /// <summary>The nodes, for people.</summary>
    public override string ToString() =>
        string.Join(", ", Nodes.Select(node => string.Create(CultureInfo.InvariantCulture, $"{node.Host}:{node.Port}")));

    static Uri? Node(string scheme, string user, string node, string? virtualHost) =>
        Uri.TryCreate($"{scheme}://{user}{node}{(virtualHost is null ? "" : $"/{virtualHost}")}", UriKind.Absolute, out var uri)
        && uri.Scheme is "amqp" or "amqps"
        && uri.Host.Length > 0
        && HasName(uri)
            ? uri
            : null;

    // A label that says it is encoded and is not, or is too long once it is, shows only when the name is asked for.
    static bool HasName(Uri uri)
    {
        try
        {
            return uri.IdnHost.Length > 0;
        }
        catch (UriFormatException)
        {
            return false;
        }
    }

    static int PortOf(Uri uri) =>
        uri.Port > 0 ? uri.Port
        : uri.Scheme == "amqps" ? Encrypted
        : Plain;
}
