using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Measures;

namespace NotificationBus.Benchmarks;

/// <summary>Measures one thing after the other on the same servers.</summary>
sealed class Runner(Servers servers, Report report)
{
    static readonly IReadOnlyList<Contender> Contenders = [new FloorContender(), new TextbookContender(), new NotificationBusContender()];

    /// <summary>All contenders in turn, in several rounds, so that what happens to the machine meanwhile happens to all of them.</summary>
    /// <param name="rounds">How many.</param>
    /// <param name="seconds">About how long each contender takes for one.</param>
    public async Task<IReadOnlyList<SaturationRound>> Saturate(int rounds, double seconds)
    {
        await report.Say($"== saturation: {rounds} rounds\n");
        var all = new List<SaturationRound>();
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var contender in Contenders)
            {
                all.Add(await Saturation.Run(servers, contender, seconds));
                await report.Say($"{round}/{rounds} {Report.Line(all[^1])}");
            }
        }

        await report.AddSaturation(all);
        return all;
    }
}
