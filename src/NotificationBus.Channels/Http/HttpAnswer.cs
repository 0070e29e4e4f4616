using System.Globalization;
using System.Text;
using System.Text.Json;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Http;

/// <summary>
/// The answer of a service, read as far as anybody will read it. It is not trusted: long, wrong and hostile answers are safe to ask.
/// </summary>
public sealed class HttpAnswer
{
    // Whoever asks for longer is asked again before.
    static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    const int LongestId = 200;

    readonly HttpResponseMessage _response;
    readonly Masking _masking;
    readonly DateTimeOffset _now;

    internal HttpAnswer(HttpResponseMessage response, byte[] body, bool isComplete, Masking masking, DateTimeOffset now)
    {
        _response = response;
        IsComplete = isComplete;
        _masking = masking;
        _now = now;
        Text = AnswerText.Of(body, response.Content.Headers.ContentType?.CharSet);
        Json = isComplete ? JsonPath.Parse(Encoding.UTF8.GetBytes(Text)) : null;
    }

    /// <summary>The status code.</summary>
    public int Status => (int)_response.StatusCode;

    /// <summary>The body as text, at most 256 KB.</summary>
    public string Text { get; }

    /// <summary>False when the body was longer than that, or broke off.</summary>
    public bool IsComplete { get; }

    /// <summary>The body as JSON; null when it is none, or not complete.</summary>
    public JsonElement? Json { get; }

    /// <summary>
    /// The time for which the service asks to be left alone, at most a day: seconds or a date (RFC 9110, section 10.2.3); null when it says
    /// nothing that can be understood.
    /// </summary>
    public TimeSpan? RetryAfter => Seconds("Retry-After") ?? (Date(Header("Retry-After")) is { } date ? Until(date) : null);

    /// <summary>The first value of a header field, or null.</summary>
    public string? Header(string name) => _response.Headers.TryGetValues(name, out var values) ? values.First().Trim() : null;

    /// <summary>The value at a path of the JSON, such as <c>errors.0.code</c>; null when there is none.</summary>
    public string? Find(string path) => Json?.Find(path);

    /// <summary>The service's own id at a path of the JSON: 1 to 200 characters, or null when there is nothing that could be one.</summary>
    public string? Id(string path) => Find(path) is { } id && PlainText.IsName(id, LongestId) ? id : null;

    /// <summary>A header field with a number of seconds, at most a day; null when it is no such number.</summary>
    public TimeSpan? Seconds(string header) => Number(Header(header)) is { } seconds ? Limited(seconds) : null;

    /// <summary>A number of seconds at a path of the JSON, at most a day; null when it is no such number.</summary>
    public TimeSpan? SecondsAt(string path) => Number(Find(path)) is { } seconds ? Limited(seconds) : null;

    /// <summary>
    /// A header field with a moment in seconds since 1970, as the time from now until then; null when it is none, or over.
    /// </summary>
    public TimeSpan? UntilEpoch(string header) =>
        Number(Header(header)) is { } seconds && seconds - _now.ToUnixTimeSeconds() is >= 0 and var left ? Limited(left) : null;

    /// <summary>A header field with a count; null when it is none.</summary>
    public int? Count(string header) =>
        int.TryParse(Header(header), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;

    /// <summary>The status and what the service says, on one short line, without what it was told.</summary>
    public override string ToString() =>
        _masking.Excerpt(Text) is { Length: > 0 } excerpt ? $"answered {Status}: {excerpt}" : $"answered {Status}";

    // The parser takes words for numbers, too: NaN.
    static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;

    static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;

    TimeSpan? Until(DateTimeOffset date) => date >= _now ? Limited((date - _now).TotalSeconds) : null;

    static TimeSpan Limited(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, LongestPause.TotalSeconds));
}
