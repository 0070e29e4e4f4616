using System.Globalization;
using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Measures;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Benchmarks;

/// <summary>Measures one thing after the other on the same servers.</summary>
sealed class Runner(OwnServers servers, Report report)
{
    static readonly NotificationBusContender Ours = new();
    static readonly IReadOnlyList<Contender> Contenders = [new FloorContender(), new TextbookContender(), Ours];
    static readonly IReadOnlyList<double> Shares = [0.1, 0.5, 0.8];
    static readonly TimeSpan SteadyTime = TimeSpan.FromSeconds(20);

    /// <summary>All contenders in turn, in several rounds, so that what happens to the machine meanwhile happens to all of them.</summary>
    public async Task<IReadOnlyDictionary<string, SaturationRound>> Saturate(int rounds, SaturationLength length, string? only = null)
    {
        await report.Say($"\n== saturation: {rounds} rounds\n\n{Report.Heading}");
        return await report.AddSaturation(
            await Interleave(
                rounds,
                length.Round,
                Contenders
                    .Where(contender => only is null || contender.Name == only)
                    .Select<Contender, Func<Task<Saturation>>>(contender => () => Saturation.Open(servers, contender, length.WarmUp))
            )
        );
    }

    /// <summary>From the event to the provider's call, at shares of each contender's own saturation.</summary>
    public async Task MeasureLatency(IReadOnlyDictionary<string, SaturationRound> saturation)
    {
        await report.Say(
            $"\n== latency from event to provider call, at {string.Join(", ", Shares.Select(share => $"{share:P0}"))} of the "
                + "contender's own saturation\n"
        );
        var all = new Dictionary<string, IReadOnlyList<LatencyFigures>>(StringComparer.Ordinal);
        foreach (var contender in Contenders)
        {
            all[contender.Name] = await Latency.Run(
                servers,
                contender,
                Shares.Select(share => share * saturation[contender.Name].PerSecond),
                SteadyTime
            );
            foreach (var figures in all[contender.Name])
                await report.Say($"{contender.Name, -18}{Line(figures)}");
        }

        await report.Add("latencyMs", all);
    }

    /// <summary>NotificationBus as it is and under another condition, in turn.</summary>
    public async Task Compare(
        string name,
        string what,
        IReadOnlyDictionary<string, string>? settings = null,
        Func<Stand, Task>? prepare = null
    )
    {
        const int Rounds = 3;
        var length = SaturationLength.Long;
        await report.Say($"\n== {what}: {Rounds} rounds beside the usual\n\n{Report.Heading}");
        var all = await Interleave(
            Rounds,
            length.Round,
            [() => Saturation.Open(servers, Ours, length.WarmUp), () => Saturation.Open(servers, Ours, length.WarmUp, settings, prepare)]
        );
        var usual = all.Where((_, index) => index % 2 == 0).ToList();
        var changed = all.Where((_, index) => index % 2 == 1).Select(round => round with { Contender = name }).ToList();

        var (before, after) = (Report.Median(usual), Report.Median(changed));
        var (ratio, ratioOfFirst) = (after.PerSecond / before.PerSecond, after.FirstPerSecond / before.FirstPerSecond);
        await report.Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"\n{name}: {ratio:0.00} of the usual; {ratioOfFirst:0.00} of the usual for the first 80 %"
            )
        );
        await report.Add(
            name,
            new
            {
                Usual = before,
                Changed = after,
                Ratio = ratio,
                RatioOfFirst = ratioOfFirst,
            }
        );
    }

    public Task MeasureStored(int count) => Compare("stored", $"{count} notifications stored", prepare: stand => Stored.Fill(stand, count));

    public Task MeasureFailures() =>
        Compare(
            "failures",
            "one of ten calls fails",
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Providers:sandbox:FailureShare"] = "0.1" }
        );

    public Task MeasureSlowProvider() =>
        Compare(
            "slowProvider",
            "each call takes 100 ms",
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Providers:sandbox:Latency"] = "00:00:00.100" }
        );

    /// <summary>A flood of announcements while orders go on being placed.</summary>
    public async Task MeasureSpike(int count)
    {
        await report.Say($"\n== spike of {count} announcements\n");
        var spike = await Spike.Run(servers, count, report.Say);
        await report.Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"published in {spike.PublishSeconds:0} s, drained after {spike.DrainSeconds:0} s; "
                    + $"{spike.MegabytesBefore:0} MB before, at most {spike.PeakMegabytes:0} MB"
            )
        );
        await report.Say($"transactional, before   {Line(spike.Idle)}\ntransactional, meanwhile{Line(spike.Meanwhile)}");
        await report.Add("spike", spike);
    }

    /// <summary>Many messages due at the same moment.</summary>
    public async Task MeasureScheduled(int count)
    {
        await report.Say($"\n== scheduler: {count} due at once\n");
        var scheduled = await Scheduled.Run(servers, count);
        await report.Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"published {scheduled.Seconds:0.0} s after they were due, {scheduled.PerSecond:0} a second; "
                    + $"at most {scheduled.PeakMegabytes:0} MB"
            )
        );
        await report.Add("scheduled", scheduled);
    }

    /// <summary>Calls over HTTP, each contender in turn, forwards and backwards.</summary>
    public async Task MeasureIntake(int rounds, SaturationLength length)
    {
        await report.Say($"\n== intake over HTTP: {rounds} rounds\n\n{Report.IntakeHeading}");
        var entrants = new List<HttpIntake>();
        try
        {
            foreach (var entrant in IntakeEntrant.All())
                entrants.Add(await HttpIntake.Open(servers, entrant, length.WarmUp));

            var all = new List<IntakeRound>();
            for (var round = 0; round < rounds; round++)
            {
                for (var turn = 0; turn < entrants.Count; turn++)
                {
                    all.Add(await entrants[round % 2 == 0 ? turn : entrants.Count - 1 - turn].Run(length.Round));
                    await report.Say(Report.Line(all[^1]));
                }
            }

            await report.AddIntake(all);
        }
        finally
        {
            foreach (var entrant in entrants)
                await entrant.DisposeAsync();
        }
    }

    /// <summary>Opens all, one after the other, and has each of them run a round in turn.</summary>
    async Task<IReadOnlyList<SaturationRound>> Interleave(int rounds, TimeSpan each, IEnumerable<Func<Task<Saturation>>> open)
    {
        var entrants = new List<Saturation>();
        try
        {
            foreach (var entrant in open)
                entrants.Add(await entrant());

            var all = new List<SaturationRound>();
            for (var round = 1; round <= rounds; round++)
            {
                foreach (var entrant in entrants)
                {
                    all.Add(await entrant.Run(each));
                    await report.Say(Report.Line(all[^1]));
                }
            }

            for (var index = 0; index < entrants.Count; index++)
            {
                var transactions = await entrants[index].End();
                for (var own = index; own < all.Count; own += entrants.Count)
                    all[own] = all[own] with { Transactions = transactions };
            }

            return all;
        }
        finally
        {
            foreach (var entrant in entrants)
                await entrant.DisposeAsync();
        }
    }

    static string Line(LatencyFigures figures) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{figures.PerSecond, 8:0.0}/s  p50 {figures.P50, 6:0.0} ms  p95 {figures.P95, 6:0.0} ms  p99 {figures.P99, 6:0.0} ms  most "
                + $"{figures.Most, 6:0.0} ms"
        );
}
