using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;

namespace NotificationBus.Host.Http;

/// <summary>
/// Refuses a parameter that the API does not describe: passed over, <c>?aplication=shop</c> would look like an answer about that one. One
/// place for all routes of the API, whoever reads their queries. What is called without a key is left alone: vendors and mail programs add
/// what they like to an address.
/// </summary>
static class KnownParameters
{
    const string Api = "/v1";

    // A name of anybody's is not given back whole.
    const int LongestName = 64;

    /// <summary>Looks at each call before its handler does, and after it is known who calls.</summary>
    public static void UseKnownParameters(this WebApplication app) =>
        app.Use(
            (context, next) =>
                context.Request.QueryString.HasValue
                && context.GetEndpoint() is { } endpoint
                && context.Request.Path.StartsWithSegments(Api, StringComparison.Ordinal)
                && endpoint.Metadata.GetMetadata<RouteScope>() is { AnyOf.Count: > 0 }
                && Refuse(context.Request.Query, NamesOf(endpoint)) is { Count: > 0 } errors
                    ? Problems.Validation(errors).ExecuteAsync(context)
                    : next(context)
        );

    /// <summary>What is wrong with the names of a query's parameters, by name; empty when nothing is.</summary>
    /// <param name="query">The query.</param>
    /// <param name="known">The names that are taken.</param>
    public static IReadOnlyDictionary<string, string[]> Refuse(IQueryCollection query, IReadOnlyList<string> known)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var unknown in query.Keys.Except(known, StringComparer.Ordinal).Take(IntakeRules.MostErrors))
            errors[unknown.Length <= LongestName ? unknown : "?"] = [Spelling.Unknown(unknown, known)];
        return errors;
    }

    static string[] NamesOf(Endpoint endpoint) =>
        [
            .. endpoint
                .Metadata.GetOrderedMetadata<OtherParameter>()
                .Where(parameter => !parameter.InHeader)
                .Select(parameter => parameter.Name),
        ];
}
