namespace NotificationBus.Subscriptions;

/// <summary>Calls subscribers: signs, keeps out of networks where nobody has any business, and reads the answer.</summary>
public interface IWebhookCaller
{
    /// <summary>Returns the reason why a URL can never be called; null when it looks right.</summary>
    string? Refuse(string url);

    /// <summary>Posts an event.</summary>
    Task<WebhookAnswer> Post(WebhookCall call, CancellationToken cancellationToken);
}

/// <summary>A call of a subscriber.</summary>
/// <param name="Url">The address.</param>
/// <param name="Id">The event's id, the same on every try.</param>
/// <param name="Keys">All keys that the receiver may still have; it is signed with each.</param>
/// <param name="Body">The body, JSON.</param>
public sealed record WebhookCall(string Url, Guid Id, IReadOnlyList<byte[]> Keys, ReadOnlyMemory<byte> Body);

/// <summary>What came of a call.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Result">The same in a line, without secrets.</param>
/// <param name="RetryAfter">The time for which the subscriber asks to be left alone.</param>
public sealed record WebhookAnswer(WebhookVerdict Verdict, string Result, TimeSpan? RetryAfter = null);

/// <summary>What an answer means.</summary>
public enum WebhookVerdict
{
    /// <summary>A 2xx, in time.</summary>
    Delivered,

    /// <summary>Anything else, or nothing.</summary>
    Failed,

    /// <summary>410: the subscriber wants no more.</summary>
    Gone,
}
