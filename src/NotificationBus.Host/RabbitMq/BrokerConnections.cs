using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using NotificationBus.Channels.Http;
using NotificationBus.Host.Settings;
using RabbitMQ.Client;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Connections to the broker: its nodes in any order, and whose certificates are trusted. The bus uses them, and what looks after the bus.
/// </summary>
sealed class BrokerConnections(HostSettings settings)
{
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    readonly X509Certificate2Collection? _trusted = TrustedAuthorities.Read(settings.RabbitMq.TrustedCertificate);

    /// <summary>The address of the broker.</summary>
    public BrokerAddress Address { get; } =
        BrokerAddress.Parse(settings.ConnectionStrings.RabbitMq) ?? throw new SettingsException("ConnectionStrings:RabbitMq is no address");

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
        var nodes = new Nodes(Address, factory.MaxInboundMessageBodySize);
        factory.SocketFactory = family => BrokerSocket.Create(family, Address.IsEncrypted ? Encryption(nodes.Current) : null);
        factory.EndpointResolverFactory = _ => nodes;
    }

    /// <summary>Connects and opens a channel, so that the connection is known to work.</summary>
    public Task<IConnection> Open(string purpose, CancellationToken cancellationToken) => Factory(purpose).OpenAndTry(cancellationToken);

    SslClientAuthenticationOptions Encryption(string? node) =>
        new() { TargetHost = node ?? Address.Nodes[0].Host, CertificateChainPolicy = TrustedAuthorities.Only(_trusted) };

    /// <summary>
    /// The nodes in any order. The client takes one after the other, and gives a socket nothing but its address; by which name that was
    /// found, the certificate is asked about, and that is known here to whoever takes it.
    /// </summary>
    sealed class Nodes(BrokerAddress address, uint largestMessage) : IEndpointResolver
    {
        readonly AsyncLocal<string?> _current = new();

        public string? Current => _current.Value;

        public IEnumerable<AmqpTcpEndpoint> All()
        {
            var nodes = address.Nodes.ToArray();
            Random.Shared.Shuffle(nodes);
            foreach (var (host, port) in nodes)
            {
                _current.Value = host;
                // Not encrypted by the client: the socket does that.
                yield return new AmqpTcpEndpoint(host, port, new SslOption(), largestMessage);
            }
        }
    }
}
