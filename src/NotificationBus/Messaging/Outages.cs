using System.Data.Common;
using MassTransit;

namespace NotificationBus.Messaging;

/// <summary>Tells an outage from bad input, and waits it out.</summary>
public static class Outages
{
    /// <summary>
    /// The longest time that a message may be held. RabbitMQ takes it away from a consumer that holds it for 30 minutes (its
    /// <c>consumer_timeout</c>).
    /// </summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(25);

    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Does something again while servers are away, for about 25 minutes, and as long as the message it is done for is not given back.
    /// </summary>
    public static Task WaitOut(ConsumeContext input, Func<Task> work) =>
        WaitOut(work, failure => IsOutage(failure) && !IsGivenBack(input), TimeProvider.System);

    /// <summary>Does something again while it fails with what passes, for about 25 minutes.</summary>
    public static async Task WaitOut(Func<Task> work, Func<Exception, bool> passes, TimeProvider clock)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception outage) when (passes(outage) && clock.GetElapsedTime(began) < LongestHold)
            {
                await Task.Delay(Interval, clock);
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
            if (link is BrokerUnavailableException || (link is DbException database && IsTransient(database)))
                return true;
        }

        return false;
    }

    /// <summary>
    /// True unless the database says that the values are wrong, and would be at any other time (<see cref="IsForGood"/>). Everything else
    /// passes, also what nobody has thought of: what a fail-over, a restart or a full pool may look like is too manifold to be listed, and
    /// a message that waits can still be sent, while one that is set aside waits for a person.
    /// </summary>
    public static bool IsTransient(DbException exception) => exception.SqlState is not { Length: 5 } state || !IsForGood(state);

    /// <summary>
    /// The SQLSTATEs that speak of values (PostgreSQL, "PostgreSQL Error Codes"). Not class 42, of what may not be done or is not there:
    /// the statements are the same for all messages, and were right when the host started, so that somebody has taken away a privilege or
    /// renamed a table, and can undo it. Nor class 23, of what the tables allow: values are checked before and conflicts foreseen, so that
    /// somebody has added a column, an index or a foreign key, or detached a partition.
    /// </summary>
    static bool IsForGood(string state) =>
        state[..2]
            is "21" // cardinality: two rows for one place
                or "22" // data: no text of this encoding, too long, out of range
                or "54"; // limits of the program: an index row, a JSON depth
}
