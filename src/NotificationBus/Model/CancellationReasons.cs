using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>
/// The reasons for which what is not sent is called off, as the ledger and the record keep them: in a text, of which the beginning is ours
/// and tells which kind it is.
/// </summary>
public static class CancellationReasons
{
    const string Withdrawn = "withdrawn by ";

    /// <summary>The reason of one notification that was cancelled.</summary>
    public static string CancelledBy(string by, string why) => $"cancelled by {by}: {why}";

    /// <summary>The reason of all notifications with a business key that was withdrawn.</summary>
    public static string WithdrawnBy(string by, string why) => $"{Withdrawn}{by}: {why}";

    /// <summary>The same in one word: see <see cref="ReasonCode"/>.</summary>
    public static string CodeOf(string reason) =>
        reason.StartsWith(Withdrawn, StringComparison.Ordinal) ? ReasonCode.Withdrawn : ReasonCode.Cancelled;
}
