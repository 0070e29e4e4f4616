using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

using NotificationBus.Channels.Http;
using NotificationBus.Host.Settings;

using RabbitMQ.Client;

namespace NotificationBus.Host.RabbitMq;

/// <summary>How the broker is reached: its nodes in any order, and whose certificates are trusted. The bus uses it, and what looks after the bus.</summary>
sealed class BrokerConnections(HostSettings settings)
{
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    readonly X509Certificate2Collection? _trusted = TrustedAuthorities.Read(settings.RabbitMq.TrustedCertificate);

    /// <summary>Where it is.</summary>
    public BrokerAddress Address { get; } = BrokerAddress.Parse(settings.ConnectionStrings.RabbitMq) ?? throw new SettingsException("ConnectionStrings:RabbitMq is no address");

    /// <summary>A factory of connections that do not come back by themselves: whoever uses one finds out that it is lost.</summary>
    /// <param name="purpose">What the broker calls it, after the name of the product.</param>
    public ConnectionFactory Factory(string purpose)
    {
        var factory = new ConnectionFactory
        {
            Uri = Address.First,
            AutomaticRecoveryEnabled = false,
            RequestedHeartbeat = Heartbeat,
            ClientProvidedName = $"NotificationBus {purpose}",
        };
        Direct(factory);
        return factory;
    }

    /// <summary>Has a factory connect to any of the nodes, by sockets of ours.</summary>
    public void Direct(ConnectionFactory factory)
    {
        factory.SocketFactory = family => BrokerSocket.Create(family, Address.IsEncrypted ? Encryption : null);
        // Not encrypted by the client: the socket does that.
        factory.EndpointResolverFactory = _ => new DefaultEndpointResolver(
            Address.Nodes.Select(node => new AmqpTcpEndpoint(node.Host, node.Port, new SslOption(), factory.MaxInboundMessageBodySize)));
    }

    /// <summary>Connects and opens a channel, so that the connection is known to work.</summary>
    public Task<IConnection> Open(string purpose, CancellationToken cancellationToken) => Factory(purpose).OpenAndTry(cancellationToken);

    async Task<SslClientAuthenticationOptions> Encryption(IPEndPoint node) => new()
    {
        TargetHost = await NameOf(node),
        CertificateChainPolicy = TrustedAuthorities.Only(_trusted),
    };

    /// <summary>The name under which a node is configured: the client looks it up and passes on its address only.</summary>
    async Task<string> NameOf(IPEndPoint node)
    {
        var there = Address.Nodes.Where(named => named.Port == node.Port).Select(named => named.Host).ToList();
        if (there.Count == 1)
            return there[0];

        foreach (var name in there)
        {
            if ((await Dns.GetHostAddressesAsync(name)).Contains(node.Address))
                return name;
        }

        return $"{node.Address}";
    }
}
