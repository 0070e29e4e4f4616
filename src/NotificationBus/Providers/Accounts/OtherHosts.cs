using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace NotificationBus.Providers.Accounts;

/// <summary>Telling the other hosts what was found out about an account.</summary>
static partial class OtherHosts
{
    /// <summary>Tells them. What they cannot be told now, because the store is away, they find out themselves.</summary>
    /// <returns>True when they were told.</returns>
    public static async Task<bool> Tell(this ILogger log, string account, Func<Task> tell)
    {
        try
        {
            await tell();
            return true;
        }
        catch (DbException exception)
        {
            NotTold(log, exception, account);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The other hosts could not be told about {Account}")]
    static partial void NotTold(ILogger log, Exception exception, string account);
}
