namespace NotificationBus.IntegrationTests.Servers;

/// <summary>The program that comes with Prometheus, and judges what was written for it.</summary>
static class Promtool
{
    /// <summary>Where a program of Prometheus is.</summary>
    /// <exception cref="InvalidOperationException">It is not installed.</exception>
    public static string Installed(string program) =>
        Servers.Installed.Program(program)
        ?? throw new InvalidOperationException(
            $"{program} is missing: the tests of the alerts run Prometheus "
                + "(Debian, Ubuntu: apt-get install prometheus; tests/run.sh does that).\n"
                + "They start a private one, and never touch the machine's own."
        );

    /// <summary>Runs it and gives what it wrote; a refusal fails with its words.</summary>
    public static Task<string> Run(params IEnumerable<string> arguments) => ChildProcess.Run([Installed("promtool"), .. arguments]);

    /// <summary>What it has against the names and types in an answer of <c>GET /metrics</c>, a line for each.</summary>
    /// <exception cref="InvalidOperationException">It cannot read the answer.</exception>
    public static async Task<IReadOnlyList<string>> CheckMetrics(string metrics)
    {
        const int Unreadable = 1;

        using var folder = new TemporaryFolder();
        await using var check = ChildProcess.Start([
            "sh",
            "-c",
            "exec \"$0\" check metrics <\"$1\"",
            Installed("promtool"),
            folder.Write("metrics", metrics),
        ]);
        return await check.Exit == Unreadable ? throw new InvalidOperationException($"{check.Output}") : check.Output.Lines();
    }
}
