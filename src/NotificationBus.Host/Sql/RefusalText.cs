using NotificationBus.Host.Http;

namespace NotificationBus.Host.Sql;

/// <summary>A refusal of the API in one sentence, for whoever is not answered.</summary>
static class RefusalText
{
    const int MostErrors = 5;

    public static string Of(IResult refusal)
    {
        var problem = Problems.Within(refusal, MostErrors);
        return problem.Extensions.TryGetValue("errors", out var named) && named is IReadOnlyDictionary<string, string[]> errors
            ? $"{problem.Title}: {string.Join("; ", errors.Select(one => $"{one.Key} {string.Join(", ", one.Value)}"))}"
            : $"{problem.Title}. {problem.Detail}";
    }
}
