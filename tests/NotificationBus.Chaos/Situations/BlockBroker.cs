namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 8.</summary>
sealed class BlockBroker : Situation
{
    static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(10.5);
    static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    HttpProducer? _producer;

    public override string Name => "block-broker";

    public override string What => "RabbitMQ raises its memory alarm for a while and takes nothing, while the API is posted to";

    public override Dose Full => new(3_000, TimeSpan.FromSeconds(60));

    public override async Task Happen(Arena arena, Dose dose)
    {
        var host = await arena.Start("api,worker");
        _producer = new HttpProducer(() => host.Client, arena.Requests);
        var posting = _producer.Post(Shipments(Name, dose.Count), perSecond: 50);
        await Task.Delay(Settling);
        await arena.Broker.BlockPublishers();
        try
        {
            await Task.Delay(dose.Every);
        }
        finally
        {
            await arena.Broker.UnblockPublishers();
        }

        await posting;
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var longest = _producer!.Durations.Max();
        return
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "no sender died, and yet something was sent twice"),
            .. When(longest > LongestAnswer, $"a request took {longest.TotalSeconds:0.0} s"),
            .. When(_producer.Statuses.ContainsKey(0), $"{_producer.Statuses.GetValueOrDefault(0)} requests got no answer"),
        ];
    }

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        _producer!.Statuses.Select(status => $"{status.Value} x {status.Key}");
}
