using System.Net;
using System.Net.Http.Json;
using NotificationBus.Chaos.Witnesses;

namespace NotificationBus.Chaos.Situations;

/// <summary>18.1: a reminder of an order that was paid is never sent, whichever comes first.</summary>
sealed class WithdrawRaces : Situation
{
    const int PerSecond = 150;
    const int FewestOfEach = 100;

    // Of each hundred so many are paid, and known to be, before they are reminded of.
    const int PaidFirst = 5;

    static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(10);
    static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    readonly HashSet<Guid> _paidFirst = [];
    int _calledAfterwards;
    int _otherwise;

    public override string Name => "withdraw-races";

    public override string What =>
        "each order is paid within 50 ms of its reminder, before or after, while both workers are killed again and again";

    public override Dose Full => new(10_000, TimeSpan.FromSeconds(6));

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Answers.Accept(Latency);
        var api = await arena.Start("api");
        var workers = new[] { await arena.Start("worker"), await arena.Start("worker") };

        var reminders = Enumerable.Range(1, dose.Count).Select(number => Occurrence.Reminded(Name, number)).ToList();
        var before = reminders.Where((_, index) => index % 100 < PaidFirst).ToList();
        foreach (var reminder in before)
        {
            _paidFirst.Add(reminder.Notification);
            await Pay(api, reminder);
        }

        await UntilWithdrawn(arena, before.Count);
        var happening = HaveBothHappen(arena, api, reminders);
        await Task.WhenAll(workers.Select((worker, index) => KillAfter(arena, worker, dose.Every * index / 2, dose.Every, happening)));
        await arena.Settle();

        await UntilWithdrawn(arena, dose.Count);
        _calledAfterwards = (int)
            await arena.Count(
                """
                SELECT count(*) FROM delivery_attempt a
                JOIN delivery_attempt c ON c.delivery_id = a.delivery_id AND c.status = 'Cancelled' AND c.number < a.number
                """
            );
        _otherwise = (int)await arena.Count("SELECT count(*) FROM decision WHERE final AND code <> 'withdrawn'");
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var called = arena.Witness.Calls.Select(call => call.Delivery).ToHashSet();
        bool WasCalled(Guid id) => arena.Requests.Asked[id].Deliveries.Any(called.Contains);

        var cancelled = audit.Notifications.Where(one => one.Value == "cancelled").Select(one => one.Key).ToList();
        var (delivered, held) = (audit.In("delivered"), audit.In("held"));
        var taken = cancelled.Count(id => arena.Requests.Asked[id].Deliveries.Any(audit.Taken.Contains));
        var tooLate = _paidFirst.Count(WasCalled);
        return
        [
            .. When(taken > 0, $"{taken} are said to be withdrawn, and the provider has taken them"),
            .. When(tooLate > 0, $"the provider was called for {tooLate} whose orders were paid before"),
            .. When(
                _calledAfterwards > 0,
                $"the provider was called {_calledAfterwards} times after the ledger had said that it will not be"
            ),
            .. When(_otherwise > 0, $"{_otherwise} were not sent for another reason"),
            .. When(
                cancelled.Count + delivered + held != audit.Accepted,
                $"{cancelled.Count} withdrawn, {delivered} sent and {held} held are not {audit.Accepted}"
            ),
            .. When(arena.Kills == 0, "nobody was killed: more notifications, or a shorter --every"),
            .. When(
                cancelled.Count - _paidFirst.Count < FewestOfEach || delivered < FewestOfEach,
                $"too few of each: {cancelled.Count} withdrawn, {delivered} sent"
            ),
        ];
    }

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"{audit.In("cancelled")} withdrawn, {audit.In("delivered")} sent before, {audit.In("held")} held in doubt"];

    async Task HaveBothHappen(Arena arena, HostSlot api, List<Occurrence> reminders)
    {
        var started = Clock.Now;
        var all = new List<Task>();
        foreach (var (index, reminder) in reminders.Index())
        {
            var due = started + TimeSpan.FromSeconds((double)index / PerSecond);
            if (due > Clock.Now)
                await Task.Delay(due - Clock.Now);
            all.Add(Remind(arena, api, reminder));
            if (!_paidFirst.Contains(reminder.Notification))
                all.Add(Pay(api, reminder));
        }

        await Task.WhenAll(all);
    }

    static async Task Remind(Arena arena, HostSlot api, Occurrence reminder)
    {
        await Task.Delay(Random.Shared.NextDouble() * Apart);
        arena.Requests.Asking(reminder);
        await UntilTaken(api, reminder.Name, reminder.Message);
        arena.Requests.Taken(reminder);
    }

    static async Task Pay(HostSlot api, Occurrence reminder)
    {
        await Task.Delay(Random.Shared.NextDouble() * Apart);
        await UntilTaken(api, "order-paid", new { orderId = $"{reminder.Message["orderId"]}", eventId = $"paid-{reminder.EventId}" });
    }

    static async Task UntilTaken(HostSlot api, string name, object message)
    {
        var giveUp = Clock.Now + Patience;
        while (Clock.Now < giveUp)
        {
            using var answer = await api.Client.PostAsJsonAsync(new Uri($"/v1/events/{name}", UriKind.Relative), message);
            if (answer.StatusCode == HttpStatusCode.Accepted)
                return;

            await Task.Delay(Pause);
        }
    }

    static async Task KillAfter(Arena arena, HostSlot worker, TimeSpan first, TimeSpan every, Task work)
    {
        await Task.Delay(first);
        await arena.KillRepeatedly(worker, every, work);
    }

    static async Task UntilWithdrawn(Arena arena, int count)
    {
        var giveUp = Clock.Now + Patience;
        while (await arena.Count("SELECT count(*) FROM withdrawal") < count && Clock.Now < giveUp)
            await Task.Delay(Pause);
    }
}
