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

    /// <summary>Has a factory connect to any of the nodes.</summary>
    public void Direct(ConnectionFactory factory) =>
        factory.EndpointResolverFactory = _ => new DefaultEndpointResolver(Address.Nodes.Select(node => EndpointOf(node, factory.MaxInboundMessageBodySize)));

    /// <summary>Connects and opens a channel, so that the connection is known to work.</summary>
    public Task<IConnection> Open(string purpose, CancellationToken cancellationToken) => Factory(purpose).OpenAndTry(cancellationToken);

    AmqpTcpEndpoint EndpointOf((string Host, int Port) node, uint largestMessage) => new(node.Host, node.Port, new SslOption
    {
        Enabled = Address.IsEncrypted,
        ServerName = node.Host,
        CertificateValidationCallback = _trusted is null ? null : IsTrusted,
    }, largestMessage);

    /// <summary>Trusts the authorities of the setting, and nobody else.</summary>
    bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 server || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            return false;

        using var chain = new X509Chain { ChainPolicy = TrustedAuthorities.Only(_trusted)! };
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(server);
    }
}
