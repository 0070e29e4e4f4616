using System.Text.RegularExpressions;

namespace NotificationBus.Tests;

/// <summary>
/// The formatter wraps code at 140, and leaves texts, comments, pages, styles and scripts as long as they are. So that two versions can be
/// read side by side, they end there as well.
/// </summary>
public sealed partial class The_lines
{
    const int Longest = 140;

    static readonly string[] Folders = ["src", "tests", "docker"];
    static readonly string[] Kinds = [".cs", ".razor", ".css", ".js", ".sh"];

    [Fact]
    public void Should_end_at_140()
    {
        var files = Folders
            .SelectMany(folder =>
                Directory.EnumerateFiles(Path.Combine(The_dependency_rule.Root(), folder), "*", SearchOption.AllDirectories)
            )
            .Where(file => Kinds.Contains(Path.GetExtension(file), StringComparer.Ordinal) && !NotOurs().IsMatch(file))
            .ToList();

        files.Select(Path.GetExtension).Distinct(StringComparer.Ordinal).ShouldBe(Kinds, ignoreOrder: true);
        files.SelectMany(TooLong).ShouldBeEmpty();
    }

    static IEnumerable<string> TooLong(string file) =>
        File.ReadLines(file)
            .Select((line, index) => (line.Length, Number: index + 1))
            .Where(line => line.Length > Longest)
            .Select(line => $"{Path.GetRelativePath(The_dependency_rule.Root(), file)}:{line.Number} has {line.Length}");

    // What is built or brought along, and migrations: one that has shipped is not touched any more, not even to be read more easily.
    [GeneratedRegex(@"[/\\](bin|obj|node_modules|Migrations)[/\\]", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex NotOurs();
}
