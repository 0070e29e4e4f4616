using System.CommandLine;
using System.CommandLine.Parsing;

namespace NotificationBus.Host.CommandLine;

/// <summary>The commands of the executable. Without one it is a host.</summary>
static class Commands
{
    /// <summary>True when the arguments begin with a word in the place of a setting.</summary>
    public static bool AreIn(IReadOnlyList<string> args) =>
        args is [{ Length: > 0 } first, ..] && char.IsAsciiLetter(first[0]) && Names.Contains(first, StringComparer.Ordinal);

    /// <summary>The words of the commands.</summary>
    public static IReadOnlyList<string> Names =>
        [.. Build(new CommandOutput(TextWriter.Null, TextWriter.Null), TimeProvider.System).Subcommands.Select(command => command.Name)];

    /// <summary>Runs a command.</summary>
    /// <returns>See <see cref="ExitCode"/>.</returns>
    /// <param name="args">The command, its options, and for some the settings of a host.</param>
    /// <param name="output">Takes the result.</param>
    /// <param name="error">Takes the progress, and why it could not be done.</param>
    /// <param name="cancellationToken">Ends it, as Ctrl+C does.</param>
    /// <exception cref="SettingsException">A setting of the host is wrong.</exception>
    public static async Task<int> Run(
        IReadOnlyList<string> args,
        TextWriter output,
        TextWriter error,
        CancellationToken cancellationToken = default
    )
    {
        var root = Build(new CommandOutput(output, error), TimeProvider.System);
        // A password may begin with @, which would be the name of a file.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 || Unknown(parsed) is not null)
        {
            await error.WriteLineAsync(Explain(parsed));
            return ExitCode.Wrong;
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = output,
                    Error = error,
                    EnableDefaultExceptionHandler = false,
                },
                cancellationToken
            );
        }
        catch (CommandException exception)
        {
            await error.WriteLineAsync(exception.Message);
            return exception.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.NoAnswer;
        }
    }

    static RootCommand Build(CommandOutput output, TimeProvider clock) =>
        new("NotificationBus: hosts, and commands for operators and producers.")
        {
            new SendCommand(output).Build(),
            new TailCommand(output, clock).Build(),
            new FindCommand(output).Build(),
            new ExplainCommand(output).Build(),
            new StatusCommand(output).Build(),
            new PlanCommand(output, clock).Build(),
            new CancelCommand(output).Build(),
            new ResendCommand(output).Build(),
            new WithdrawCommand(output).Build(),
            new EraseCommand(output).Build(),
            new DecideCommand(output).Build(),
            new RepairCommand(output, clock).Build(),
            new FailedMessagesCommand(output, FailedMessagesCommand.Replay, "Puts failed messages back where they came from.").Build(),
            new FailedMessagesCommand(output, FailedMessagesCommand.Archive, "Puts failed messages away.").Build(),
            new ProvidersCommand(output).Build(),
            new ChannelsCommand(output).Build(),
            new EventTypesCommand(output).Build(),
            new KeysCommand(output).Build(),
            new MigrateCommand(output).Build(),
            new CheckConfigCommand(output).Build(),
        };

    /// <summary>
    /// What is wrong with the arguments. What nobody knows is not repeated: it may be the tail of a password with a space in it.
    /// </summary>
    static string Explain(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = string.Join(' ', Path(parsed.CommandResult).Reverse());
        var unknown = Unknown(parsed);
        var known = command.Subcommands.Select(one => one.Name).Concat(command.Options.Select(one => one.Name));
        return command.Subcommands.Count > 0 && command.Action is null
                ? $"{path}: say {string.Join(", ", command.Subcommands.Select(one => one.Name))}{Spelling.DidYouMean(unknown, known)}"
            : unknown is null ? string.Join(Environment.NewLine, parsed.Errors.Select(one => $"{path}: {one.Message}"))
            : $"{path}: an argument is not known{Spelling.DidYouMean(unknown, known)}; '{path} --help' tells which are";
    }

    /// <summary>The first argument that nobody knows. An option that is misspelt would be taken for what somebody has at hand.</summary>
    static string? Unknown(ParseResult parsed)
    {
        var taken = parsed
            .CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .FirstOrDefault(token => token.Value.StartsWith("--", StringComparison.Ordinal));
        return taken?.Value
            ?? (parsed.CommandResult.Command.TreatUnmatchedTokensAsErrors && parsed.UnmatchedTokens is [var first, ..] ? first : null);
    }

    static IEnumerable<string> Path(CommandResult result)
    {
        for (SymbolResult? at = result; at is CommandResult { Command: not RootCommand } command; at = at.Parent)
            yield return command.Command.Name;
    }
}
