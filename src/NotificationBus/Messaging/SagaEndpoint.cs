using NotificationBus.Contracts;

namespace NotificationBus.Messaging;

/// <summary>The queues from which the saga takes what happens: one for each lane, so that a flood of campaigns delays no order.</summary>
public static class SagaEndpoint
{
    /// <summary>The queue of a lane.</summary>
    public static string QueueOf(Lane lane) => lane == Lane.Bulk ? "notifications-bulk" : "notifications";

    /// <summary>The address results and commands are sent to.</summary>
    public static Uri Of(Lane lane) => new($"exchange:{QueueOf(lane)}");

    /// <summary>
    /// Returns the number of steps of a lane that are made at the same time. A step is short and waits for the database most of the time.
    /// What is sent in this process holds its place for longer.
    /// </summary>
    public static int ConcurrencyOf(Lane lane) => lane == Lane.Bulk ? 20 : 160;

    /// <summary>The lane of a queue, by the address it is received from.</summary>
    public static Lane LaneOf(Uri inputAddress) =>
        inputAddress.AbsolutePath.EndsWith($"/{QueueOf(Lane.Bulk)}", StringComparison.Ordinal) ? Lane.Bulk : Lane.Transactional;
}
