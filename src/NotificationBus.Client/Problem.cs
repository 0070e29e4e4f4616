using System.Net.Http.Json;
using System.Text.Json;

namespace NotificationBus.Client;

/// <summary>An answer that is a problem (RFC 9457).</summary>
sealed record Problem(string? Type, string? Title, string? Detail, IReadOnlyDictionary<string, string[]>? Errors)
{
    // No call has as much patience; a timer has less than some servers ask for.
    static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    /// <summary>
    /// The exception for an answer: one that passes, or a refusal. What the client cannot have caused passes, and so does what is asked to
    /// come again (RFC 6585, 429).
    /// </summary>
    public static async Task<Exception> Of(HttpResponseMessage answer, TimeProvider clock, CancellationToken cancellationToken) =>
        Of(answer, await Read(answer, cancellationToken), clock);

    static Exception Of(HttpResponseMessage answer, Problem problem, TimeProvider clock)
    {
        var status = (int)answer.StatusCode;
        var message = $"{status} {problem.Message ?? answer.ReasonPhrase}";
        return Passes(status)
            ? new PassingException(new HttpRequestException(message, null, answer.StatusCode), RetryAfter(answer, clock))
            : problem.Refusal(status, message);
    }

    /// <summary>True for a status after which the same may be taken.</summary>
    public static bool Passes(int status) => status is 408 or 429 or >= 500 or < 400;

    /// <summary>The exception for what is wrong as it is.</summary>
    public NotificationRefusedException Refusal(int status, string? message = null) =>
        new(message ?? $"{status} {Message}", status, Type, Errors ?? new Dictionary<string, string[]>(StringComparer.Ordinal));

    /// <summary>
    /// The exception for a 404; null when the API says that there is no such thing on record. Others are of whoever has a wrong address.
    /// </summary>
    public static async Task<Exception?> UnlessMissing(HttpResponseMessage answer, TimeProvider clock, CancellationToken cancellationToken)
    {
        var problem = await Read(answer, cancellationToken);
        return problem.Type?.Contains(":unknown-", StringComparison.Ordinal) == true ? null : Of(answer, problem, clock);
    }

    /// <summary>What it says, for a person to read; null when it says nothing.</summary>
    public string? Message
    {
        get
        {
            var errors = Errors?.Select(error => $"{error.Key} {string.Join(", ", error.Value)}");
            var text = string.Join(": ", ((string?[])[Title, Detail]).OfType<string>().Where(part => part.Length > 0));
            return errors is null
                ? text.Length > 0
                    ? text
                    : null
                : $"{text} ({string.Join("; ", errors)})";
        }
    }

    static async Task<Problem> Read(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            if (answer.Content.Headers.ContentType?.MediaType == "application/problem+json")
                return await answer.Content.ReadFromJsonAsync<Problem>(cancellationToken) ?? None;
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or HttpRequestException or IOException)
        {
            // The status says enough.
        }

        return None;
    }

    static Problem None => new(Type: null, Title: null, Detail: null, Errors: null);

    // RFC 9110, 10.2.3: seconds, or a date.
    static TimeSpan? RetryAfter(HttpResponseMessage answer, TimeProvider clock)
    {
        var asked = answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - clock.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return asked is { } pause ? TimeSpan.FromTicks(Math.Clamp(pause.Ticks, 0, LongestPause.Ticks)) : null;
    }
}
