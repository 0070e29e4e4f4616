using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>docs/openapi.json, read by a program of others: as OpenAPI has it, with everything that users' tools look for.</summary>
public sealed class The_description_of_the_API
{
    static readonly string Folder = Path.Combine(Repository.Root, "tests", "servers", "openapi");

    static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_be_without_fault()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
            await ChildProcess.Run(["npm", "ci", "--prefix", Folder, "--no-audit", "--no-fund"]);

        var (exitCode, output) = await Lint(Path.Combine(Repository.Root, "docs", "openapi.json"));
        exitCode.ShouldBe(0, output);
    }

    /// <summary>It is looked at, and not only read.</summary>
    [Fact]
    public async Task Should_be_told_from_one_that_is_not()
    {
        using var folder = new TemporaryFolder();
        var document = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "openapi.json"));
        var broken = folder.Write("openapi.json", document.Replace("\"in\": \"query\"", "\"in\": \"quer\"", StringComparison.Ordinal));

        (await Lint(broken)).ExitCode.ShouldNotBe(0);
    }

    static async Task<(int ExitCode, string Output)> Lint(string file)
    {
        // Nothing is told to its makers, and nothing asked of them.
        await using var process = ChildProcess.Start(
            [Path.Combine(Folder, "node_modules", ".bin", "redocly"), "lint", "--extends=recommended", file],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["REDOCLY_TELEMETRY"] = "off",
                ["REDOCLY_SUPPRESS_UPDATE_NOTICE"] = "true",
            }
        );
        return (await process.Exit.WaitAsync(LongestRun), string.Join('\n', process.Output.Lines()));
    }
}
