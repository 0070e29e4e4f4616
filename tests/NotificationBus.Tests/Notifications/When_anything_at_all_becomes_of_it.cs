using System.Diagnostics;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Receipts;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Notifications;

/// <summary>
/// Whatever happens to a notification: each delivery that was not sent has one reason in one word, and what was sent has none.
/// </summary>
public sealed class When_anything_at_all_becomes_of_it
{
    // Twenty seeds and two modes: 10,000 notifications.
    const int Seeds = 20;
    const int InOneFlow = 250;

    static readonly DeliveryStatus[] Sent = [DeliveryStatus.Sent, DeliveryStatus.Confirmed];

    static readonly HashSet<string> Codes =
    [
        .. typeof(ReasonCode).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!),
    ];

    public static TheoryData<int, DeliveryMode> Cases =>
        [
            .. Enumerable
                .Range(1, Seeds)
                .SelectMany(seed => Enum.GetValues<DeliveryMode>().Select(mode => new TheoryDataRow<int, DeliveryMode>(seed, mode))),
        ];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Should_have_one_final_reason_for_what_was_not_sent(int seed, DeliveryMode mode)
    {
        var random = new Random(seed);
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = mode,
                Dispatchers = 1,
                Mailers = random.Next(2) == 0 ? ["scripted"] : ["scripted", "second"],
                EscalateAfter = mode == DeliveryMode.FirstThatWorks && random.Next(3) == 0 ? TimeSpan.FromMinutes(30) : null,
                OnInDoubt = InDoubtPolicy.Hold,
            }
        );
        foreach (var provider in (ScriptedProvider[])[flow.Email, flow.SecondEmail, flow.Push])
        {
            // By the delivery, so that chance does not depend on which thread is faster.
            provider.Answers(delivery => Answer(delivery, seed));
            provider.Serving = delivery => !delivery.Address.StartsWith("unserved", StringComparison.Ordinal);
        }

        await flow.Suppressions.Add(Suppressed("email", "suppressed@example.com"), CancellationToken.None);
        await flow.Suppressions.Add(Suppressed("push", "suppressed"), CancellationToken.None);
        var nothingInTheWay = !await Obstruct(flow, random);

        var ids = new List<Guid>();
        for (var number = 0; number < InOneFlow; number++)
            ids.Add(await Tell(flow, random, $"{seed}-{number}"));
        var begun = 0;
        await flow.Pulse.Until(() =>
        {
            while (begun < ids.Count && flow.Find(ids[begun]) is not null)
                begun++;
            return begun == ids.Count;
        });

        await Intervene(flow, ids, random);
        await EndAll(flow, ids);

        var reached = 0;
        foreach (var id in ids)
        {
            var view = (await flow.Queries.Find(id, CancellationToken.None))!;
            Check(view, $"seed {seed}, {mode}: {id}");
            Check((await flow.Explanations.Of(id, Sight.OfAll, CancellationToken.None))!, view, $"seed {seed}, {mode}: {id}");
            reached += view.Deliveries.Count(delivery => Sent.Contains(delivery.Status));
        }

        if (nothingInTheWay)
            reached.ShouldBeGreaterThan(0);
    }

    static void Check(NotificationView view, string situation)
    {
        foreach (var delivery in view.Deliveries)
        {
            var what = $"{situation}, {delivery.Channel} {delivery.Status} {delivery.Code} '{delivery.Reason}'";
            if (Sent.Contains(delivery.Status))
            {
                delivery.Code.ShouldBeNull(what);
                continue;
            }

            delivery.Code.ShouldNotBeNull(what);
            Codes.ShouldContain(delivery.Code, what);
            delivery.Code.ShouldNotBe(ReasonCode.NotRecorded, what);
            delivery.WaitingCode.ShouldBeNull(what);
            (delivery.Code == ReasonCode.Expired).ShouldBe(delivery.Status == DeliveryStatus.Expired, what);
            (delivery.Code == ReasonCode.Cancelled).ShouldBe(delivery.Status == DeliveryStatus.Cancelled, what);
            (delivery.Code == ReasonCode.NotNeeded).ShouldBe(delivery.Status == DeliveryStatus.NotNeeded, what);
            (delivery.Code == ReasonCode.Bounced).ShouldBe(
                delivery.BouncedAt is not null && delivery.Status == DeliveryStatus.Failed,
                what
            );
            if (delivery.Code == ReasonCode.Suppressed)
                delivery.Attempts.ShouldNotContain(attempt => attempt.Status == AttemptStatus.Accepted, what);
            if (delivery.Code == ReasonCode.Rejected)
                delivery.Attempts[^1].Status.ShouldBe(AttemptStatus.Rejected, what);
            if (delivery.Reason?.Contains("suppressed", StringComparison.Ordinal) == true)
                delivery.Code.ShouldBeOneOf([ReasonCode.Suppressed, ReasonCode.Cancelled, ReasonCode.NotNeeded], what);
            // Nobody knows it better than the ledger.
            if (delivery.Code is not (ReasonCode.Bounced or ReasonCode.DecidedFailed))
                delivery.Attempts.ShouldNotContain(attempt => attempt.Status == AttemptStatus.Accepted, what);
        }

        foreach (var decision in view.Deliveries.SelectMany(delivery => delivery.Decisions ?? []))
            Codes.ShouldContain(decision.Code, situation);
        foreach (var decision in view.Decisions)
            decision.ShouldNotContain("used", customMessage: situation);
        foreach (var result in view.Results)
            (result.Code is null).ShouldBe(result.Reason is null && result.Result is not "not-needed", $"{situation}: {result}");

        var isWhole = view.Status is "delivered";
        (view.Code is null).ShouldBe(isWhole, $"{situation}: {view.Status} {view.Code}");
        if (view.Code == ReasonCode.Unreachable)
            view.Results.ShouldAllBe(result => result.Code == ReasonCode.NoAddress || result.Code == ReasonCode.Suppressed);
    }

    /// <summary>The story has the reason of whatever was not sent, names nobody, and its answer is that of the record.</summary>
    static void Check(Explanation explained, NotificationView view, string situation)
    {
        explained.Story.Select(step => step.At).ShouldBeInOrder(SortDirection.Ascending, situation);
        foreach (var delivery in view.Deliveries.Where(delivery => delivery.Code is not null))
            explained.Story.ShouldContain(step => step.DeliveryId == delivery.Id && step.Code == delivery.Code, situation);
        foreach (var left in view.LeftOut)
            explained.Story.ShouldContain(step => step.By == "planner" && step.Code == left.Code, situation);
        var isSent = view.Deliveries.Any(delivery => Sent.Contains(delivery.Status));
        explained.Answer.StartsWith("No: ", StringComparison.Ordinal).ShouldBe(!isSent, $"{situation}: {explained.Answer}");
        explained.WaitsFor.ShouldBeNull(situation);
        ExplanationText.Of(explained).ShouldNotContain("som@example.com", Case.Sensitive, situation);
    }

    static ProviderResult Answer(Delivery delivery, int seed) =>
        ((delivery.Id.ToByteArray()[0] + seed) & 0xF) switch
        {
            0 => ScriptedProvider.Rejected,
            1 => ScriptedProvider.Declined,
            2 or 3 => ScriptedProvider.Unavailable,
            4 => ScriptedProvider.Failing,
            5 => new ProviderResult.InDoubt("the line went dead", OnlyThisDelivery: true),
            6 => new ProviderResult.Throttled("too many calls", TimeSpan.FromMinutes(1)),
            7 => new ProviderResult.Misconfigured("wrong key"),
            _ => ScriptedProvider.Accepted,
        };

    static async Task<Guid> Tell(EmbeddedFlow flow, Random random, string eventId)
    {
        string?[] mailboxes = ["som@example.com", $"{eventId}@example.com", "suppressed@example.com", "unserved@example.com", "none", null];
        string[] tokens = [eventId, "suppressed", "unserved", ""];
        var somebody = A.Seller with
        {
            Email = mailboxes[random.Next(mailboxes.Length)],
            PushTokens = random.GetItems(tokens, random.Next(3)),
        };
        return random.Next(3) switch
        {
            0 => await flow.Tell(An.OrderPlaced(somebody, eventId)),
            1 => await flow.Tell(An.OrderShipped(somebody, eventId)),
            _ => await flow.Tell(An.Announcement(somebody, eventId) with { Data = random.Next(5) == 0 ? null : An.Announcement().Data }),
        };
    }

    /// <summary>
    /// Things are in the way from the beginning: nothing, a pause, a switch, a pin, a rate, a circuit, a wish to be left alone.
    /// </summary>
    /// <returns>True when anything is.</returns>
    static async Task<bool> Obstruct(EmbeddedFlow flow, Random random)
    {
        switch (random.Next(7))
        {
            case 0:
                await Pause(flow, "email", paused: true);
                break;
            case 1:
                await Pause(flow, "push", paused: true);
                break;
            case 2:
                await flow.Set("scripted", new ProviderControl { Switch = ProviderSwitch.Off });
                break;
            case 3:
                await flow.Set("scripted", new ProviderControl { PerSecond = 0.01 });
                break;
            case 4:
                await flow.Health.Open("scripted", TimeSpan.FromMinutes(10), "out of order", needsAttention: false);
                break;
            case 5:
                await flow.Health.Pause("scripted", TimeSpan.FromHours(1), "too many calls", cut: null);
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>Some are cancelled, some come back, and what was in the way no longer is; all in no particular order.</summary>
    static async Task Intervene(EmbeddedFlow flow, List<Guid> ids, Random random)
    {
        foreach (var id in ids.Where(_ => random.Next(12) == 0))
            await flow.Bus.Publish(
                new CancelNotification
                {
                    NotificationId = id,
                    By = "ann",
                    Why = "it is sold",
                }
            );
        foreach (var delivery in ids.Select(id => flow.Find(id)!).SelectMany(notification => notification.Deliveries))
        {
            if (delivery.Status == DeliveryStatus.Sent && random.Next(10) == 0)
                await flow.Report(
                    new Receipt
                    {
                        Id = $"{delivery.Id}",
                        Kind = random.Next(2) == 0 ? ReceiptKind.HardBounce : ReceiptKind.Confirmed,
                        At = flow.Clock.GetUtcNow(),
                        DeliveryId = delivery.Id,
                        ProviderMessageId = delivery.ProviderMessageId,
                    },
                    delivery.Provider!
                );
        }

        if (random.Next(2) == 0)
        {
            await Pause(flow, "email", paused: false);
            await Pause(flow, "push", paused: false);
            await flow.Set("scripted", new ProviderControl());
        }
    }

    /// <summary>Time passes, and an operator decides about whatever is held, until all have ended.</summary>
    static async Task EndAll(EmbeddedFlow flow, List<Guid> ids)
    {
        var decided = new HashSet<(Guid, int)>();
        var sinceOneEnded = Stopwatch.StartNew();
        while (true)
        {
            var open = ids.Select(id => flow.Find(id)!).Where(notification => notification.CompletedAt is null).ToList();
            if (open.Count == 0)
                return;
            if (open.Count < ids.Count)
                sinceOneEnded.Restart();
            ids = [.. open.Select(notification => notification.CorrelationId)];

            var delivery = open[0].Deliveries.First(delivery => !delivery.IsSettled());
            sinceOneEnded.Elapsed.ShouldBeLessThan(
                Pulse.Patience,
                $"{open.Count} do not end, such as {open[0].CorrelationId}, of which {delivery.Channel} is {delivery.Status}"
            );
            foreach (var notification in open)
            {
                foreach (var held in notification.Deliveries.Where(delivery => delivery.Status == DeliveryStatus.Held))
                {
                    if (decided.Add((held.Id, held.Attempts)))
                        await flow.Handle(
                            new DecideDelivery
                            {
                                NotificationId = notification.CorrelationId,
                                DeliveryId = held.Id,
                                Decision = held.Id.GetHashCode() % 2 == 0 ? HeldDecision.Sent : HeldDecision.Failed,
                                Why = "ann: asked them",
                            }
                        );
                }
            }

            flow.Clock.Advance(TimeSpan.FromHours(1));
            // Whoever was woken gets a turn.
            await Task.Delay(1);
        }
    }

    static Suppression Suppressed(string channel, string address) => new(channel, address, Category: null, "it came back", "ann");

    static Task<ChannelControl> Pause(EmbeddedFlow flow, string channel, bool paused) =>
        flow.Controls.ChangeChannel(
            channel,
            control => control with { Paused = paused },
            new ChangedBy("ann", "the texts are wrong"),
            CancellationToken.None
        );
}
