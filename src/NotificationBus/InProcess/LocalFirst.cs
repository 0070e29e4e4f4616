using NotificationBus.Messaging;

namespace NotificationBus.InProcess;

/// <summary>The shortcut: local first, else the broker.</summary>
static class LocalFirst
{
    /// <summary>
    /// Does it in this process, or hands it to the broker when it is not taken here or fails here: then it goes the way of every other
    /// message, which ends where operators see it.
    /// </summary>
    /// <param name="here">Does it. False when this process does not take it now; then nothing has happened.</param>
    /// <param name="broker">Hands it to the broker.</param>
    /// <param name="failed">Told with what it failed here.</param>
    /// <exception cref="System.Data.Common.DbException">
    /// The database was away. That is no failure of this message, and whether it is done nobody knows: what caused it has to come again.
    /// </exception>
    public static async Task Take(Func<Task<bool>> here, Func<Task> broker, Action<Exception> failed)
    {
        if (!await Taken(here, failed))
            await broker();
    }

    static async Task<bool> Taken(Func<Task<bool>> here, Action<Exception> failed)
    {
        try
        {
            return await here();
        }
        catch (Exception failure) when (failure is not OperationCanceledException && !Outages.IsOutage(failure))
        {
            failed(failure);
            return false;
        }
    }
}
