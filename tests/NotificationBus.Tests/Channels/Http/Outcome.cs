namespace NotificationBus.Tests.Channels.Http;

/// <summary>The kinds of <see cref="NotificationBus.Providers.ProviderResult"/>, for the rows of a theory.</summary>
public enum Outcome
{
    Accepted,
    Rejected,
    Declined,
    Unavailable,
    Throttled,
    Misconfigured,
    InDoubt,
}
