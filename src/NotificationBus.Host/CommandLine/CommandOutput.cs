using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NotificationBus.Host.CommandLine;

/// <summary>The output of a command: tables and sentences for people, or one line of JSON for programs.</summary>
/// <param name="output">Takes the result.</param>
/// <param name="error">Takes the progress and remarks, so that the result can go into a pipe.</param>
sealed class CommandOutput(TextWriter output, TextWriter error)
{
    // Into a file or a pipe nothing is wrapped.
    const int NoWrap = 10_000;

    readonly IAnsiConsole _console = ConsoleOf(output);

    /// <summary>Writes a line, or several.</summary>
    public Task Line(string text) => output.WriteLineAsync(Terminal.Safe(text));

    /// <summary>Writes a remark, which is no part of the result.</summary>
    public Task Remark(string text) => error.WriteLineAsync(Terminal.Safe(text));

    /// <summary>Writes JSON in one line.</summary>
    public Task Json(JsonNode node) => output.WriteLineAsync(node.ToJsonString(JsonSerializerOptions.Web));

    /// <summary>Writes a table; of no rows the sentence that says so.</summary>
    /// <param name="columns">The heads.</param>
    /// <param name="rows">The cells, as many as columns.</param>
    /// <param name="none">What is said when there are no rows.</param>
    public async Task Table(IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string?>> rows, string none)
    {
        if (rows.Count == 0)
        {
            await Line(none);
            return;
        }

        var table = new Table().NoBorder();
        foreach (var column in columns)
            table.AddColumn(
                new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))) { Padding = new Padding(0, 0, 2, 0) }
            );
        foreach (var row in rows)
            table.AddRow(row.Select(IRenderable (cell) => new Text(Terminal.Safe(cell ?? ""), StyleOf(cell))));
        _console.Write(table);
    }

    /// <summary>Does long work under a bar that tells how far it is, when somebody looks.</summary>
    /// <param name="title">What is done.</param>
    /// <param name="count">How much there is of it.</param>
    /// <param name="work">Does it, and calls back for each that is done.</param>
    public Task Progress(string title, int count, Func<Action, Task> work) =>
        ConsoleOf(error)
            .Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async progress =>
            {
                var bar = progress.AddTask(Markup.Escape(title), maxValue: count);
                await work(() => bar.Increment(1));
            });

    /// <summary>Words for how something stands have a colour, which nothing depends on.</summary>
    static Style StyleOf(string? word) =>
        word switch
        {
            "delivered" or "on" or "closed" => new Style(Color.Green),
            "failed" or "open" or "off" => new Style(Color.Red),
            "held" or "partly-delivered" or "expired" or "half-open" or "drain" or "paused" => new Style(Color.Yellow),
            _ => Style.Plain,
        };

    static IAnsiConsole ConsoleOf(TextWriter writer)
    {
        var output = new AnsiConsoleOutput(writer);
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = output, Ansi = output.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No }
        );
        if (!output.IsTerminal)
            console.Profile.Width = NoWrap;
        return console;
    }
}
