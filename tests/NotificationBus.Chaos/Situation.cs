namespace NotificationBus.Chaos;

/// <summary>How much of it, from the command line.</summary>
/// <param name="Count">How many notifications.</param>
/// <param name="Every">How long between two blows, or how long one lasts.</param>
sealed record Dose(int Count, TimeSpan Every);

/// <summary>Something that goes wrong, and what must hold all the same.</summary>
abstract class Situation
{
    /// <summary>What the command line calls it.</summary>
    public abstract string Name { get; }

    /// <summary>What happens, in one line.</summary>
    public abstract string What { get; }

    /// <summary>How much of it in a full run.</summary>
    public abstract Dose Full { get; }

    /// <summary>How much of it in a quick run; null when it is not part of one.</summary>
    public virtual Dose? Quick => null;

    /// <summary>What its hosts are started with, beside the usual.</summary>
    public virtual IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether its PostgreSQL has a standby, for which every commit waits.</summary>
    public virtual bool HasStandby => false;

    /// <summary>Whether its RabbitMQ is a cluster of three nodes.</summary>
    public virtual bool HasCluster => false;

    /// <summary>Whether its RabbitMQ is one of its own, with the management plug-in.</summary>
    public virtual bool HasManagement => false;

    /// <summary>Lets it happen, and waits until everything has come to its end.</summary>
    public abstract Task Happen(Arena arena, Dose dose);

    /// <summary>What broke a limit of this situation, beside those that always hold.</summary>
    public virtual IEnumerable<string> Broken(Arena arena, Audit audit) => [];

    /// <summary>What else the reader of the table should know.</summary>
    public virtual IEnumerable<string> Remarks(Arena arena, Audit audit) => [];

    protected static IEnumerable<Occurrence> Shipments(string run, int count) =>
        Enumerable.Range(1, count).Select(number => Occurrence.Shipped(run, number));

    protected static IEnumerable<string> When(bool broken, string limit)
    {
        if (broken)
            yield return limit;
    }

    protected static IEnumerable<string> AllSent(Audit audit) =>
        When(audit.Sent < audit.Accepted, $"{audit.Accepted - audit.Sent} were not sent");
}
