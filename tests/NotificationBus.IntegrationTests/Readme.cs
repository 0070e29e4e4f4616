using System.Text.RegularExpressions;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>What the README and the pages of docs say, to be taken at their word.</summary>
static partial class Readme
{
    /// <summary>The pages, the README first: what is looked for in all of them is found there, if it is there.</summary>
    public static IReadOnlyList<FileInfo> Pages { get; } =
    [
        new FileInfo(Path.Combine(Repository.Root, "README.md")),
        .. new DirectoryInfo(Path.Combine(Repository.Root, "docs"))
            .EnumerateFiles("*.md")
            .OrderBy(page => page.Name, StringComparer.Ordinal),
    ];

    static readonly string[] Texts = [.. Pages.Select(page => File.ReadAllText(page.FullName))];

    static readonly string[] Blocks = [.. Texts.SelectMany(text => Fenced().Matches(text)).Select(block => block.Groups["text"].Value)];

    /// <summary>The command that lets a buyer purchase something, for a shell.</summary>
    public static string Curl { get; } =
        CurlCommand().Match(Blocks.First(block => block.Contains("/v1/events/order-placed", StringComparison.Ordinal))).Value;

    /// <summary>What the command posts.</summary>
    public static string CurlBody { get; } = CurlCommand().Match(Curl).Groups["body"].Value;

    /// <summary>The command that asks for a notification by category, and for its outcome.</summary>
    public static string CurlForOutcome { get; } =
        CurlCommand().Match(Blocks.First(block => block.Contains("/v1/notifications", StringComparison.Ordinal))).Value;

    /// <summary>The command that explains a notification, whose id is in the variable ID.</summary>
    public static string CurlToExplain { get; } =
        Blocks.First(block => block.StartsWith("curl ", StringComparison.Ordinal) && block.Contains("/explain", StringComparison.Ordinal));

    /// <summary>What it prints.</summary>
    public static string Explained { get; } = Blocks.First(block => block.StartsWith("Notification ", StringComparison.Ordinal));

    /// <summary>The envelope for any AMQP client.</summary>
    public static string Envelope { get; } = Blocks.First(block => block.Contains("\"messageType\"", StringComparison.Ordinal));

    /// <summary>What is between the quotes of psql -c "…".</summary>
    public static IReadOnlyList<string> Queries { get; } =
    [
        .. Blocks
            .SelectMany(block => Psql().Matches(block))
            .Select(query => query.Groups["sql"].Value.Replace("\\\"", "\"", StringComparison.Ordinal)),
    ];

    /// <summary>A word of the pages between backquotes that begins like this.</summary>
    public static string Word(string beginning) =>
        Texts
            .SelectMany(text => Words().Matches(text))
            .Select(word => word.Groups["word"].Value)
            .First(word => word.StartsWith(beginning, StringComparison.Ordinal));

    /// <summary>Where a page of the repository leads within it: a path from the page, an anchor, or both.</summary>
    public static IEnumerable<string> LinksOf(FileInfo page) =>
        Links()
            .Matches(WithoutBlocks(page))
            .Select(link => link.Groups["to"].Value)
            .Where(to => !to.Contains("://", StringComparison.Ordinal));

    /// <summary>The anchors of a page, as GitHub makes them of its headings.</summary>
    public static IReadOnlySet<string> AnchorsOf(FileInfo page) =>
        Headings()
            .Matches(WithoutBlocks(page))
            .Select(heading => NotInAnchors().Replace(heading.Groups["text"].Value.ToLowerInvariant(), "").Replace(' ', '-'))
            .ToHashSet(StringComparer.Ordinal);

    static string WithoutBlocks(FileInfo page) => Fenced().Replace(File.ReadAllText(page.FullName), "");

    [GeneratedRegex(
        @"^```[a-z]*\r?\n(?<text>.*?)^```",
        RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Fenced();

    [GeneratedRegex("curl [^']*(?:'[^{'][^']*'[^']*)*-d '(?<body>[^']*)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CurlCommand();

    [GeneratedRegex(@"psql [^\n]*?-c ""(?<sql>(?:\\.|[^""\\])*)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Psql();

    [GeneratedRegex("`(?<word>[^`\n]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Words();

    [GeneratedRegex(@"\]\((?<to>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Links();

    [GeneratedRegex(@"^#+ (?<text>.+?)\r?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Headings();

    [GeneratedRegex(@"[^\p{L}\p{N}_\- ]", RegexOptions.None, 1000)]
    private static partial Regex NotInAnchors();
}
