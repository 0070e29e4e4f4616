using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Http;
using NotificationBus.Host.Settings;

namespace NotificationBus.Host.RabbitMq;

/// <summary>The broker's management plug-in, where it is there: it shows what AMQP does not, such as policies and bindings.</summary>
sealed class ManagementPlugIn(HostSettings settings) : IDisposable
{
    static readonly TimeSpan Connecting = TimeSpan.FromSeconds(3);

    // For all that is asked at a time, whoever is asked: whoever mends queues waits for it.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    const int ManagementPort = 15672;

    readonly IReadOnlyList<HttpClient> _nodes = Clients(settings);
    int _asked;

    /// <summary>Asks one node, or another one when that does not answer.</summary>
    /// <returns>The answer, or why there is none.</returns>
    public async Task<(T? Answer, string? Why)> Ask<T>(Func<Node, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
        where T : class
    {
        var why = "RabbitMq:ManagementUrl is not set";
        using var limit = new CancellationTokenSource(Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        for (var tries = 0; tries < _nodes.Count && !limit.IsCancellationRequested; tries++)
        {
            var node = _nodes[_asked];
            try
            {
                return (await ask(new Node(node, VirtualHost), either.Token), null);
            }
            catch (Exception exception)
                when (exception is HttpRequestException or JsonException or OperationCanceledException
                    && !cancellationToken.IsCancellationRequested
                )
            {
                why =
                    $"{node.BaseAddress} "
                    + (exception is HttpRequestException { StatusCode: { } status } ? $"answers {(int)status}" : "does not answer");
                // Another node of the cluster, and if there is no time left, then the next time.
                _asked = (_asked + 1) % _nodes.Count;
            }
        }

        return (null, why);
    }

    public void Dispose()
    {
        foreach (var node in _nodes)
            node.Dispose();
    }

    string VirtualHost =>
        BrokerAddress.Parse(settings.ConnectionStrings.RabbitMq)!.First.AbsolutePath is { Length: > 1 } path
            ? Uri.UnescapeDataString(path[1..])
            : "/";

    /// <summary>One for each that can be asked: all nodes of a cluster know the policies.</summary>
    static IReadOnlyList<HttpClient> Clients(HostSettings settings)
    {
        var broker = BrokerAddress.Parse(settings.ConnectionStrings.RabbitMq)!;
        IEnumerable<string> urls =
            settings.RabbitMq.ManagementUrl is { } url ? [url]
            : broker.IsEncrypted ? []
            : broker
                .Nodes.Select(node => new UriBuilder(Uri.UriSchemeHttp, node.Host, ManagementPort).Uri.AbsoluteUri)
                .Distinct(StringComparer.Ordinal);
        return [.. urls.Select(url => Client(url, broker, settings.RabbitMq))];
    }

    static HttpClient Client(string url, BrokerAddress broker, RabbitMqOptions options)
    {
        var handler = new SocketsHttpHandler { ConnectTimeout = Connecting };
        handler.SslOptions.CertificateChainPolicy = TrustedAuthorities.Only(TrustedAuthorities.Read(options.TrustedCertificate));
        var password = broker.First.UserInfo.Split(':', 2) is [_, var given] ? Uri.UnescapeDataString(given) : "guest";
        return new HttpClient(handler)
        {
            BaseAddress = new Uri($"{url.TrimEnd('/')}/"),
            DefaultRequestHeaders =
            {
                Authorization = new AuthenticationHeaderValue(
                    "Basic",
                    Convert.ToBase64String(Encoding.UTF8.GetBytes($"{broker.User}:{password}"))
                ),
            },
        };
    }

    /// <summary>A node that is asked.</summary>
    public sealed class Node(HttpClient management, string virtualHost)
    {
        /// <summary>Something of the virtual host; null when it is not there.</summary>
        /// <param name="kind">Queues, bindings.</param>
        /// <param name="name">Which; null for all.</param>
        /// <param name="cancellationToken">Ends it.</param>
        public async Task<JsonDocument?> Get(string kind, string? name, CancellationToken cancellationToken)
        {
            var path = new Uri(
                $"api/{kind}/{Uri.EscapeDataString(virtualHost)}{(name is null ? "" : $"/{Uri.EscapeDataString(name)}")}",
                UriKind.Relative
            );
            using var answer = await management.GetAsync(path, cancellationToken);
            if (answer.StatusCode == HttpStatusCode.NotFound)
                return null;

            answer.EnsureSuccessStatusCode();
            return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        }
    }
}
