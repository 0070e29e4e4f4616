namespace NotificationBus.Access;

/// <summary>A part of the API that a key opens. Each stands for itself: none includes another.</summary>
public enum Scope
{
    /// <summary>Events and requests for notifications, and their cancellation: for services.</summary>
    Send,

    /// <summary>Everything on record, texts included, and what is set: for who looks after it.</summary>
    Read,

    /// <summary>What operators do: switches, decisions, suppressions, failed messages.</summary>
    Operate,

    /// <summary>The keys themselves.</summary>
    Admin,
}

/// <summary>The words for <see cref="Scope"/>.</summary>
public static class ScopeWords
{
    /// <summary>All there are, in order.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<Scope>().Select(Spell)];

    /// <summary>The word for a scope, such as <c>send</c>.</summary>
    public static string Spell(this Scope scope) => scope.ToString().ToLowerInvariant();

    /// <summary>Reads words.</summary>
    /// <param name="words">The words.</param>
    /// <param name="scopes">Each scope once, in order.</param>
    /// <returns>What is wrong with them; null when nothing is.</returns>
    public static string? Read(IEnumerable<string> words, out IReadOnlyList<Scope> scopes)
    {
        var read = new SortedSet<Scope>();
        scopes = [];
        foreach (var word in words)
        {
            if (All.ToList().IndexOf(word) is >= 0 and var place)
                read.Add(Enum.GetValues<Scope>()[place]);
            else
                return Spelling.Unknown(word, All);
        }

        scopes = [.. read];
        return read.Count > 0 ? null : $"must name at least one of {string.Join(", ", All)}";
    }
}
