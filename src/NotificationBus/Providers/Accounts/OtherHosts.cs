using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace NotificationBus.Providers.Accounts;

/// <summary>Telling the other hosts what was found out about an account.</summary>
static partial class OtherHosts
{
    /// <summary>Tells them. What they cannot be told now, because the store is away, they find out themselves.</summary>
    public static async Task Tell(this ILogger log, string account, Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (DbException exception)
        {
            NotTold(log, exception, account);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The other hosts could not be told about {Account}")]
    static partial void NotTold(ILogger log, Exception exception, string account);
}
