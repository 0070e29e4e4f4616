using System.CommandLine;

namespace NotificationBus.Host.CommandLine;

/// <summary>Options that several commands have.</summary>
static class CommonOptions
{
    /// <summary>The result for a program.</summary>
    public static Option<bool> Json() =>
        new("--json") { Description = "One line of JSON for each result, in the place of text.", Recursive = true };

    /// <summary>The reason of a change.</summary>
    public static Option<string?> Why() => new("--why") { Description = "The reason, for the record.", HelpName = "text" };

    /// <summary>The reason, which has to be said.</summary>
    public static Option<string> HasToSayWhy() =>
        new("--why")
        {
            Description = "The reason, for the record.",
            HelpName = "text",
            Required = true,
        };

    /// <summary>Whoever is logged in at the machine, for a host that asks for no key.</summary>
    public static string By => $"command line {Environment.UserName}@{Environment.MachineName}";
}
