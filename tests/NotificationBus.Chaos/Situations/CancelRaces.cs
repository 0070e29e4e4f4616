using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using NotificationBus.Providers;

namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 42.</summary>
sealed class CancelRaces : Situation
{
    const int PerSecond = 400;
    const int Concurrency = ConcurrencyOptions.DefaultMax;
    const int FewestOfEach = 100;

    static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    readonly ConcurrentDictionary<Guid, HttpStatusCode> _answers = new();

    public override string Name => "cancel-races";

    public override string What => "each notification is cancelled at a random moment, while the sender and the saga are killed once";

    public override Dose Full => new(1_000, TimeSpan.FromSeconds(1));

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Accept(Latency);
        var api = await arena.Start("api");
        var saga = await arena.Start("saga");
        var sender = await arena.Start("sender");

        var shipments = Shipments(Name, dose.Count).ToList();
        var posting = new HttpProducer(() => api.Client, arena.Requests).Post(shipments, PerSecond);
        var cancelling = CancelAll(arena, api, shipments);

        await Arena.Until(() => arena.Witness.Taken >= dose.Count / 10, Patience);
        await sender.Kill();
        await sender.Start();
        await Arena.Until(() => arena.Witness.Taken >= dose.Count / 5, Patience);
        await saga.Kill();
        await Task.Delay(dose.Every);
        await saga.Start();

        await posting;
        await cancelling;
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var called = arena.Witness.Calls.Select(call => call.Delivery).ToHashSet();
        bool WasCalled(Guid id) => arena.Requests.Asked[id].Deliveries.Any(called.Contains);
        int Answered(HttpStatusCode answer, Func<string, bool> otherwise) =>
            _answers.Count(one => one.Value == answer && otherwise(audit.Notifications.GetValueOrDefault(one.Key, "lost")));

        var cancelled = audit.Notifications.Where(one => one.Value == "cancelled").Select(one => one.Key).ToList();
        var (delivered, held) = (audit.In("delivered"), audit.In("held"));
        var lies = cancelled.Count(WasCalled);
        var withdrawn = Answered(HttpStatusCode.OK, status => status != "cancelled");
        var denied = Answered(HttpStatusCode.Conflict, status => status == "cancelled");
        var strange = _answers.Values.Count(answer =>
            answer is not (HttpStatusCode.OK or HttpStatusCode.Conflict or HttpStatusCode.Accepted)
        );
        return
        [
            .. When(lies > 0, $"{lies} are said to be cancelled, and the provider was called for them"),
            .. When(withdrawn > 0, $"{withdrawn} were answered to be cancelled, and are not"),
            .. When(denied > 0, $"{denied} were answered to be too late, and are cancelled"),
            .. When(strange > 0, $"{strange} were answered otherwise"),
            .. When(
                cancelled.Count + delivered + held < audit.Accepted,
                $"{audit.Accepted - cancelled.Count - delivered - held} are neither cancelled nor sent nor held"
            ),
            .. When(held > Concurrency, $"{held} are held, more than were at the provider when its sender died"),
            .. When(
                cancelled.Count < FewestOfEach || delivered < FewestOfEach,
                $"too few of each: {cancelled.Count} cancelled, {delivered} sent"
            ),
        ];
    }

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [
            $"{audit.In("delivered")} too late",
            $"{_answers.Values.Count(answer => answer == HttpStatusCode.Accepted)} answered before it was known",
        ];

    /// <summary>
    /// Cancels each at a random moment, told by how many were sent by then: so about half of them are too late on any machine.
    /// At the latest when it is being sent itself.
    /// </summary>
    async Task CancelAll(Arena arena, HostSlot api, List<Occurrence> shipments)
    {
        var waiting = shipments.Select(shipment => (Shipment: shipment, After: Random.Shared.Next(shipments.Count / 2))).ToList();
        var cancelling = new List<Task>();
        while (waiting.Count > 0)
        {
            var called = arena.Witness.Calls.Select(call => call.Delivery).ToHashSet();
            foreach (
                var due in waiting
                    .Where(one =>
                        arena.Requests.Accepted.ContainsKey(one.Shipment.Notification)
                        && (one.After <= called.Count || one.Shipment.Deliveries.Any(called.Contains))
                    )
                    .ToList()
            )
            {
                waiting.Remove(due);
                cancelling.Add(Cancel(api, due.Shipment.Notification));
            }

            await Task.Delay(Interval);
        }

        await Task.WhenAll(cancelling);
    }

    async Task Cancel(HostSlot api, Guid notification)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/v1/notifications/{notification}/cancel", UriKind.Relative))
        {
            Headers = { { "Prefer", "wait=2" } },
            Content = JsonContent.Create(new { by = "chaos", why = "a change of mind" }),
        };
        using var answer = await api.Client.SendAsync(request);
        _answers[notification] = answer.StatusCode;
    }
}
