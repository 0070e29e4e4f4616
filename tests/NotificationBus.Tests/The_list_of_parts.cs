using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NotificationBus.Tests;

/// <summary>The list of parts (SBOM) that the build of the image makes, by the command that stands there.</summary>
public sealed partial class The_list_of_parts
{
    static readonly string Root = The_dependency_rule.Root();

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_name_every_package_of_the_lock_files_with_its_version()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var command = Command()
                .Match(await File.ReadAllTextAsync(Path.Combine(Root, "docker", "Dockerfile")))
                .Groups["arguments"]
                .Value;
            command.ShouldContain("-o /app -fn bom.json", customMessage: "it is made where the image is");
            await Run("tool restore");
            await Run($"tool run dotnet-CycloneDX {command.Replace("/app", folder.FullName, StringComparison.Ordinal)}");

            using var list = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder.FullName, "bom.json")));
            list.RootElement.GetProperty("bomFormat").GetString().ShouldBe("CycloneDX");
            var named = list
                .RootElement.GetProperty("components")
                .EnumerateArray()
                .Select(part => $"{part.GetProperty("name").GetString()} {part.GetProperty("version").GetString()}")
                .ToList();

            var locked = Locked();
            locked.Count.ShouldBeGreaterThan(60);
            named.Select(part => part.ToLowerInvariant()).ShouldBe(locked.Select(part => part.ToLowerInvariant()), ignoreOrder: true);
            list.RootElement.GetProperty("components")
                .EnumerateArray()
                .ShouldAllBe(part => part.GetProperty("hashes").GetArrayLength() > 0);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Every package of what is in the image; its lock file has those of the projects it is made of.</summary>
    static HashSet<string> Locked()
    {
        var ofHost = In("NotificationBus.Host");
        foreach (
            var project in (string[])
                ["NotificationBus", "NotificationBus.Channels", "NotificationBus.Contracts", "NotificationBus.Postgres"]
        )
            In(project).Except(ofHost, StringComparer.OrdinalIgnoreCase).ShouldBeEmpty(project);
        return ofHost;
    }

    static HashSet<string> In(string project)
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "src", project, "packages.lock.json")));
        return file
            .RootElement.GetProperty("dependencies")
            .EnumerateObject()
            .SelectMany(framework => framework.Value.EnumerateObject())
            .Where(package => package.Value.TryGetProperty("resolved", out _))
            .Select(package => $"{package.Name} {package.Value.GetProperty("resolved").GetString()}")
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    static async Task Run(string arguments)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", arguments)
            {
                UseShellExecute = false,
                WorkingDirectory = Root,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var (said, failed) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        await process.WaitForExitAsync(patience.Token);
        process.ExitCode.ShouldBe(0, $"{await said}{await failed}");
    }

    [GeneratedRegex(
        "dotnet dotnet-CycloneDX (?<arguments>.+)$",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.NonBacktracking
    )]
    private static partial Regex Command();
}
