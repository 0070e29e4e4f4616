namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 34.</summary>
sealed class Spike : Situation
{
    const int Times = 10;
    const int MostMegabytes = 500;

    readonly List<long> _peaks = [];
    HttpProducer? _producer;

    public override string Name => "spike";

    public override string What => $"the API is posted {Times} times the usual for a while";

    public override Dose Full => new(12_000, TimeSpan.FromSeconds(60));

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Accept(TimeSpan.FromMilliseconds(40));
        var worker = await arena.Start("worker");
        var api = await arena.Start("api");
        _producer = new HttpProducer(() => api.Client, arena.Requests);
        var perSecond = (int)Math.Max(Times, dose.Count / dose.Every.TotalSeconds);
        await _producer.Post(Shipments($"{Name}-usual", perSecond), Math.Max(1, perSecond / Times), again: false);
        await _producer.Post(Shipments(Name, dose.Count), perSecond, again: false);
        await arena.Settle();
        _peaks.AddRange([worker.PeakMegabytes(), api.PeakMegabytes()]);
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "nobody died, and yet something was sent twice"),
            .. When(_producer!.Statuses.ContainsKey(0), $"{_producer.Statuses.GetValueOrDefault(0)} requests got no answer"),
            .. When(
                _producer.Statuses.Keys.Any(status => status is not (0 or 202 or 429 or 503)),
                $"answers {string.Join(", ", _producer.Statuses.Keys)}"
            ),
            .. When(_peaks.Max() > MostMegabytes, $"a host took {_peaks.Max()} MB"),
        ];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"worker {_peaks[0]} MB, API {_peaks[1]} MB", .. _producer!.Statuses.Select(status => $"{status.Value} x {status.Key}")];
}
