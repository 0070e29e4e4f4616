using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Benchmarks.Measures;

namespace NotificationBus.Benchmarks;

/// <summary>What was measured, as tables for people and as JSON.</summary>
sealed class Report(TextWriter output, string file)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    readonly JsonObject _figures = new()
    {
        ["measuredAt"] = Clock.Now.ToString("O", CultureInfo.InvariantCulture),
        ["cores"] = Environment.ProcessorCount,
    };

    /// <summary>Puts a figure, or several, into the file.</summary>
    public async Task Add<T>(string name, T figures)
    {
        _figures[name] = JsonSerializer.SerializeToNode(figures, Json);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        await File.WriteAllTextAsync(file, _figures.ToJsonString(Json) + "\n");
    }

    /// <summary>Says something while it is measured.</summary>
    public Task Say(string line) => output.WriteLineAsync(line);

    /// <summary>The medians of the rounds, and how the contenders compare.</summary>
    public async Task<IReadOnlyDictionary<string, SaturationRound>> AddSaturation(IReadOnlyList<SaturationRound> rounds)
    {
        var medians = rounds
            .GroupBy(round => round.Contender, StringComparer.Ordinal)
            .ToDictionary(own => own.Key, own => Median([.. own]), StringComparer.Ordinal);
        await Add("saturation", medians.ToDictionary(own => own.Key, own => own.Value.PerSecond, StringComparer.Ordinal));
        await Add("cpuMs", medians.ToDictionary(own => own.Key, own => own.Value.ProgramCpuMs, StringComparer.Ordinal));
        await Add("medians", medians);
        await Add("rounds", rounds);

        await Say($"\nmedians\n{Heading}");
        foreach (var own in medians.Values)
            await Say(Line(own));

        if (
            medians.TryGetValue("floor", out var floor)
            && medians.TryGetValue("textbook", out var textbook)
            && medians.TryGetValue("notificationbus", out var ours)
        )
        {
            await Add(
                "ratios",
                new
                {
                    SaturationToFloor = ours.PerSecond / floor.PerSecond,
                    SaturationToTextbook = ours.PerSecond / textbook.PerSecond,
                    CpuMsToFloor = ours.ProgramCpuMs / floor.ProgramCpuMs,
                }
            );
            await Say(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"\nnotificationbus: {ours.PerSecond / floor.PerSecond:0.00} of floor, {ours.PerSecond / textbook.PerSecond:0.0} "
                        + $"times textbook; {ours.ProgramCpuMs / floor.ProgramCpuMs:0.0} times the processor time of floor"
                )
            );
        }

        return medians;
    }

    /// <summary>What the columns of <see cref="Line(SaturationRound)"/> are, all but the rate and the peak for each notification.</summary>
    public static string Heading =>
        $"{"", -18}{"per second", 11}{"program", 10}{"broker", 9}{"database", 10}{"messages", 10}{"transact.", 11}{"allocated", 11}"
        + $"{"peak", 9}\n{"", -18}{"", 11}{"cpu ms", 10}{"cpu ms", 9}{"cpu ms", 10}{"", 10}{"", 11}{"kB", 11}{"MB", 9}";

    public static string Line(SaturationRound round) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{round.Contender, -18}{round.PerSecond, 11:0}{round.ProgramCpuMs, 10:0.00}{round.BrokerCpuMs, 9:0.00}"
                + $"{round.DatabaseCpuMs, 10:0.00}{round.Messages, 10:0.0}{round.Transactions, 11:0.00}"
                + $"{round.AllocatedKilobytes, 11:0.0}{round.PeakMegabytes, 9:0}"
        );

    /// <summary>The medians of the rounds of calls, and how keys and the bare endpoint compare, as medians of paired rounds.</summary>
    public async Task AddIntake(IReadOnlyList<IntakeRound> rounds)
    {
        var own = rounds
            .GroupBy(round => round.Contender, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);
        var medians = own.Values.Select(Median).ToList();
        var (bare, open, keys) = (own[IntakeEntrant.Bare], own[IntakeEntrant.WithoutKeys], own[IntakeEntrant.WithKeys]);
        var ratios = new
        {
            KeysToNone = Ratio(keys, open, round => round.PerSecond),
            KeysToNonePerCore = Ratio(keys, open, round => round.PerSecondOfCore),
            ToBare = Ratio(open, bare, round => round.PerSecond),
            ToBarePerCore = Ratio(open, bare, round => round.PerSecondOfCore),
            KeysToBarePerCore = Ratio(keys, bare, round => round.PerSecondOfCore),
        };
        await Add(
            "intake",
            new
            {
                Medians = medians,
                Ratios = ratios,
                Rounds = rounds,
            }
        );

        await Say($"\nmedians\n{IntakeHeading}");
        foreach (var median in medians)
            await Say(Line(median));
        await Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"\nkeys beside none: {ratios.KeysToNone:0.00} of the calls a second, {ratios.KeysToNonePerCore:0.00} per core\n"
                    + $"notificationbus beside bare: {ratios.ToBare:0.00} of the calls a second, {ratios.ToBarePerCore:0.00} per core; "
                    + $"with keys {ratios.KeysToBarePerCore:0.00} per core"
            )
        );

        static double Ratio(List<IntakeRound> of, List<IntakeRound> to, Func<IntakeRound, double> figure) =>
            Quantile.Median(of.Zip(to, (one, other) => figure(one) / figure(other)));
    }

    /// <summary>What the columns of a round of calls are. Processor time is for each call.</summary>
    public static string IntakeHeading =>
        $"{"", -18}{"per second", 11}{"program", 10}{"broker", 9}{"database", 10}{"per core", 10}\n"
        + $"{"", -18}{"", 11}{"cpu ms", 10}{"cpu ms", 9}{"cpu ms", 10}{"a second", 10}";

    public static string Line(IntakeRound round) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{round.Contender, -18}{round.PerSecond, 11:0}{round.ProgramCpuMs, 10:0.000}{round.BrokerCpuMs, 9:0.000}"
                + $"{round.DatabaseCpuMs, 10:0.000}{round.PerSecondOfCore, 10:0}"
        );

    static IntakeRound Median(IReadOnlyList<IntakeRound> rounds)
    {
        return new(
            rounds[0].Contender,
            (int)Of(round => round.Calls),
            Of(round => round.Seconds),
            Of(round => round.PerSecond),
            Of(round => round.ProgramCpuMs),
            Of(round => round.BrokerCpuMs),
            Of(round => round.DatabaseCpuMs),
            Of(round => round.PerSecondOfCore)
        );

        double Of(Func<IntakeRound, double> figure) => Quantile.Median(rounds.Select(figure));
    }

    /// <summary>The median of each figure.</summary>
    public static SaturationRound Median(IReadOnlyList<SaturationRound> rounds)
    {
        return new(
            rounds[0].Contender,
            rounds[0].Notifications,
            Of(round => round.Seconds),
            Of(round => round.PerSecond),
            Of(round => round.FirstPerSecond),
            Of(round => round.ProgramCpuMs),
            Of(round => round.BrokerCpuMs),
            Of(round => round.DatabaseCpuMs),
            Of(round => round.Messages),
            rounds[0].Transactions is null ? null : Of(round => round.Transactions ?? 0),
            rounds[0].AllocatedKilobytes is null ? null : Of(round => round.AllocatedKilobytes ?? 0),
            Of(round => round.PeakMegabytes)
        );

        double Of(Func<SaturationRound, double> figure) => Quantile.Median(rounds.Select(figure));
    }
}
