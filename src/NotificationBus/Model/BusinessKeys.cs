using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace NotificationBus.Model;

/// <summary>The names of the publishing system under which a notification is found, such as the number of an order.</summary>
public static partial class BusinessKeys
{
    /// <summary>The most that a notification has.</summary>
    public const int Most = 4;

    /// <summary>The longest name, in characters.</summary>
    public const int LongestName = 50;

    /// <summary>The longest value, in characters.</summary>
    public const int LongestValue = 200;

    /// <summary>No keys.</summary>
    public static IReadOnlyDictionary<string, string> None { get; } = FrozenDictionary<string, string>.Empty;

    /// <summary>What a name must be.</summary>
    public static string NameRule => $"must be 1 to {LongestName} letters, digits, - or _, beginning with a letter";

    /// <summary>What a value must be.</summary>
    public static string ValueRule => $"must be 1 to {LongestValue} characters without control characters";

    /// <summary>What a key must be as it is written in a query.</summary>
    public const string SpellingRule = "must be a name, a colon and a value, such as order:4711";

    /// <summary>One key.</summary>
    public static IReadOnlyDictionary<string, string> Of(string name, string value) =>
        new Dictionary<string, string>(1, StringComparer.Ordinal) { [name] = value };

    /// <summary>A key as it is written in a query: <c>order:4711</c>.</summary>
    public static string Spell(string name, string value) => $"{name}:{value}";

    /// <summary>Reads a key as it is written in a query. A name has no colon; a value may.</summary>
    /// <returns>Null when it is none: see <see cref="SpellingRule"/>.</returns>
    public static KeyValuePair<string, string>? Read(string? key) =>
        key?.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && IsName(key[..colon]) && IsValue(key[(colon + 1)..])
            ? KeyValuePair.Create(key[..colon], key[(colon + 1)..])
            : null;

    /// <summary>True for a name that a key may have.</summary>
    public static bool IsName(string? name) => name is not null && Name().IsMatch(name);

    /// <summary>True for a value that a key may have.</summary>
    public static bool IsValue(string? value) => PlainText.IsName(value, LongestValue);

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_-]{0,49}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
