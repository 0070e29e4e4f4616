using System.Globalization;
using NotificationBus.Intake;

namespace NotificationBus.Host.Http;

/// <summary>
/// Reads a query strictly, and gathers what is wrong with it. What it has besides, <see cref="KnownParameters"/> has refused.
/// </summary>
/// <param name="query">The query.</param>
sealed class QueryReader(IQueryCollection query)
{
    const int DefaultLimit = 50;
    const int LargestLimit = 200;

    static readonly string[] TimeFormats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd"];

    readonly Dictionary<string, string[]> _errors = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string[]> Errors => _errors;

    public void Refuse(string name, string error) => _errors[name] = [error];

    /// <summary>A parameter that stands at most once; null when it does not stand at all.</summary>
    public string? One(string name)
    {
        var values = query[name];
        if (values.Count > 1)
            Refuse(name, "stands more than once");
        if (values.Any(value => value?.Contains('\0') == true))
            Refuse(name, "must not contain the character U+0000");
        if (values.Any(value => value?.Length > TextLengths.Of(name)))
            Refuse(name, $"must be at most {TextLengths.Of(name)} characters");
        // An empty one would be passed over: category= would mean every category.
        if (values.Any(string.IsNullOrEmpty))
            Refuse(name, "must not be empty; leave it out");
        return values.Count == 1 && values[0] is { Length: > 0 } value ? value : null;
    }

    /// <summary>One of some words.</summary>
    public string? Word(string name, IReadOnlyCollection<string> words)
    {
        var word = One(name);
        if (word is null || words.Contains(word, StringComparer.Ordinal))
            return word;

        Refuse(name, Spelling.Unknown(word, words));
        return null;
    }

    /// <summary>A time with its offset from UTC, or a day, which begins by UTC.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (One(name) is not { } text)
            return null;
        if (
            DateTimeOffset.TryParseExact(
                text,
                TimeFormats,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var time
            )
        )
            return time;

        Refuse(name, "must be a time such as 2026-11-30T09:00:00Z or 2026-11-30T16:00:00%2B07:00, or a day such as 2026-11-30");
        return null;
    }

    public int Limit() => (int)Number("limit", DefaultLimit, LargestLimit);

    /// <summary>A number from 1.</summary>
    public long Number(string name, long otherwise, long most)
    {
        if (One(name) is not { } wanted)
            return otherwise;
        if (long.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most)
            return number;

        Refuse(name, $"must be 1 to {most}");
        return otherwise;
    }

    public (DateTimeOffset At, Guid Id)? After()
    {
        if (One("after") is not { } cursor)
            return null;
        if (Keyset.TryRead(cursor, out var after))
            return after;

        Refuse("after", "is no cursor of this API; take it from next");
        return null;
    }
}
