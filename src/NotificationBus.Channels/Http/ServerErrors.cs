using NotificationBus.Providers;

namespace NotificationBus.Channels.Http;

/// <summary>
/// The meaning of a failure of a vendor's servers (5xx): after which answers nothing was taken, by the vendor's own documentation, so that
/// the next provider is asked at once and the account's circuit hears of it. Whatever is not named may have been taken, and is in doubt.
/// </summary>
public sealed class ServerErrors
{
    // RFC 9110, section 15.6: 500, 501, 503 and 505 say that the request was not fulfilled; RFC 4918 (507), RFC 5842 (508) and RFC 6585
    // (511) too. A gateway's 502 and 504 say only that it has no answer. Of Cloudflare's, in front of many a vendor, 521, 523, 525 and 526
    // have reached nobody (developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors).
    const string NotFulfilled = "500,501,503,505,507,508,511,521,523,525,526";

    readonly IReadOnlyList<AnswerCondition> _notTaken;
    readonly IReadOnlyList<AnswerCondition> _inDoubt;

    ServerErrors(IReadOnlyList<AnswerCondition> notTaken, IReadOnlyList<AnswerCondition> inDoubt) =>
        (_notTaken, _inDoubt) = (notTaken, inDoubt);

    /// <summary>The meaning where a vendor says nothing else.</summary>
    public static ServerErrors Usual { get; } = NotTaken(NotFulfilled);

    /// <summary>Nothing a vendor says when it fails tells whether it has taken the delivery.</summary>
    public static ServerErrors AllInDoubt { get; } = new([], []);

    /// <summary>
    /// The time for which the vendor is left alone with the delivery when it does not say for how long; null for as long as any other.
    /// </summary>
    public TimeSpan? Pause { get; private init; }

    /// <summary>Only these answers say that nothing was taken.</summary>
    /// <param name="answers">Statuses and values in the JSON, separated by commas, such as <c>503,error=busy</c>.</param>
    public static ServerErrors NotTaken(string answers) => new(Read(answers), []);

    /// <summary>With these, too, nothing was taken.</summary>
    /// <param name="answers">As with <see cref="NotTaken"/>.</param>
    public ServerErrors AlsoNotTaken(string answers) => new([.. _notTaken, .. Read(answers)], _inDoubt) { Pause = Pause };

    /// <summary>With these, against the rule, it may have been taken.</summary>
    /// <param name="answers">As with <see cref="NotTaken"/>.</param>
    public ServerErrors ButInDoubt(string answers) => new(_notTaken, [.. _inDoubt, .. Read(answers)]) { Pause = Pause };

    /// <summary>The same, with a pause that the vendor asks for in its documentation.</summary>
    public ServerErrors WithPause(TimeSpan pause) => new(_notTaken, _inDoubt) { Pause = pause };

    internal ProviderResult Of(HttpAnswer answer) =>
        _notTaken.Any(condition => condition.Holds(answer)) && !_inDoubt.Any(condition => condition.Holds(answer))
            ? new ProviderResult.Unavailable($"{answer}", answer.RetryAfter ?? Pause)
            : new ProviderResult.InDoubt($"{answer}");

    static IReadOnlyList<AnswerCondition> Read(string answers) =>
        AnswerCondition.ReadAll(answers) ?? throw new ArgumentException($"'{answers}' is no list of answers", nameof(answers));
}
