using System.CommandLine;
using NotificationBus.Access;

namespace NotificationBus.Host.CommandLine;

/// <summary>The options of all commands that call a host. Those of a command are also those of the ones beneath it.</summary>
sealed class ApiOptions
{
    const string UrlVariable = "NOTIFICATIONBUS_URL";
    const string KeyVariable = "NOTIFICATIONBUS_KEY";

    readonly Option<string?> _url = new("--url")
    {
        Description = $"The address of a host; by itself what {UrlVariable} says, or http://localhost:8080.",
        HelpName = "http://…",
        Recursive = true,
    };

    readonly Option<FileInfo?> _keyFile = new("--key-file")
    {
        Description = $"A file that holds the key; by itself what {KeyVariable} says. A key in the arguments could be read by others.",
        HelpName = "file",
        Recursive = true,
    };

    /// <summary>Adds them to a command.</summary>
    public Command On(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_keyFile);
        return command;
    }

    /// <summary>Opens the way to the host that is meant.</summary>
    /// <exception cref="CommandException">The address or the key is none, or the file is not there.</exception>
    public HostApi Open(ParseResult parsed)
    {
        var url = parsed.GetValue(_url) ?? Variable(UrlVariable) ?? "http://localhost:8080";
        if (
            !Uri.TryCreate($"{url.TrimEnd('/')}/", UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https")
            || address is not { UserInfo: "", Query: "", Fragment: "" }
        )
            throw new CommandException(
                ExitCode.Wrong,
                $"--url or {UrlVariable} must be an address such as https://notify.example.com, without a name, a password or a query"
            );
        return new HostApi(
            address,
            parsed.GetValue(_keyFile) is { } file ? Key(Read(file))
                : Variable(KeyVariable) is { } key ? Key(key)
                : null
        );
    }

    // A token of somebody who has signed in does as well; one of ours is told when it is cut off.
    static string Key(string text)
    {
        var key = text.Trim();
        var isWhole = key.Length > 0 && key.All(character => character is > ' ' and <= '~');
        return isWhole && (!key.StartsWith("nb_", StringComparison.Ordinal) || KeyText.Parse(key) is not null)
            ? key
            : throw new CommandException(
                ExitCode.Wrong,
                $"what --key-file or {KeyVariable} holds is no whole key; 'keys create' makes one"
            );
    }

    static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    static string Read(FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Wrong, $"--key-file: {exception.Message}");
        }
    }
}
