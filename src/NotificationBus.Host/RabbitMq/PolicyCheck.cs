using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

using NotificationBus.Channels.Http;
using NotificationBus.Host.Settings;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Finds policies of the operator that make a queue drop messages. They apply over whatever the host declares, and AMQP does not show them; the
/// broker's management plug-in does (rabbitmq.com/docs/policies, "effective_policy_definition" of <c>GET /api/queues/{vhost}/{name}</c>).
/// </summary>
sealed class PolicyCheck(HostSettings settings, BrokerTopology topology) : IDisposable
{
    static readonly TimeSpan Connecting = TimeSpan.FromSeconds(3);

    // For all queues together, whoever is asked: whoever mends queues waits for it.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    const int ManagementPort = 15672;

    readonly IReadOnlyList<HttpClient> _management = Clients(settings);
    int _asked;
    volatile string? _unknown;

    /// <summary>Why nobody can tell, and what to do about it; null when somebody can.</summary>
    public string? Unknown => _unknown;

    /// <summary>False while the plug-in does not show the policies of a queue yet: one that has just been declared it shows some seconds later.</summary>
    public bool HasSeenAll { get; private set; } = true;

    /// <summary>What policies do to queues of the flow, a sentence for each queue that loses messages by one.</summary>
    /// <returns>Null when nobody can tell.</returns>
    public async Task<IReadOnlyDictionary<string, string>?> Find(CancellationToken cancellationToken)
    {
        HasSeenAll = true;
        var why = "RabbitMq:ManagementUrl is not set";
        using var limit = new CancellationTokenSource(Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        for (var tries = 0; tries < _management.Count && !limit.IsCancellationRequested; tries++)
        {
            var management = _management[_asked];
            try
            {
                var harmful = await Ask(management, either.Token);
                _unknown = null;
                return harmful;
            }
            catch (Exception exception) when (exception is HttpRequestException or JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                why = $"{management.BaseAddress} {(exception is HttpRequestException { StatusCode: { } status } ? $"answers {(int)status}" : "does not answer")}";
                // Another node of the cluster, and if there is no time left, then the next time.
                _asked = (_asked + 1) % _management.Count;
            }
        }

        _unknown = $"nobody can tell whether a policy of RabbitMQ makes queues drop messages: {why}. Set RabbitMq:ManagementUrl, and give the user the tag management";
        return null;
    }

    public void Dispose()
    {
        foreach (var management in _management)
            management.Dispose();
    }

    string VirtualHost => BrokerAddress.Parse(settings.ConnectionStrings.RabbitMq)!.First.AbsolutePath is { Length: > 1 } path ? Uri.UnescapeDataString(path[1..]) : "/";

    /// <summary>One for each that can be asked: all nodes of a cluster know the policies.</summary>
    static IReadOnlyList<HttpClient> Clients(HostSettings settings)
    {
        var broker = BrokerAddress.Parse(settings.ConnectionStrings.RabbitMq)!;
        IEnumerable<string> urls = settings.RabbitMq.ManagementUrl is { } url ? [url]
            : broker.IsEncrypted ? []
            : broker.Nodes.Select(node => new UriBuilder(Uri.UriSchemeHttp, node.Host, ManagementPort).Uri.AbsoluteUri).Distinct(StringComparer.Ordinal);
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
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{broker.User}:{password}"))) },
        };
    }

    async Task<IReadOnlyDictionary<string, string>> Ask(HttpClient management, CancellationToken cancellationToken)
    {
        var seen = await Task.WhenAll(topology.Queues.Keys.Select(async queue => (Queue: queue, Policies: await PoliciesOf(queue, management, cancellationToken))));
        HasSeenAll = seen.All(one => one.Policies.IsShown);
        return seen.Where(one => one.Policies.Harm is not null).ToDictionary(one => one.Queue, one => one.Policies.Harm!, StringComparer.Ordinal);
    }

    /// <summary>Asks for one queue: an answer about all of them may be an old one.</summary>
    async Task<(bool IsShown, string? Harm)> PoliciesOf(string queue, HttpClient management, CancellationToken cancellationToken)
    {
        var path = new Uri($"api/queues/{Uri.EscapeDataString(VirtualHost)}/{Uri.EscapeDataString(queue)}", UriKind.Relative);
        using var answer = await management.GetAsync(path, cancellationToken);
        // A host that is only API may be there before the first worker declares it.
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return (IsShown: true, Harm: null);

        answer.EnsureSuccessStatusCode();
        using var shown = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        // An empty definition is an empty list.
        var isShown = shown.RootElement.TryGetProperty("effective_policy_definition", out var definition);
        if (definition.ValueKind != JsonValueKind.Object)
            return (isShown, Harm: null);

        var rules = definition.EnumerateObject().Where(IsHarmful).Select(rule => $"{rule.Name} {rule.Value}").ToList();
        string?[] policies = [Text(shown.RootElement, "policy"), Text(shown.RootElement, "operator_policy")];
        return (isShown, rules.Count == 0 ? null
            : $"policy '{string.Join("' or '", policies.OfType<string>())}' gives queue '{queue}' {string.Join(" and ", rules)}: messages would be lost "
                + "without a word; exclude the queue from the policy's pattern, or clear it");
    }

    /// <summary>
    /// What makes a queue drop a message, or go. Of the limits of deliveries the lowest applies, ours is one that nobody reaches, and one below 0 is none. Not
    /// where dead letters go: where a queue is declared with an exchange for them that counts, and our queue of dead letters gives none away that another rule does not drop.
    /// </summary>
    static bool IsHarmful(JsonProperty rule) =>
        rule.Name is "message-ttl" or "expires" or "max-length" or "max-length-bytes" or "max-age"
        || (rule.Name == "delivery-limit" && rule.Value.TryGetInt64(out var limit) && limit is >= 0 and < QueueArguments.DeliveryLimit);

    static string? Text(JsonElement queue, string name) => queue.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 } value ? value : null;
}
