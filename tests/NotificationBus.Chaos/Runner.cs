using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Chaos;

/// <summary>Lets situations happen one after the other and says what came of them.</summary>
sealed class Runner(TextWriter output) : IAsyncDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    OwnServers? _servers;

    public async Task<IReadOnlyList<Figures>> Run(IEnumerable<(Situation Situation, Dose Dose)> program, string file)
    {
        var all = new List<Figures>();
        foreach (var (situation, dose) in program)
        {
            await output.WriteLineAsync(
                $"\n== {situation.Name}: {situation.What} ({dose.Count} notifications, {dose.Every.TotalSeconds} s)"
            );
            all.Add(await Run(situation, dose));
            await output.WriteLineAsync(Line(all[^1]));
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(all, Json) + "\n");
        }

        await output.WriteLineAsync($"\n{Heading}");
        foreach (var figures in all)
            await output.WriteLineAsync(Line(figures));
        return all;
    }

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
            await _servers.DisposeAsync();
    }

    async Task<Figures> Run(Situation situation, Dose dose)
    {
        var watch = Stopwatch.StartNew();
        var words = "";
        try
        {
            _servers ??= await OwnServers.Start();
            watch.Restart();
            await using var arena = await Arena.Create(_servers, situation);
            using var end = new CancellationTokenSource();
            var telling = Tell(situation, arena, watch, end.Token);
            try
            {
                await situation.Happen(arena, dose);
                await arena.StopHosts();
                var audit = await Audit.Of(arena);
                return Judge(situation, arena, audit, watch.Elapsed);
            }
            finally
            {
                words = arena.LastWords();
                await end.CancelAsync();
                await telling;
            }
        }
        catch (Exception failed)
        {
            // It may have left a server dead or frozen; the next situation gets others.
            await output.WriteLineAsync($"{failed}\n{words}");
            if (_servers is not null)
                await _servers.DisposeAsync();
            _servers = null;
            return new Figures(situation.Name, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Math.Round(watch.Elapsed.TotalSeconds, 1), Passed: false)
            {
                Remarks = [$"did not come to its end: {failed.Message.Split('\n')[0]}"],
            };
        }
    }

    static Figures Judge(Situation situation, Arena arena, Audit audit, TimeSpan elapsed)
    {
        var broken = Always(audit).Concat(situation.Broken(arena, audit)).ToList();
        return new Figures(
            situation.Name,
            audit.Accepted,
            audit.Sent,
            audit.Lost,
            audit.Unexpected,
            audit.Recovered,
            audit.Duplicates,
            audit.UnexplainedDuplicates,
            audit.Stuck,
            audit.Strays,
            audit.Unreconciled,
            arena.Kills,
            Math.Round(elapsed.TotalSeconds, 1),
            Passed: broken.Count == 0
        )
        {
            Remarks = [.. broken.Select(limit => $"BROKEN: {limit}"), .. Others(audit), .. situation.Remarks(arena, audit)],
        };
    }

    static IEnumerable<string> Always(Audit audit)
    {
        if (audit.Accepted == 0)
            yield return "nothing was accepted";
        (string Name, long Value)[] limits =
        [
            ("lost", audit.Lost),
            ("unexpected", audit.Unexpected),
            ("unexplained duplicates", audit.UnexplainedDuplicates),
            ("stuck", audit.Stuck),
            ("strays", audit.Strays),
            ("unreconciled", audit.Unreconciled),
        ];
        foreach (var (name, value) in limits.Where(limit => limit.Value > 0))
            yield return $"{name} {value}";
    }

    static IEnumerable<string> Others(Audit audit) =>
        audit
            .Notifications.Values.Where(status => status != "delivered")
            .CountBy(status => status)
            .Select(count => $"{count.Value} {count.Key}");

    async Task Tell(Situation situation, Arena arena, Stopwatch watch, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await Task.Delay(Interval, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!end.IsCancellationRequested)
                await output.WriteLineAsync(
                    $"   {situation.Name} {watch.Elapsed.TotalSeconds, 4:0} s: accepted {arena.Requests.Accepted.Count}, "
                        + $"settled {arena.Settled}, calls {arena.Witness.Calls.Count}, taken {arena.Witness.Taken}, kills {arena.Kills}"
                );
        }
    }

    static string Heading =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{"situation", -34}{"accepted", 9}{"sent", 8}{"lost", 6}{"unexp.", 7}{"recov.", 7}"
                + $"{"dupl.", 7}{"unexpl.", 8}{"stuck", 6}{"strays", 7}{"unrec.", 7}{"kills", 6}{"seconds", 8}  passed"
        );

    static string Line(Figures f) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{f.Situation, -34}{f.Accepted, 9}{f.Sent, 8}{f.Lost, 6}{f.Unexpected, 7}{f.Recovered, 7}"
                + $"{f.Duplicates, 7}{f.UnexplainedDuplicates, 8}{f.Stuck, 6}{f.Strays, 7}{f.Unreconciled, 7}{f.Kills, 6}"
                + $"{f.Seconds, 8:0.0}  {(f.Passed ? "yes" : "NO")}{(f.Remarks.Count > 0 ? $"  ({string.Join("; ", f.Remarks)})" : "")}"
        );
}
