using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.Tests.Channels.Vendors;

/// <summary>A recorded answer of a vendor, and what it means.</summary>
/// <param name="Row">What it is, as the vendor's documentation calls it.</param>
/// <param name="Status">Code and words of the status.</param>
/// <param name="Body">The body.</param>
/// <param name="Expected">What it means.</param>
public sealed record VendorAnswer(string Row, string Status, string Body, Outcome Expected)
{
    /// <summary>Header lines, each with CRLF at its end.</summary>
    public string Headers { get; init; } = "";

    /// <summary>The vendor's id of the message, when it is accepted.</summary>
    public string? MessageId { get; init; }

    public bool AddressIsWrong { get; init; }

    public bool OnlyThisDelivery { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    public RateLimit? RateLimit { get; init; }

    /// <summary>A word the reason must have, so that a person knows what to do.</summary>
    public string? Says { get; init; }

    public override string ToString() => $"{Row}: {Status}";

    public void ShouldMean(ProviderResult result)
    {
        result.GetType().Name.ShouldBe(Expected.ToString(), $"{result}");
        result.RateLimit.ShouldBe(RateLimit);
        var reason = result switch
        {
            ProviderResult.Rejected rejected => rejected.Reason,
            ProviderResult.Declined declined => declined.Reason,
            ProviderResult.Unavailable unavailable => unavailable.Reason,
            ProviderResult.Throttled throttled => throttled.Reason,
            ProviderResult.Misconfigured misconfigured => misconfigured.Reason,
            ProviderResult.InDoubt inDoubt => inDoubt.Reason,
            _ => "",
        };
        if (Says is not null)
            reason.ShouldContain(Says);

        (result as ProviderResult.Accepted)?.ProviderMessageId.ShouldBe(MessageId);
        (result as ProviderResult.Rejected)?.AddressIsWrong.ShouldBe(AddressIsWrong);
        (result as ProviderResult.Unavailable)?.OnlyThisDelivery.ShouldBe(OnlyThisDelivery);
        (result as ProviderResult.Unavailable)?.RetryAfter.ShouldBe(RetryAfter);
        (result as ProviderResult.Throttled)?.RetryAfter.ShouldBe(RetryAfter);
    }
}
