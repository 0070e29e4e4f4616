using System.Globalization;
using System.Text.Json;
using NotificationBus.Intake;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Host.Http;

/// <summary>Collects what is wrong with the fields of a request, and reads those of an operator's.</summary>
/// <param name="errors">What was found before.</param>
sealed class FieldErrors(IReadOnlyDictionary<string, string[]>? errors = null)
{
    readonly Dictionary<string, string[]> _errors = new(errors ?? new Dictionary<string, string[]>(), StringComparer.Ordinal);

    // Not the places: long ones are shortened, and may all look the same.
    int _added;

    public bool Any => _errors.Count > 0;

    public IReadOnlyDictionary<string, string[]> ByField => _errors;

    public void Add(string field, string error)
    {
        _added++;
        _errors[field] = [error];
    }

    /// <summary>Takes the items there are to look at, as long as there is room for what is wrong with them.</summary>
    public IEnumerable<T> UntilFull<T>(IEnumerable<T> items) => items.TakeWhile(_ => _added < IntakeRules.MostErrors);

    /// <summary>
    /// Reads who asks, and why: an entry in the record that says neither is of no use to anybody. Whoever has a key is known by it, and
    /// says at most for whom it is.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="by">What it says of who asks; null when it does not.</param>
    /// <param name="why">What it says of the reason; null when it does not.</param>
    /// <param name="unnamed">The name of somebody who says none and has no key; null where one has to be said.</param>
    public ChangedBy ReadBy(HttpRequest request, string? by, string? why, string? unnamed = null)
    {
        var reason = why is null ? "" : ReadText("why", why);
        if (why is null)
            Add("why", "is missing");
        var said = by is null ? null : ReadText("by", by);
        if (request.HttpContext.User.Identity is { IsAuthenticated: true, Name: { } caller })
            return new ChangedBy(caller, reason) { OnBehalfOf = said };

        if (said is null && unnamed is null)
            Add("by", "is missing");
        if (said == AutomaticChange.Who)
            Add("by", $"must be your name; {AutomaticChange.Who} is what nobody did");
        return new ChangedBy(said ?? unnamed ?? "", reason);
    }

    /// <summary>One line of text.</summary>
    public string ReadText(string field, string value)
    {
        if (string.IsNullOrWhiteSpace(value) || !PlainText.IsName(value, TextLengths.Remark))
            Add(field, $"must be a text of 1 to {TextLengths.Remark} characters without control characters");
        return value.Trim();
    }

    /// <summary>One of the words of an enumeration, as the API spells them.</summary>
    public T ReadWord<T>(string field, string? value, T otherwise)
        where T : struct, Enum
    {
        if (value is null)
            return otherwise;

        foreach (var word in Enum.GetValues<T>())
        {
            if (Spell(word) == value)
                return word;
        }

        string[] words = [.. Enum.GetValues<T>().Select(Spell)];
        Add(field, $"must be one of {string.Join(", ", words)}{Spelling.DidYouMean(value, words)}");
        return otherwise;

        static string Spell(T word) => JsonNamingPolicy.KebabCaseLower.ConvertName(word.ToString());
    }

    public T? ReadNumber<T>(string field, T? value, T least, T most)
        where T : struct, IComparable<T>, IFormattable
    {
        if (value is { } number && (number.CompareTo(least) < 0 || number.CompareTo(most) > 0))
            Add(field, string.Create(CultureInfo.InvariantCulture, $"must be {least} to {most}"));
        return value;
    }

    /// <summary>A time as the settings have it: hours, minutes and seconds, and days before a point.</summary>
    public TimeSpan? ReadTime(string field, string? value, TimeSpan least, TimeSpan most)
    {
        if (value is null)
            return null;

        // 24:00:00 is no day, and 5 is not five seconds.
        if (
            value.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParseExact(value, "c", CultureInfo.InvariantCulture, out var time)
            && time >= least
            && time <= most
        )
            return time;

        Add(field, $"must be a time from {least:c} to {most:c}, such as 00:00:30 (hours:minutes:seconds)");
        return null;
    }
}
