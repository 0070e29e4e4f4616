using NotificationBus.Host;
using NotificationBus.Host.CommandLine;
using NotificationBus.Tests.Host;

namespace NotificationBus.Tests.Docs;

/// <summary>Whatever <c>docs/command-line.md</c> shows works as it stands there.</summary>
public sealed class The_page_of_commands : IAsyncLifetime
{
    const string Word = "notificationbus ";

    static readonly string Page = File.ReadAllText(Path.Combine(The_dependency_rule.Root(), "docs", "command-line.md"));

    readonly RunningHost _host = new() { KeepsLog = false };
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    [Fact]
    public async Task Should_work_line_by_line()
    {
        var order = Path.Combine(_folder.FullName, "order.json");
        await File.WriteAllTextAsync(order, OrderOfTheReadme(), TestContext.Current.CancellationToken);
        var lines = Page.Split('\n').Where(line => line.StartsWith(Word, StringComparison.Ordinal)).ToList();
        lines.Count.ShouldBeGreaterThan(8);

        foreach (var line in lines)
        {
            var args = Split(line[Word.Length..]).Select(word => word == "order.json" ? order : word).ToList();
            if (args[0] is not ("plan" or "check-config"))
                args.AddRange(["--url", $"{_host.Client.BaseAddress}"]);
            await using StringWriter output = new(),
                error = new();

            (await NotificationHost.Run([.. args], output, error)).ShouldBe(0, $"{line}: {output}{error}");

            output.ToString().ShouldNotBeEmpty(line);
        }
    }

    [Fact]
    public async Task Should_name_each_command_there_is()
    {
        var table = Page.Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal) && !line.StartsWith("| `--", StringComparison.Ordinal));
        var named = table
            .SelectMany(row => row.Split('|')[1].Split('`').Where((_, index) => index % 2 == 1))
            .Select(Words)
            .ToHashSet(StringComparer.Ordinal);

        Commands.Names.Except(named.Select(words => words.Split(' ')[0]), StringComparer.Ordinal).ShouldBeEmpty();
        foreach (var words in named)
        {
            await using var output = new StringWriter();
            (await NotificationHost.Run([.. words.Split(' '), "--help"], output, output)).ShouldBe(0, words);
            output.ToString().ShouldContain($" {words} ", Case.Sensitive);
        }

        static string Words(string text) =>
            string.Join(' ', text.Split(' ').TakeWhile(word => word.All(letter => char.IsAsciiLetterLower(letter) || letter == '-')));
    }

    static string OrderOfTheReadme()
    {
        var readme = File.ReadAllText(Path.Combine(The_dependency_rule.Root(), "README.md"));
        var begin = readme.IndexOf("-d '{", StringComparison.Ordinal) + "-d '".Length;
        return readme[begin..readme.IndexOf("'\n```", begin, StringComparison.Ordinal)];
    }

    /// <summary>The words of a line, as a shell would read it: in quotes they may have spaces.</summary>
    static IEnumerable<string> Split(string line) =>
        line.Split('"').SelectMany((part, index) => index % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
