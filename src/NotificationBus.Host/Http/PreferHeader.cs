using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace NotificationBus.Host.Http;

/// <summary>
/// The <c>Prefer</c> header (RFC 7240): <c>wait=10</c>, <c>respond-async</c> and <c>handling=strict</c>. Any other preference is refused
/// when the caller says strict, and else passed over; the answer's <c>Preference-Applied</c> names those that were followed, and
/// <c>Preference-Ignored</c> the others.
/// </summary>
sealed record PreferHeader
{
    /// <summary>The longest wait in seconds; a client that wants more asks again.</summary>
    public const int LongestWait = 30;

    // Enough to find the mistake by; the answer does not grow with the question.
    const int MostIgnored = 10;
    const int LongestIgnored = 40;

    static readonly string[] Known = ["wait", "respond-async", "handling"];

    readonly List<string> _applied = [];
    readonly List<string> _ignored = [];

    PreferHeader() { }

    /// <summary>The time the caller waits for the outcome, in seconds; null when it does not.</summary>
    public int? Wait { get; private init; }

    /// <summary>True for <c>handling=strict</c> (section 4.4): what cannot be done wholly is refused, and not done in part.</summary>
    public bool IsStrict { get; private init; }

    /// <summary>Reads the header of a request, or says what is wrong with it.</summary>
    public static (PreferHeader Preferences, IResult? Refusal) Read(HttpRequest request)
    {
        var asked = Split(request.Headers["Prefer"]);
        var handling = asked.GetValueOrDefault("handling");
        var isStrict = "strict".Equals(handling, StringComparison.OrdinalIgnoreCase);
        var unknown = asked
            .Keys.Except(Known, StringComparer.OrdinalIgnoreCase)
            .Concat(
                handling is null or "" || isStrict || handling.Equals("lenient", StringComparison.OrdinalIgnoreCase) ? [] : ["handling"]
            )
            .ToList();
        if (isStrict && unknown.Count > 0)
        {
            var name = unknown[0];
            return (
                new PreferHeader(),
                Problems.Validation(
                    "Prefer",
                    "has a preference that is not known here, and handling=strict; known are wait, respond-async, "
                        + $"handling{Spelling.DidYouMean(name, Known)}"
                )
            );
        }

        if (!TryReadWait(asked, out var wait))
            return (new PreferHeader(), Problems.Validation("Prefer", $"wait must be 0 to {LongestWait} seconds"));

        var preferences = new PreferHeader { Wait = wait, IsStrict = isStrict };
        preferences._ignored.AddRange(unknown.Where(IsToken).Take(MostIgnored).Select(Ignored));
        if (asked.ContainsKey("respond-async"))
            preferences._applied.Add("respond-async");
        if (wait is { } seconds)
            preferences._applied.Add(string.Create(CultureInfo.InvariantCulture, $"wait={seconds}"));
        if (isStrict)
            preferences._applied.Add("handling=strict");
        return (preferences, null);
    }

    /// <summary>Says in the answer which preferences were followed, and which were not understood.</summary>
    public void Apply(HttpResponse response)
    {
        if (_applied.Count > 0)
            response.Headers["Preference-Applied"] = string.Join(", ", _applied);
        if (_ignored.Count > 0)
            response.Headers["Preference-Ignored"] = string.Join(", ", _ignored);
    }

    /// <summary>The preferences of a call that waits for no outcome: one to wait is passed over, and the answer says so.</summary>
    public PreferHeader WithoutWait()
    {
        if (_applied.RemoveAll(applied => applied.StartsWith("wait=", StringComparison.Ordinal)) > 0)
            _ignored.Add("wait");
        return this;
    }

    static string Ignored(string name) => Spelling.Meant(name, Known) is { } meant && meant != name ? $"{name};meant={meant}" : name;

    // What a caller says goes into a header: nothing but a token (RFC 9110, section 5.6.2) does.
    static bool IsToken(string name) =>
        name.Length is > 0 and <= LongestIgnored && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    static bool TryReadWait(Dictionary<string, string> asked, out int? seconds)
    {
        seconds = null;
        if (!asked.TryGetValue("wait", out var wait))
            return true;
        if (!int.TryParse(wait, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value > LongestWait)
            return false;

        seconds = value;
        return true;
    }

    /// <summary>
    /// The preferences with their values. Of one that stands twice the first counts, and what follows a semicolon is a parameter (section
    /// 2).
    /// </summary>
    static Dictionary<string, string> Split(StringValues header)
    {
        var preferences = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (
            var preference in header.SelectMany(line =>
                (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            )
        )
        {
            var parts = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            preferences.TryAdd(parts[0], parts.Length == 2 ? parts[1].Trim('"') : "");
        }

        return preferences;
    }
}
