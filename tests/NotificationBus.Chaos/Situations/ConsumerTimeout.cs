namespace NotificationBus.Chaos.Situations;

/// <summary>Faults, A1: the broker takes its messages away from consumers that hold them for longer than it allows.</summary>
sealed class ConsumerTimeout : Situation
{
    static readonly TimeSpan Usual = TimeSpan.FromMinutes(30);
    static readonly TimeSpan UsualInterval = TimeSpan.FromMinutes(1);

    Task<string>? _taken;

    public override string Name => "consumer-timeout";

    public override string What => "RabbitMQ closes channels whose messages are held for 20 s, while PostgreSQL is away";

    public override Dose Full => new(400, TimeSpan.FromSeconds(60));

    public override async Task Happen(Arena arena, Dose dose)
    {
        // A channel reads both when it is opened.
        await arena.Broker.SetConsumerTimeout(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(5));
        _taken = arena.Broker.Line(line => line.Contains("timed out waiting for delivery acknowledgement", StringComparison.Ordinal));
        try
        {
            await arena.Start("api,worker");
            await arena.Start("api,worker");
            var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), perSecond: 20);
            await Task.Delay(TimeSpan.FromSeconds(3));
            await arena.Postgres.Stop();
            await Task.Delay(dose.Every);
            await arena.Postgres.Restart();
            await publishing;
            await arena.Settle(TimeSpan.FromSeconds(120));
        }
        finally
        {
            await arena.Broker.SetConsumerTimeout(Usual, UsualInterval);
        }
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [.. AllSent(audit), .. When(_taken is not { IsCompleted: true }, "the broker took no message away")];
}
