namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 27.</summary>
sealed class SameEvent : Situation
{
    const int Afterwards = 50;
    const int AtOnce = 20;

    public override string Name => "same-event-1000-times";

    public override string What =>
        "one event under one message id, and one under many, published again and again at the same time and afterwards";

    public override Dose Full => new(1_000, TimeSpan.Zero);

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        await Publish(arena, dose.Count);
        await arena.Settle();
        await Publish(arena, Afterwards);
        while (await arena.Messages("notifications") > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(100));
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(audit.Notifications.Count != 2, $"{audit.Notifications.Count} notifications for two events"),
            .. When(arena.Witness.Calls.Count != 4, $"{arena.Witness.Calls.Count} calls for two events with two channels each"),
        ];

    static async Task Publish(Arena arena, int count)
    {
        var (oneMessage, manyMessages) = (Occurrence.Placed("one-message", 1), Occurrence.Placed("many-messages", 1));
        var message = Guid.Parse("01993a6e-4c1f-7f3a-9d3e-0a1b2c3d4e5f");
        await Parallel.ForEachAsync(
            Enumerable.Range(0, AtOnce),
            async (_, _) =>
            {
                await using var line = arena.Bus.Connect();
                for (var i = 0; i < count / AtOnce; i++)
                {
                    await line.Publish(
                        $"NotificationBus.Contracts:{oneMessage.Contract}",
                        BusProducer.Envelope(oneMessage.Contract, oneMessage.Message, message),
                        BusProducer.Properties(message)
                    );
                    await line.Publish(
                        $"NotificationBus.Contracts:{manyMessages.Contract}",
                        BusProducer.Envelope(manyMessages.Contract, manyMessages.Message),
                        BusProducer.Properties()
                    );
                }
            }
        );
        foreach (var occurrence in (Occurrence[])[oneMessage, manyMessages])
        {
            arena.Requests.Asking(occurrence);
            arena.Requests.Taken(occurrence);
        }
    }
}
