using System.Text.RegularExpressions;

namespace NotificationBus.Tests.Docs;

/// <summary>Each item of <c>SECURITY.md</c> names tests that show it, and each of them is there.</summary>
public sealed partial class The_page_of_security
{
    const int Items = 27;

    static readonly string Root = The_dependency_rule.Root();

    static readonly IReadOnlyList<string> Rows =
    [
        .. File.ReadAllLines(Path.Combine(Root, "SECURITY.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2])),
    ];

    // By class: its methods, wherever it is. What others inherit counts as theirs.
    static readonly Lazy<ILookup<string, string>> Tests = new(() =>
        Directory
            .EnumerateFiles(Path.Combine(Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(File.ReadAllText)
            .SelectMany(code =>
                Class()
                    .Matches(code)
                    .SelectMany(
                        type => Method().Matches(code),
                        (type, method) => (Type: type.Groups["name"].Value, Method: method.Groups["name"].Value)
                    )
            )
            .ToLookup(test => test.Type, test => test.Method, StringComparer.Ordinal)
    );

    [Fact]
    public void Should_have_every_item() =>
        Rows.Select(row => row.Split('|')[1].Trim()).ShouldBe(Enumerable.Range(1, Items).Select(number => $"{number}"));

    [Fact]
    public void Should_name_a_test_for_each()
    {
        foreach (var row in Rows)
            Named().Count(row).ShouldBeGreaterThan(0, row);
    }

    [Fact]
    public void Should_name_tests_that_there_are()
    {
        var missing = Rows.SelectMany(row => Named().Matches(row))
            .Where(test => !Tests.Value[test.Groups["type"].Value].Contains(test.Groups["method"].Value, StringComparer.Ordinal))
            .Select(test => test.Value);

        missing.ShouldBeEmpty();
    }

    [GeneratedRegex(
        "`(?<type>(When|The|With)_\\w+)\\.(?<method>Should_\\w+)`",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Named();

    [GeneratedRegex(@"\bclass (?<name>(When|The|With)_\w+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Class();

    [GeneratedRegex(@"public (async )?(Task|void) (?<name>Should_\w+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Method();
}
