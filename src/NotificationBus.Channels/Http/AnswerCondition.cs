using System.Globalization;

namespace NotificationBus.Channels.Http;

/// <summary>A condition on an answer: a status, or a value at a path of its JSON.</summary>
/// <param name="Status">The status; null when there is a path.</param>
/// <param name="Path">Such as <c>error.code</c>.</param>
/// <param name="Value">The value there.</param>
sealed record AnswerCondition(int? Status, string Path = "", string Value = "")
{
    /// <summary>True when the answer is like that.</summary>
    public bool Holds(HttpAnswer answer) => Status is { } status ? answer.Status == status : answer.Find(Path) == Value;

    /// <summary>Conditions separated by commas, such as <c>409,error.code=blocked</c>; null when one of them cannot be read.</summary>
    public static IReadOnlyList<AnswerCondition>? ReadAll(string? text)
    {
        var conditions = (text ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(Read)
            .ToList();
        return conditions.Contains(null) ? null : [.. conditions.OfType<AnswerCondition>()];
    }

    static AnswerCondition? Read(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is > 0 and var sign ? new(Status: null, text[..sign], text[(sign + 1)..])
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= 200 and <= 599 ? new(status)
        : null;
}
