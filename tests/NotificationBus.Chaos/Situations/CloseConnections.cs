using RabbitMQ.Client;

namespace NotificationBus.Chaos.Situations;

/// <summary>Faults, A1.</summary>
sealed class CloseConnections : Situation
{
    const int Workers = 3;
    const int Closings = 20;

    static readonly TimeSpan Peace = TimeSpan.FromSeconds(120);

    static readonly IReadOnlyList<string> s_channels = ["email", "push", "sms", "chat", "webhook"];

    static readonly IReadOnlyList<string> s_queues =
    [
        "notifications",
        "notifications-bulk",
        "receipts",
        "notifications-failed",
        "notifications-dead-letters",
        .. s_channels.SelectMany(channel => (string[])[$"send-{channel}", $"send-{channel}-bulk"]),
    ];

    readonly List<string> _missing = [];
    TimeSpan _untilBack;
    int _startedAgain;

    public override string Name => "close-connections";

    public override string What =>
        $"an operator closes all connections {Closings} times, 0.5 to 4 s apart, under flow; then every one of {Workers} "
        + "workers must consume every queue";

    public override Dose Full => new(3_000, TimeSpan.FromSeconds(2.25));

    public override async Task Happen(Arena arena, Dose dose)
    {
        var hosts = new List<HostSlot>();
        for (var worker = 0; worker < Workers; worker++)
            hosts.Add(await arena.Start("api,worker"));

        var closing = CloseAgainAndAgain(arena, dose);
        // A host that cannot get a consumer back ends, to be started again.
        var startedAgain = await Task.WhenAll(hosts.Select(host => host.StartAgainWhile(closing)));
        _startedAgain = startedAgain.Sum();
        await closing;
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "no sender died, and yet something was sent twice"),
            .. When(_missing.Count > 0, $"after {Peace.TotalSeconds} s of peace consumers are missing on {string.Join(", ", _missing)}"),
        ];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [
            $"{arena.Requests.Unanswered} were once without a confirm",
            $"all consumers were back {_untilBack.TotalSeconds:0} s after the last closing",
            .. When(_startedAgain > 0, $"{_startedAgain} hosts ended and were started again"),
        ];

    async Task CloseAgainAndAgain(Arena arena, Dose dose)
    {
        var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), perSecond: 50);
        for (var closing = 0; closing < Closings; closing++)
        {
            // Between a fourth and seven fourths of the pause, so that no rhythm of ours fits one of theirs.
            await Task.Delay(dose.Every * (0.22 + (Random.Shared.NextDouble() * 1.56)));
            await arena.Broker.CloseConnections();
        }

        var lastClosing = Clock.Now;
        await EverybodyIsBack(arena);
        _untilBack = Clock.Now - lastClosing;
        await publishing;
        await arena.Settle(Peace);
        await EverybodyIsBack(arena);
    }

    /// <summary>Counts as the broker does. A host has one consumer on each queue.</summary>
    async Task EverybodyIsBack(Arena arena)
    {
        var giveUp = Clock.Now + Peace;
        do
        {
            _missing.Clear();
            await using var connection = await new ConnectionFactory { Uri = arena.VirtualHost }.CreateConnectionAsync();
            await using var channel = await connection.CreateChannelAsync();
            foreach (var queue in s_queues)
            {
                var consumers = (await channel.QueueDeclarePassiveAsync(queue)).ConsumerCount;
                if (consumers != Workers)
                    _missing.Add($"{queue} ({consumers} of {Workers})");
            }

            if (_missing.Count > 0)
                await Task.Delay(TimeSpan.FromSeconds(1));
        } while (_missing.Count > 0 && Clock.Now < giveUp);
    }
}
