namespace NotificationBus.Sending;

/// <summary>Counts of what is sent in a day (UTC), all hosts together, for channels whose settings bound it.</summary>
public interface IDailyCounts
{
    /// <summary>Counts a delivery, unless a bound is reached.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="address">The address, in its canonical form. It is not kept, only its hash is, until the day after.</param>
    /// <param name="cost">What it costs.</param>
    /// <param name="mostOfAddress">The most deliveries to the address; null for as many as come.</param>
    /// <param name="mostSpent">The most that all deliveries of the channel may cost; null for as much as it takes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Which bound is reached, when one is.</returns>
    Task<DailyCount> Count(
        string channel,
        string address,
        decimal cost,
        int? mostOfAddress,
        decimal? mostSpent,
        CancellationToken cancellationToken
    );
}

/// <summary>What came of counting a delivery.</summary>
public enum DailyCount
{
    /// <summary>It was counted, and may be sent.</summary>
    Counted,

    /// <summary>The address has been sent as many as it may. Nothing was counted.</summary>
    AddressFull,

    /// <summary>It would cost more than is left. Nothing is spent.</summary>
    SpendFull,
}
