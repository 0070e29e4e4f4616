using System.Data.Common;

namespace NotificationBus.Intake;

/// <summary>
/// Asks the record for what was begun under the name of an event. A record that is away keeps nobody waiting: the event is taken all the
/// same, and the saga looks again.
/// </summary>
public sealed class Repetitions(IEarlierNotifications record, RecentlyAccepted recently, TimeProvider clock)
{
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    long _silentUntil;

    /// <summary>What this host accepted lately, which the record may not have yet.</summary>
    public RecentlyAccepted Recently => recently;

    /// <summary>The notification with that id; null when there is none yet, or the record does not answer now.</summary>
    public async Task<EarlierNotification?> Find(Guid notificationId)
    {
        if (clock.Steady().Ticks < Volatile.Read(ref _silentUntil))
            return null;

        using var limit = new CancellationTokenSource(Patience, clock);
        try
        {
            return await record.FindEarlier(notificationId, limit.Token);
        }
        catch (Exception exception) when (exception is DbException or OperationCanceledException)
        {
            Volatile.Write(ref _silentUntil, (clock.Steady() + Pause).Ticks);
            return null;
        }
    }
}
