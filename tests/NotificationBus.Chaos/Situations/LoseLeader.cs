using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Chaos.Situations;

/// <summary>A node of a cluster is lost, always the one that leads the queue of the saga; the other two have every message.</summary>
sealed class LoseLeader(string name, bool isFrozen) : Situation
{
    const string Queue = "notifications";
    const int FewestLosses = 3;

    readonly HashSet<string> _lost = new(StringComparer.Ordinal);
    int _losses;

    public override string Name => name;

    public override string What =>
        isFrozen
            ? "the node that leads the queue of three stands still (SIGSTOP) for longer than the others wait for it, "
                + "again and again under flow"
            : "kill -9 the node that leads the queue of three, again and again under flow, and start it again; never two at once";

    public override Dose Full => isFrozen ? new(6_000, TimeSpan.FromSeconds(25)) : new(6_000, TimeSpan.FromSeconds(5));

    public override bool HasCluster => true;

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("api,worker");
        await arena.Start("worker");
        var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), perSecond: 60);
        while (!publishing.IsCompleted || _losses < FewestLosses)
        {
            await Task.Delay(isFrozen ? RabbitMqServer.GivenUpAfter : dose.Every);
            var leader = await arena.Cluster.LeaderOf(arena.VirtualHost, Queue);
            await Lose(leader, dose.Every);
            arena.OtherKills++;
            _losses++;
            _lost.Add(leader.Node);
            await arena.Cluster.IsWhole();
        }

        await publishing;
        await arena.Settle(TimeSpan.FromSeconds(90));
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [.. AllSent(audit), .. When(audit.Duplicates > 0, "no sender died, and yet something was sent twice")];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"the leader was lost {_losses} times, {_lost.Count} nodes in turn", $"{arena.Requests.Unanswered} were once without a confirm"];

    async Task Lose(RabbitMqServer leader, TimeSpan absence)
    {
        if (isFrozen)
        {
            leader.Freeze();
            await Task.Delay(absence);
            leader.Thaw();
        }
        else
        {
            await leader.Kill();
            await Task.Delay(absence / 2);
            await leader.Restart();
        }
    }
}
