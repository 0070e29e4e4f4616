using System.Data.Common;
using System.Diagnostics;

using MassTransit;

namespace NotificationBus.Messaging;

/// <summary>Tells an outage from bad input, and waits it out.</summary>
public static class Outages
{
    // RabbitMQ takes a message away from a consumer that holds it for 30 minutes.
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(25);

    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Does something again while servers are away, for about 25 minutes, and as long as the message it is done for is not given back.</summary>
    public static async Task WaitOut(ConsumeContext input, Func<Task> work)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception outage) when (IsOutage(outage) && Stopwatch.GetElapsedTime(began) < Longest && !IsGivenBack(input))
            {
                await Task.Delay(Interval);
            }
        }
    }

    static bool IsGivenBack(ConsumeContext input)
    {
        try
        {
            return input.CancellationToken.IsCancellationRequested;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>True when a server behind the host was away.</summary>
    public static bool IsOutage(Exception exception)
    {
        for (var link = exception; link is not null; link = link.InnerException)
        {
            if (link is BrokerUnavailableException || (link is DbException database && Passes(database)))
                return true;
        }

        return false;
    }

    /// <summary>
    /// True unless the database says that the statement or its values are wrong (SQLSTATE classes 22, 23, 42 and 54): what a
    /// fail-over, a restart or a full pool may look like is too manifold to be listed. A prepared statement that is there already
    /// (42P05) says that connections are mixed up behind a pooler, and nothing of the message.
    /// </summary>
    public static bool Passes(DbException exception) =>
        exception.SqlState is not { Length: 5 } state || state == "42P05" || state[..2] is not ("22" or "23" or "42" or "54");
}
