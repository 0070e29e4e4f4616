using System.Net;

namespace NotificationBus.Host.RabbitMq;

/// <summary>Declares again what an operator has deleted while the host runs, and names it in the log.</summary>
sealed partial class TopologyRepair(
    BrokerTopology topology,
    TopologyConnection connection,
    QueueCheck check,
    ManagementPlugIn plugIn,
    ILogger<TopologyRepair> log
)
{
    volatile IReadOnlyList<Refusal> _refused = [];
    IReadOnlyList<string> _missing = [];
    IReadOnlyList<string> _unbound = [];

    /// <summary>Declarations that the broker does not let this host make.</summary>
    public IReadOnlyList<Refusal> Refused => _refused;

    /// <summary>Declares again what is missing, and names exchanges, and bindings where the plug-in shows them.</summary>
    public async Task Mend(IReadOnlyList<string> missingQueues, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (var exchange in topology.Exchanges.Concat(topology.Queues.Keys))
        {
            if (!await connection.Exists(channel => channel.ExchangeDeclarePassiveAsync(exchange, cancellationToken), cancellationToken))
                missing.Add(exchange);
        }

        var deletedNow = missing.Except(_missing, StringComparer.Ordinal).ToList();
        if (deletedNow.Count > 0)
            ExchangesDeleted(deletedNow.Count, string.Join(", ", deletedNow));
        var (bound, _) = await plugIn.Ask(Bound, cancellationToken);
        if (bound is not null)
        {
            NameBindings(
                topology
                    .AllBindings.Except(bound)
                    .Where(way => !IsGone(way.Exchange) && !IsGone(way.Queue))
                    .Select(way => $"{way.Exchange} to {way.Queue}")
                    .ToList()
            );
        }

        _refused = await check.DeclareAll(await connection.Open(cancellationToken), cancellationToken);
        // It is said once, however often the broker refuses them.
        _missing = _refused.Count > 0 ? missing : [];

        // Their bindings went with them.
        bool IsGone(string name) => missing.Contains(name, StringComparer.Ordinal) || missingQueues.Contains(name, StringComparer.Ordinal);
    }

    void NameBindings(IReadOnlyList<string> unbound)
    {
        var unboundNow = unbound.Except(_unbound, StringComparer.Ordinal).ToList();
        if (unboundNow.Count > 0)
            BindingsRemoved(unboundNow.Count, string.Join(", ", unboundNow));
        _unbound = unbound;
    }

    static async Task<IReadOnlySet<(string Exchange, string Queue)>> Bound(
        ManagementPlugIn.Node management,
        CancellationToken cancellationToken
    )
    {
        using var shown =
            await management.Get("bindings", name: null, cancellationToken)
            ?? throw new HttpRequestException("no bindings", inner: null, HttpStatusCode.NotFound);
        return shown
            .RootElement.EnumerateArray()
            .Select(binding => (binding.GetProperty("source").GetString()!, binding.GetProperty("destination").GetString()!))
            .ToHashSet();
    }

    [LoggerMessage(
        LogLevel.Error,
        "{Count} exchanges were deleted while this host ran, and what was published to them meanwhile is lost "
            + "unless its publisher was told; declared again: {Exchanges}"
    )]
    partial void ExchangesDeleted(int count, string exchanges);

    [LoggerMessage(
        LogLevel.Error,
        "{Count} bindings were removed while this host ran, and what was published to them meanwhile is lost "
            + "unless its publisher was told; bound again: {Bindings}"
    )]
    partial void BindingsRemoved(int count, string bindings);
}
