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
sealed partial class PolicyCheck(HostSettings settings, BrokerTopology topology, ILogger<PolicyCheck> log) : IDisposable
{
    static readonly TimeSpan Connecting = TimeSpan.FromSeconds(5);

    // It gathers figures before it answers, and on a busy broker that takes a while.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    const int ManagementPort = 15672;

    readonly HttpClient? _management = Client(settings);
    bool _hasSaid;

    /// <summary>False while the plug-in does not show the policies of a queue yet: one that has just been declared it shows some seconds later.</summary>
    public bool HasSeenAll { get; private set; } = true;

    /// <summary>What policies do to queues of the flow, a sentence for each queue that loses messages by one.</summary>
    /// <returns>Null when nobody can tell.</returns>
    public async Task<IReadOnlyDictionary<string, string>?> Find(CancellationToken cancellationToken)
    {
        HasSeenAll = true;
        if (_management is null)
        {
            Unknown("RabbitMq:ManagementUrl is not set");
            return null;
        }

        try
        {
            var harmful = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var queue in topology.Queues.Keys)
            {
                if (await HarmTo(queue, _management, cancellationToken) is { } harm)
                    harmful.Add(queue, harm);
            }

            return harmful;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Unknown($"{_management.BaseAddress} {(exception is HttpRequestException { StatusCode: { } status } ? $"answers {(int)status}" : "does not answer")}");
            return null;
        }
    }

    public void Dispose() => _management?.Dispose();

    string VirtualHost => BrokerAddress.Parse(settings.ConnectionStrings.RabbitMq)!.First.AbsolutePath is { Length: > 1 } path ? Uri.UnescapeDataString(path[1..]) : "/";

    static HttpClient? Client(HostSettings settings)
    {
        var broker = BrokerAddress.Parse(settings.ConnectionStrings.RabbitMq)!;
        if ((settings.RabbitMq.ManagementUrl ?? (broker.IsEncrypted ? null : $"http://{broker.Nodes[0].Host}:{ManagementPort}")) is not { } url)
            return null;

        var handler = new SocketsHttpHandler { ConnectTimeout = Connecting };
        handler.SslOptions.CertificateChainPolicy = TrustedAuthorities.Only(TrustedAuthorities.Read(settings.RabbitMq.TrustedCertificate));
        var password = broker.First.UserInfo.Split(':', 2) is [_, var given] ? Uri.UnescapeDataString(given) : "guest";
        return new HttpClient(handler)
        {
            BaseAddress = new Uri($"{url.TrimEnd('/')}/"),
            Timeout = Patience,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{broker.User}:{password}"))) },
        };
    }

    /// <summary>Asks for one queue: an answer about all of them may be an old one.</summary>
    async Task<string?> HarmTo(string queue, HttpClient management, CancellationToken cancellationToken)
    {
        var path = new Uri($"api/queues/{Uri.EscapeDataString(VirtualHost)}/{Uri.EscapeDataString(queue)}", UriKind.Relative);
        using var answer = await management.GetAsync(path, cancellationToken);
        // A host that is only API may be there before the first worker declares it.
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;

        answer.EnsureSuccessStatusCode();
        using var shown = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        // An empty definition is an empty list.
        HasSeenAll &= shown.RootElement.TryGetProperty("effective_policy_definition", out var definition);
        if (definition.ValueKind != JsonValueKind.Object)
            return null;

        var rules = definition.EnumerateObject().Where(IsHarmful).Select(rule => $"{rule.Name} {rule.Value}").ToList();
        string?[] policies = [Text(shown.RootElement, "policy"), Text(shown.RootElement, "operator_policy")];
        return rules.Count == 0 ? null
            : $"policy '{string.Join("' or '", policies.OfType<string>())}' gives queue '{queue}' {string.Join(" and ", rules)}: messages would be lost "
                + "without a word; exclude the queue from the policy's pattern, or clear it";
    }

    /// <summary>What makes a queue drop a message, or go. Of the limits of deliveries the lowest applies, and ours is one that nobody reaches.</summary>
    static bool IsHarmful(JsonProperty rule) =>
        rule.Name is "message-ttl" or "expires" or "max-length" or "max-length-bytes" or "max-age" || rule.Name.StartsWith("dead-letter-", StringComparison.Ordinal)
        || (rule.Name == "delivery-limit" && rule.Value.TryGetInt64(out var limit) && limit < QueueArguments.DeliveryLimit);

    static string? Text(JsonElement queue, string name) => queue.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 } value ? value : null;

    void Unknown(string why)
    {
        if (_hasSaid)
            return;

        _hasSaid = true;
        NotKnown(why);
    }

    [LoggerMessage(LogLevel.Warning, "Nobody can tell whether a policy of RabbitMQ makes queues drop messages: {Why}. Set RabbitMq:ManagementUrl, and give the user the tag management")]
    partial void NotKnown(string why);
}
