using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using System.Security.Claims;
using Microsoft.Extensions.Options;
using NotificationBus.Access;
using NotificationBus.Host.Settings;

namespace NotificationBus.Host.Http;

/// <summary>
/// Limits of the calls of one key, and of one application, so that one service that has gone wrong leaves the others room. Each answer says
/// what is left (draft-ietf-httpapi-ratelimit-headers-10). Who calls is known by then: what anybody may send costs nothing here.
/// </summary>
/// <remarks>
/// The framework's limiter knows neither what is left nor a clock of ours, and takes a lock for each call.
/// </remarks>
sealed partial class CallLimits(
    IOptions<RateLimitOptions> options,
    HostSettings settings,
    TimeProvider clock,
    CountedWarnings warnings,
    ILogger<CallLimits> log
)
{
    readonly RateLimitOptions _options = options.Value;
    readonly ApplicationLimit _ofOthers = new(options.Value, options.Value.CallsPerApplication);

    // Of those that have a limit of their own.
    readonly FrozenDictionary<string, ApplicationLimit> _own = settings
        .Applications.Where(application => application.Value.RateLimits.Calls is not null)
        .ToFrozenDictionary(
            application => application.Key,
            application => new ApplicationLimit(options.Value, application.Value.RateLimits.Calls!.Value),
            StringComparer.Ordinal
        );

    // As many as there are keys and people who sign in: nobody else is named.
    readonly ConcurrentDictionary<string, Allowance> _callers = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, Allowance> _applications = new(StringComparer.Ordinal);

    /// <summary>Counts a call.</summary>
    /// <returns>The answer to one that is too many; null for every other one.</returns>
    public IResult? Count(HttpContext context) => Count(context, 1, 1);

    /// <summary>Counts what a call asks for beside the first, as if each were a call of its own.</summary>
    /// <param name="context">The call, which is counted already.</param>
    /// <param name="more">How many there are. With the call itself they never need more than all that is allowed in a window.</param>
    /// <returns>The answer to one that is too many; null for every other one.</returns>
    public IResult? CountMore(HttpContext context, int more) =>
        Count(context, Math.Min(more, _options.CallsPerKey - 1), Math.Min(more, LimitOf(ApplicationOf(context)).Calls - 1));

    IResult? Count(HttpContext context, int ofItsKey, int ofItsApplication)
    {
        // Where nobody is asked for a key, there is nobody to tell apart.
        if (context.User.FindFirst(ClaimTypes.Name)?.Value is not { } caller)
            return null;

        var now = clock.Steady();
        var ofCaller = _callers.GetOrAdd(caller, static (_, o) => new Allowance(o.CallsPerKey, o.Window), _options);
        var headers = context.Response.Headers;
        var application = ApplicationOf(context);
        var limit = LimitOf(application);
        headers["RateLimit-Policy"] = limit.Policy;
        var key = ofCaller.Take(now, ofItsKey);
        if (!key.IsTaken)
            return Refuse(context, key, "key", caller);
        if (application is null)
        {
            headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"key\";r={key.Left};t={key.Seconds}");
            return null;
        }

        var all = _applications.GetOrAdd(application, static (_, o) => new Allowance(o.Calls, o.Window), limit).Take(now, ofItsApplication);
        if (!all.IsTaken)
        {
            ofCaller.GiveBack(ofItsKey);
            return Refuse(context, all, "application", application);
        }

        headers["RateLimit"] = string.Create(
            CultureInfo.InvariantCulture,
            $"\"key\";r={key.Left};t={key.Seconds}, \"application\";r={all.Left};t={all.Seconds}"
        );
        return null;
    }

    static string? ApplicationOf(HttpContext context) => context.User.FindFirst(KeyHolder.ApplicationClaim)?.Value;

    ApplicationLimit LimitOf(string? application) =>
        _own.Count > 0 && application is not null && _own.TryGetValue(application, out var own) ? own : _ofOthers;

    IResult Refuse(HttpContext context, AllowanceUse use, string policy, string who)
    {
        if (warnings.Count($"too many calls of {policy} {who}") is { } times)
            TooManyCalls(log, who, times);
        context.Response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{policy}\";r=0;t={use.Seconds}");
        return Problems.TooManyCalls(context, policy, use.Seconds);
    }

    [LoggerMessage(
        LogLevel.Warning,
        "{Who} calls more often than RateLimits allows, and is told to come again ({Times} times since this was said last)"
    )]
    static partial void TooManyCalls(ILogger log, string who, int times);

    /// <summary>The limit of an application, and the policy that its answers name.</summary>
    sealed record ApplicationLimit(RateLimitOptions Options, int Calls)
    {
        public TimeSpan Window => Options.Window;

        public string Policy { get; } =
            string.Create(
                CultureInfo.InvariantCulture,
                $"\"key\";q={Options.CallsPerKey};w={(long)Options.Window.TotalSeconds}, "
                    + $"\"application\";q={Calls};w={(long)Options.Window.TotalSeconds}"
            );
    }
}

/// <summary>The place of <see cref="CallLimits"/> in the way of a call.</summary>
static class CallLimitsSetup
{
    /// <summary>
    /// Counts each call of somebody who is known. Needs to know who calls, and comes before anything of the call is read.
    /// </summary>
    public static void UseCallLimits(this WebApplication app)
    {
        var limits = app.Services.GetRequiredService<CallLimits>();
        app.Use(
            (context, next) =>
                context.GetEndpoint()?.Metadata.GetMetadata<CountedLater>() is null && limits.Count(context) is { } refusal
                    ? refusal.ExecuteAsync(context)
                    : next(context)
        );
    }
}

/// <summary>Marks a route whose calls are counted where they go on to.</summary>
sealed class CountedLater
{
    public static CountedLater Instance { get; } = new();
}
