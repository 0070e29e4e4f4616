using System.Text.RegularExpressions;

using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>The README's blocks, to be taken at their word.</summary>
static partial class Readme
{
    static readonly string[] Blocks = [.. Fenced().Matches(File.ReadAllText(Path.Combine(Repository.Root, "README.md"))).Select(block => block.Groups["text"].Value)];

    /// <summary>The command that lets a buyer purchase something, for a shell.</summary>
    public static string Curl { get; } = CurlCommand().Match(Blocks.First(block => block.Contains("/v1/events/order-placed", StringComparison.Ordinal))).Value;

    /// <summary>What the command posts.</summary>
    public static string CurlBody { get; } = CurlCommand().Match(Curl).Groups["body"].Value;

    /// <summary>The envelope for any AMQP client.</summary>
    public static string Envelope { get; } = Blocks.First(block => block.Contains("\"messageType\"", StringComparison.Ordinal));

    /// <summary>What is between the quotes of psql -c "…".</summary>
    public static IReadOnlyList<string> Queries { get; } =
        [.. Blocks.SelectMany(block => Psql().Matches(block)).Select(query => query.Groups["sql"].Value.Replace("\\\"", "\"", StringComparison.Ordinal))];

    /// <summary>A word of the README between backquotes that begins like this.</summary>
    public static string Word(string beginning) =>
        Words().Matches(File.ReadAllText(Path.Combine(Repository.Root, "README.md"))).Select(word => word.Groups["word"].Value).First(word => word.StartsWith(beginning, StringComparison.Ordinal));

    [GeneratedRegex(@"^```[a-z]*\r?\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Fenced();

    [GeneratedRegex("curl [^']*(?:'[^{'][^']*'[^']*)*-d '(?<body>[^']*)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CurlCommand();

    [GeneratedRegex(@"psql [^\n]*?-c ""(?<sql>(?:\\.|[^""\\])*)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Psql();

    [GeneratedRegex("`(?<word>[^`\n]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Words();
}
