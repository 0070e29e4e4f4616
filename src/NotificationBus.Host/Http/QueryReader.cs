using System.Globalization;
using NotificationBus.Intake;

namespace NotificationBus.Host.Http;

/// <summary>Reads a query strictly, and gathers what is wrong with it.</summary>
sealed class QueryReader
{
    const int DefaultLimit = 50;
    const int LargestLimit = 200;

    readonly IQueryCollection _query;
    readonly Dictionary<string, string[]> _errors = new(StringComparer.Ordinal);

    public QueryReader(IQueryCollection query, IReadOnlyList<string> parameters)
    {
        _query = query;
        foreach (var unknown in query.Keys.Except(parameters, StringComparer.Ordinal))
            Refuse(unknown.Length <= 64 ? unknown : "?", Spelling.Unknown(unknown, parameters));
    }

    public IReadOnlyDictionary<string, string[]> Errors => _errors;

    public void Refuse(string name, string error) => _errors[name] = [error];

    /// <summary>A parameter that stands at most once; null when it does not stand at all.</summary>
    public string? One(string name)
    {
        var values = _query[name];
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
