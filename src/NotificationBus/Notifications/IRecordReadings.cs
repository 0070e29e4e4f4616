using NotificationBus.Telemetry;

namespace NotificationBus.Notifications;

/// <summary>Readings of the record for the gauges, which all hosts share.</summary>
public interface IRecordReadings
{
    /// <summary>
    /// Returns the last reading, and takes one before when it is time for that and no other host is at it.
    /// </summary>
    /// <param name="interval">
    /// How far readings are apart. Those that take long are further apart: a reading is to take a small share of the time.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null while there is none.</returns>
    Task<RecordReading?> Read(TimeSpan interval, CancellationToken cancellationToken);
}
