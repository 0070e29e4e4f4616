using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace NotificationBus.Tests;

/// <summary>What every script of the repository keeps to, because a machine that is not new does not show it.</summary>
public sealed partial class The_scripts
{
    static readonly string Root = Path.GetFullPath(Path.Combine(Folder(), "..", ".."));

    [Fact]
    public void Should_be_found() => All().Count().ShouldBeGreaterThan(4);

    [Fact]
    public void Should_end_at_the_first_command_that_fails() =>
        All()
            .Where(script => !script.Text.Contains("set -euo pipefail\n", StringComparison.Ordinal))
            .Select(script => script.Name)
            .ShouldBeEmpty();

    // The reader leaves, the writer dies of SIGPIPE, and pipefail makes a failure of it: at some writers always, at others now and then.
    [Fact]
    public void Should_never_write_to_a_reader_that_leaves_early() =>
        All()
            .SelectMany(script => script.Text.Split('\n').Select((line, index) => (Line: line, Where: $"{script.Name}:{index + 1}")))
            .Where(line => LeavesEarly().IsMatch(line.Line))
            .Select(line => $"{line.Where} {line.Line.Trim()}")
            .ShouldBeEmpty();

    [Theory]
    [InlineData("apt-cache policy x | grep -q 'Candidate: [0-9]'")]
    [InlineData("cat x | grep -Eq y && z")]
    [InlineData("cat x | grep --quiet y")]
    [InlineData("cat x | grep -m 1 y")]
    [InlineData("cat x |head -n 1")]
    [InlineData("cat x | sed 5q")]
    [InlineData("cat x | sed -n '/a/{p;q}'")]
    [InlineData("cat x | awk '/a/ { print; exit }'")]
    public void Should_be_searched_for_what_leaves_early(string line) => LeavesEarly().IsMatch(line).ShouldBeTrue();

    [Theory]
    [InlineData("grep -q x file")]
    [InlineData("a || head -n 1 file")]
    [InlineData("cat x | grep -v y")]
    [InlineData("dotnet --list-sdks | sed -n 's|a|b|p'")]
    [InlineData("cat x | tail -n 1")]
    public void Should_be_allowed_what_reads_to_the_end(string line) => LeavesEarly().IsMatch(line).ShouldBeFalse();

    static IEnumerable<(string Name, string Text)> All() =>
        Directory
            .EnumerateFiles(Path.Combine(Root, "tests"), "*.sh")
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "docker"), "*.sh"))
            .Append(Path.Combine(Root, ".ci", "run"))
            .Select(path => (Path.GetRelativePath(Root, path), File.ReadAllText(path)));

    static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    [GeneratedRegex(
        @"(^|[^|])\|\s*(grep\s+(-\w*[qm]|--quiet|--max-count)|head\b|sed\s[^|]*(\dq|[;{]q)|awk\s[^|]*\bexit\b)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex LeavesEarly();
}
