namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// Three nodes of RabbitMQ of our own as one cluster: each message of a quorum queue is on two of them at least. A node that stood still
/// starts anew by itself (<c>autoheal</c>); with <c>pause_minority</c> it has found the others again before it knows that it was alone, and
/// stays as it was.
/// </summary>
sealed class RabbitMqCluster : IAsyncDisposable
{
    static readonly TimeSpan LongestReturn = TimeSpan.FromMinutes(2);
    static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    RabbitMqCluster(IReadOnlyList<RabbitMqServer> nodes) => Nodes = nodes;

    public IReadOnlyList<RabbitMqServer> Nodes { get; }

    public static async Task<RabbitMqCluster> Start()
    {
        var first = await RabbitMqServer.StartNode();
        try
        {
            return new RabbitMqCluster([first, .. await Task.WhenAll(RabbitMqServer.StartNode(first), RabbitMqServer.StartNode(first))]);
        }
        catch
        {
            await first.DisposeAsync();
            throw;
        }
    }

    /// <summary>A virtual host as a host is told of it, by all nodes.</summary>
    public string Address(Uri virtualHost) =>
        $"{virtualHost.Scheme}://{virtualHost.UserInfo}@{string.Join(',', Nodes.Select(node => node.Address))}{virtualHost.AbsolutePath}";

    /// <summary>The ways to a virtual host, one by each node.</summary>
    public IReadOnlyList<Uri> Ways(Uri virtualHost) => [.. Nodes.Select(node => node.ByThisNode(virtualHost))];

    /// <summary>The node that leads a quorum queue now.</summary>
    public async Task<RabbitMqServer> LeaderOf(Uri virtualHost, string queue)
    {
        var leader = await Nodes[0].LeaderOf(virtualHost, queue);
        return Nodes.Single(node => node.Node == leader);
    }

    /// <summary>Waits until every node is back and every quorum queue could spare one again.</summary>
    public async Task IsWhole()
    {
        var giveUp = TimeProvider.System.GetUtcNow() + LongestReturn;
        foreach (var node in Nodes)
        {
            while (await Missing(node) is { } missing)
            {
                if (TimeProvider.System.GetUtcNow() > giveUp)
                    throw new TimeoutException($"The cluster was not whole again after {LongestReturn}: {missing}");
                await Task.Delay(LookAgain);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The first one has the port mapper.
        foreach (var node in Nodes.Reverse())
            await node.DisposeAsync();
    }

    async Task<string?> Missing(RabbitMqServer node)
    {
        try
        {
            var (queues, nodes) = await node.QueuesInDanger();
            return queues == 0 && nodes == Nodes.Count ? null : $"{node.Node} sees {nodes} nodes, and {queues} queues that can spare none";
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message; // It pauses, or has not come to know the others yet.
        }
    }
}
