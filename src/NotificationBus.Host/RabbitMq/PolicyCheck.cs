using System.Text.Json;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Finds policies of the operator that make a queue drop messages. They apply over whatever the host declares, and AMQP does not show them;
/// the broker's management plug-in does (rabbitmq.com/docs/policies, "effective_policy_definition" of
/// <c>GET /api/queues/{vhost}/{name}</c>).
/// </summary>
sealed class PolicyCheck(ManagementPlugIn plugIn, BrokerTopology topology)
{
    volatile string? _unknown;

    /// <summary>The reason why nobody can tell, and what to do about it; null when somebody can.</summary>
    public string? Unknown => _unknown;

    /// <summary>
    /// False while the plug-in does not show the policies of a queue yet: one that has just been declared it shows some seconds later.
    /// </summary>
    public bool HasSeenAll { get; private set; } = true;

    /// <summary>Finds what policies do to queues of the flow, a sentence for each queue that loses messages by one.</summary>
    /// <returns>Null when nobody can tell.</returns>
    public async Task<IReadOnlyDictionary<string, string>?> Find(CancellationToken cancellationToken)
    {
        HasSeenAll = true;
        var (harmful, why) = await plugIn.Ask(Ask, cancellationToken);
        _unknown = why is null
            ? null
            : $"nobody can tell whether a policy of RabbitMQ makes queues drop messages: {why}. "
                + "Set RabbitMq:ManagementUrl, and give the user the tag management";
        return harmful;
    }

    async Task<IReadOnlyDictionary<string, string>> Ask(ManagementPlugIn.Node management, CancellationToken cancellationToken)
    {
        var seen = await Task.WhenAll(
            topology.Queues.Keys.Select(async queue => (Queue: queue, Policies: await PoliciesOf(queue, management, cancellationToken)))
        );
        HasSeenAll = seen.All(one => one.Policies.IsShown);
        return seen.Where(one => one.Policies.Harm is not null)
            .ToDictionary(one => one.Queue, one => one.Policies.Harm!, StringComparer.Ordinal);
    }

    /// <summary>Asks for one queue: an answer about all of them may be an old one.</summary>
    static async Task<(bool IsShown, string? Harm)> PoliciesOf(
        string queue,
        ManagementPlugIn.Node management,
        CancellationToken cancellationToken
    )
    {
        using var shown = await management.Get("queues", queue, cancellationToken);
        // A host that is only API may be there before the first worker declares it.
        if (shown is null)
            return (IsShown: true, Harm: null);

        // An empty definition is an empty list.
        var isShown = shown.RootElement.TryGetProperty("effective_policy_definition", out var definition);
        if (definition.ValueKind != JsonValueKind.Object)
            return (isShown, Harm: null);

        var rules = definition.EnumerateObject().Where(IsHarmful).Select(rule => $"{rule.Name} {rule.Value}").ToList();
        string?[] policies = [Text(shown.RootElement, "policy"), Text(shown.RootElement, "operator_policy")];
        return (
            isShown,
            rules.Count == 0
                ? null
                : $"policy '{string.Join("' or '", policies.OfType<string>())}' gives queue '{queue}' {string.Join(" and ", rules)}: "
                    + "messages would be lost "
                    + "without a word; exclude the queue from the policy's pattern, or clear it"
        );
    }

    /// <summary>
    /// True when a rule makes a queue drop a message, or go. Of the limits of deliveries the lowest applies, ours is one that nobody
    /// reaches, and one below 0 is none. Not where dead letters go: where a queue is declared with an exchange for them that counts, and
    /// our queue of dead letters gives none away that another rule does not drop.
    /// </summary>
    static bool IsHarmful(JsonProperty rule) =>
        rule.Name is "message-ttl" or "expires" or "max-length" or "max-length-bytes" or "max-age"
        || (rule.Name == "delivery-limit" && rule.Value.TryGetInt64(out var limit) && limit is >= 0 and < QueueArguments.DeliveryLimit);

    static string? Text(JsonElement queue, string name) =>
        queue.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 } value
            ? value
            : null;
}
