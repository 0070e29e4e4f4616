using System.Text.Json.Nodes;

namespace NotificationBus.Chaos.Situations;

/// <summary>
/// Reliability, row 29, as far as there are such messages: the event, its repetition, and results that nobody sent or that come early.
/// </summary>
sealed class OutOfOrder : Situation
{
    // One after the other for each notification, many notifications at the same time.
    const int AtOnce = 16;

    public override string Name => "out-of-order";

    public override string What => "events, repetitions and results that were never sent reach the saga in every order";

    public override Dose Full => new(1_000, TimeSpan.Zero);

    public override Dose? Quick => null;

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        var numbers = Enumerable.Range(0, dose.Count).ToList();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, AtOnce),
            async (part, _) =>
            {
                await using var line = arena.Bus.Connect();
                foreach (var number in numbers.Where(number => number % AtOnce == part))
                    await Publish(line, arena, Occurrence.Shipped(Name, number), order: number);
            }
        );
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(
                audit.In("delivered") < audit.Accepted,
                $"{audit.Accepted - audit.In("delivered")} came to another end: the order mattered"
            ),
            .. When(audit.Duplicates > 0, "no sender died, and yet something was sent twice"),
        ];

    static async Task Publish(BusLine line, Arena arena, Occurrence occurrence, int order)
    {
        arena.Requests.Asking(occurrence);
        var result = new JsonObject
        {
            ["notificationId"] = occurrence.Notification.ToString(),
            ["deliveryId"] = occurrence.Deliveries[0].ToString(),
            ["provider"] = "a",
            ["reason"] = "nobody said so",
        };
        var messages = new List<(string Contract, JsonObject Message)>
        {
            (occurrence.Contract, occurrence.Message),
            (occurrence.Contract, occurrence.Message),
            ("DeliveryFailed", result),
            ("DeliveryExpired", result),
        };
        // The n-th permutation: 24 orders of four messages.
        for (var (left, n) = (messages.Count, order); left > 0; n /= left, left--)
        {
            var (contract, message) = messages[n % left];
            messages.RemoveAt(n % left);
            // One that is handled before the event belongs to no notification, and is set aside; any other is taken or passed over.
            if (contract != occurrence.Contract)
                arena.PoisonIsAdded();
            await line.Publish(
                contract == occurrence.Contract ? $"NotificationBus.Contracts:{contract}" : "notifications",
                BusProducer.Envelope(contract, message),
                BusProducer.Properties()
            );
        }

        arena.Requests.Taken(occurrence);
    }
}
