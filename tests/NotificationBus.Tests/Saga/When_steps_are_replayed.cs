using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;
using NotificationBus.Receipts;
using NotificationBus.Saga;
using NotificationBus.Subscriptions;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

/// <summary>
/// Thousands of random histories of the state machine: whatever happened in whatever order, the steps that are told lead from nothing to
/// the row, through every state that was stored. Whoever reads along hears what subscribers are told, however often they come anew.
/// </summary>
public sealed class When_steps_are_replayed
{
    const int Histories = 3_334;

    // Of these only what went straight may be told without having been kept.
    static readonly Happening[] MayGoStraight =
    [
        Happening.Sent,
        Happening.SentTogether,
        Happening.Confirmed,
        Happening.Opened,
        Happening.Read,
    ];

    [Theory]
    [InlineData(DeliveryMode.AllAtOnce, false, DeliveryProof.Sent, 1)]
    [InlineData(DeliveryMode.FirstThatWorks, false, DeliveryProof.Sent, 2)]
    [InlineData(DeliveryMode.FirstThatWorks, true, DeliveryProof.Read, 3)]
    public async Task Should_give_the_row_and_what_subscribers_are_told(DeliveryMode mode, bool escalates, DeliveryProof unless, int seed)
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                NobodySends = true,
                Mode = mode,
                EscalateAfter = escalates ? TimeSpan.FromMinutes(5) : null,
                EscalateUnless = unless,
                SmsLast = true,
            }
        );
        var stored = new ConcurrentDictionary<(Guid Id, int Version), Stored>();
        var madeBy = new ConcurrentDictionary<Guid, Happening>();
        flow.Store.AfterWrite = step =>
            stored[(step.Notification.CorrelationId, step.Notification.Version)] = new Stored(
                SagaContent.Of(step.Notification).ToJsonString(),
                step.Notification.CurrentState,
                madeBy.GetValueOrDefault(step.InputId),
                step.Heard
            );
        await SubscribeToAll(flow);
        var readers = new Dictionary<Guid, Reading>();
        var handled = new CountedMessages(flow.Pulse);
        flow.Bus.ConnectReceiveObserver(handled);
        var saga = await flow.Bus.GetSendEndpoint(SagaEndpoint.Of(Lane.Transactional));
        var histories = Any.ListOf().Resize(8).Sample(Histories, seed);

        // One after the other for each notification, and all notifications side by side.
        var ids = await Task.WhenAll(histories.Select(_ => flow.Tell(An.OrderPlaced(A.Seller with { Phone = "+66812345678" }))));
        await handled.Until(Histories);
        var sent = Histories;
        for (var wave = 0; wave < histories.Max(history => history.Count); wave++)
        {
            for (var index = 0; index < ids.Length; index++)
            {
                if (wave >= histories[index].Count)
                    continue;

                var (happening, which) = histories[index][wave];
                var notification = flow.Find(ids[index])!;
                var messageId = Guid.CreateVersion7();
                madeBy[messageId] = happening;
                var delivery = notification.Deliveries[which % notification.Deliveries.Count];
                await saga.Send(
                    Message(happening, messageId, notification, delivery, flow.Clock.GetUtcNow()),
                    send =>
                    {
                        send.MessageId = messageId;
                        if (happening == Happening.TimeIsUp)
                            send.Headers.Set(MessageHeaders.SchedulingTokenId, notification.EscalationToken ?? Guid.CreateVersion7());
                    }
                );
                sent++;
            }

            await handled.Until(sent);
            // Each reads now and then, and goes on from a place that was sent there and back.
            foreach (var id in ids.Where((_, index) => IsRead(index) && (index + wave) % 3 == 0))
                await ReadOn(flow, readers, id);
            flow.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        flow.Wire.Faults.ShouldBeEmpty();
        var (kept, derived) = (0, 0);
        for (var index = 0; index < ids.Length; index++)
        {
            var row = flow.Find(ids[index])!;
            var situation = $"seed {seed}, history {index}: {string.Join(", ", histories[index])}";
            var steps = (await flow.Queries.StepsOf(ids[index], CancellationToken.None))!;
            Replay(row, steps, stored, situation);
            if (IsRead(index))
            {
                await ReadOn(flow, readers, ids[index]);
                await Hear(flow, row, readers[ids[index]], stored, situation);
            }
            kept += steps.Count(step => step.Derived is null);
            derived += steps.Count(step => step.Derived is not null);
        }

        // That they differ; the rarest states depend on which thread is faster.
        stored.Values.Select(one => one.State).Distinct().Count().ShouldBeGreaterThanOrEqualTo(mode == DeliveryMode.AllAtOnce ? 6 : 5);
        kept.ShouldBeGreaterThan(Histories);
        derived.ShouldBeGreaterThan(Histories / 2);
    }

    // A fifth of them.
    static bool IsRead(int index) => index % 5 == 0;

    static async Task SubscribeToAll(EmbeddedFlow flow)
    {
        var all = new Subscription
        {
            Id = Guid.CreateVersion7(),
            Url = "https://subscriber.example.com",
            Events = HeardEvents.All,
            Secret = [],
        };
        await flow.Subscribers.Add(all, new ChangedBy("ann", "a test"), CancellationToken.None);
        await flow.SubscriptionBoard.Refresh(CancellationToken.None);
    }

    static async Task ReadOn(EmbeddedFlow flow, Dictionary<Guid, Reading> readers, Guid id)
    {
        var record = (await flow.Queries.Read([id], CancellationToken.None)).ShouldHaveSingleItem();
        var (place, told, first) = readers.TryGetValue(id, out var reader) ? reader : new Reading(EventPlace.Beginning, [], record);
        // Of what there is perhaps only the first is received.
        told.AddRange(EventHistory.After(record, place).Take(told.Count % 2 == 0 ? 1 : int.MaxValue));
        readers[id] = new Reading(told.Count == 0 ? place : EventPlace.Parse($"{told[^1].Place}")!, told, first);
    }

    static async Task Hear(
        EmbeddedFlow flow,
        NotificationState row,
        Reading reading,
        IReadOnlyDictionary<(Guid, int), Stored> stored,
        string situation
    )
    {
        var told = reading.Told;
        var expected = Enumerable
            .Range(1, row.Version)
            .SelectMany(version => stored[(row.CorrelationId, version)].Heard)
            .Select(heard => $"{heard.Type} {heard.Data}")
            .Order(StringComparer.Ordinal)
            .ToList();
        var record = (await flow.Queries.Read([row.CorrelationId], CancellationToken.None)).ShouldHaveSingleItem();
        var place = told.Count == 0 ? EventPlace.Beginning : told[^1].Place;
        foreach (
            var reader in (List<ToldEvent>[])
                [
                    [.. told, .. EventHistory.After(record, place)],
                    [.. EventHistory.After(record, EventPlace.Beginning)],
                ]
        )
        {
            var bodies = reader.Select(one => JsonNode.Parse(one.Body)!).ToList();
            bodies.Select(body => (int)body["data"]!["sequence"]!).ShouldBe(Enumerable.Range(1, expected.Count), situation);
            foreach (var body in bodies)
                body["data"]!.AsObject().Remove("sequence");
            string.Join('\n', bodies.Select(body => $"{body["type"]} {body["data"]!.ToJsonString()}").Order(StringComparer.Ordinal))
                .ShouldBe(string.Join('\n', expected), situation);
            // A host that has last read it earlier tells nothing again.
            if (reader.Count > 0)
                EventHistory.After(reading.First, reader[^1].Place).ShouldBeEmpty(situation);
        }
    }

    static void Replay(
        NotificationState row,
        IReadOnlyList<SagaStep> steps,
        IReadOnlyDictionary<(Guid, int), Stored> stored,
        string situation
    )
    {
        var (number, state, content) = (0, "initial", SagaContent.Empty());
        foreach (var step in steps)
        {
            (step.From ?? step.Number).ShouldBe(number + 1, situation);
            step.Before.ShouldBe(state, situation);
            foreach (var delivery in step.Deliveries)
                StatusOf(content, delivery.Id).ShouldBe(delivery.Before, situation);

            content = SagaContent.Apply(content, step.Changes);
            foreach (var delivery in step.Deliveries)
                StatusOf(content, delivery.Id).ShouldBe(delivery.After, situation);
            var was = stored[(row.CorrelationId, step.Number)];
            step.After.ShouldBe(NotificationView.StatusOf(was.State), situation);
            JsonNode
                .DeepEquals(content, SagaContent.Read(was.Content))
                .ShouldBeTrue($"{situation}: step {step.Number} gives {content.ToJsonString()} and not {was.Content}");
            if (step.Derived is not null)
                WentStraight(row, step, stored, situation);
            (number, state) = (step.Number, step.After);
        }

        number.ShouldBe(row.Version, situation);
        state.ShouldBe(NotificationView.StatusOf(row.CurrentState), situation);
        JsonNode.DeepEquals(content, SagaContent.Of(row)).ShouldBeTrue(situation);
    }

    static void WentStraight(NotificationState row, SagaStep step, IReadOnlyDictionary<(Guid, int), Stored> stored, string situation)
    {
        step.Derived.ShouldBe(SagaHistory.WentStraight, situation);
        for (var version = step.From ?? step.Number; version <= step.Number; version++)
        {
            var was = stored[(row.CorrelationId, version)];
            was.State.ShouldBeOneOf(nameof(NotificationStateMachine.Sending), nameof(NotificationStateMachine.Delivered), was.State);
            if (version > 1)
                MayGoStraight.ShouldContain(was.By, $"{situation}: version {version}");
        }
    }

    static DeliveryStatus? StatusOf(JsonObject content, Guid delivery) =>
        content["deliveries"]![$"{delivery}"] is { } found ? Enum.Parse<DeliveryStatus>($"{found["status"]}") : null;

    /// <summary>What becomes of some delivery.</summary>
    static readonly Gen<(Happening What, int Which)> Any =
        from what in Gen.Frequency(
            (6, Gen.Constant(Happening.Sent)),
            (2, Gen.Constant(Happening.SentTogether)),
            (12, Gen.Elements(Enum.GetValues<Happening>()))
        )
        from which in Gen.Choose(0, 5)
        select (what, which);

    static object Message(Happening happening, Guid messageId, NotificationState notification, DeliveryState delivery, DateTimeOffset now)
    {
        var (id, deliveryId) = (notification.CorrelationId, delivery.Id);
        return happening switch
        {
            Happening.Sent => Sent(deliveryId),
            Happening.Failed => Failed(deliveryId),
            Happening.Expired => new DeliveryExpired
            {
                NotificationId = id,
                DeliveryId = deliveryId,
                Reason = "nobody took it",
            },
            Happening.Held => Held(deliveryId),
            Happening.SentTogether => new DeliveriesSettled
            {
                NotificationId = id,
                Results =
                [
                    .. notification
                        .Deliveries.Where(one => one.Status == DeliveryStatus.Sending || one == delivery)
                        .Select((one, place) => new DeliveryResult { MessageId = IdOf(place), Sent = Sent(one.Id) }),
                ],
            },
            Happening.SettledTogether => new DeliveriesSettled
            {
                NotificationId = id,
                Results =
                [
                    .. notification.Deliveries.Select(
                        (one, place) =>
                            new DeliveryResult
                            {
                                MessageId = IdOf(place),
                                Sent = one == delivery ? Sent(one.Id) : null,
                                Failed = one == delivery ? null : Failed(one.Id),
                            }
                    ),
                ],
            },
            Happening.Cancelled => new DeliveryCancelled
            {
                NotificationId = id,
                DeliveryId = deliveryId,
                Reason = "sold",
            },
            Happening.Stopped => new DeliveriesStopped
            {
                NotificationId = id,
                Reason = "ann: sold",
                Deliveries =
                [
                    .. notification.Deliveries.Select(one => new StoppedDelivery
                    {
                        DeliveryId = one.Id,
                        At = one == delivery ? StoppedAt.Doubt : StoppedAt.Rest,
                        Provider = "scripted",
                        Attempts = 1,
                    }),
                ],
            },
            Happening.ToldResend or Happening.ToldSent or Happening.ToldFailed => new DecideDelivery
            {
                NotificationId = id,
                DeliveryId = (notification.Deliveries.FirstOrDefault(one => one.Status == DeliveryStatus.Held) ?? delivery).Id,
                Decision =
                    happening == Happening.ToldResend ? HeldDecision.Resend
                    : happening == Happening.ToldSent ? HeldDecision.Sent
                    : HeldDecision.Failed,
                Why = "she says so",
            },
            Happening.TimeIsUp => new EscalationDue { NotificationId = id },
            Happening.Resumed => new ResumeNotification { NotificationId = id },
            _ => new DeliveryReceiptReceived
            {
                NotificationId = id,
                DeliveryId = deliveryId,
                Provider = "scripted",
                Kind = Enum.Parse<ReceiptKind>($"{happening}"),
                At = now,
            },
        };

        // The first one's is that of the message.
        Guid IdOf(int place) => place == 0 ? messageId : Guid.CreateVersion7();

        DeliverySent Sent(Guid which) =>
            new()
            {
                NotificationId = id,
                DeliveryId = which,
                Provider = "scripted",
                ProviderMessageId = $"theirs-{which}",
            };

        DeliveryFailed Failed(Guid which) =>
            new()
            {
                NotificationId = id,
                DeliveryId = which,
                Reason = "no such mailbox",
            };

        DeliveryHeld Held(Guid which) =>
            new()
            {
                NotificationId = id,
                DeliveryId = which,
                Provider = "scripted",
                Reason = "cut off",
                Attempts = 1,
            };
    }

    enum Happening
    {
        Sent,
        Failed,
        Expired,
        Held,
        SentTogether,
        SettledTogether,
        Cancelled,
        Stopped,
        ToldResend,
        ToldSent,
        ToldFailed,
        TimeIsUp,
        Resumed,
        Confirmed,
        HardBounce,
        SoftBounce,
        Undelivered,
        Complained,
        Unsubscribed,
        Opened,
        Read,
    }

    /// <summary>A version of a row as it was stored, and what had made it.</summary>
    sealed record Stored(string Content, string State, Happening By, IReadOnlyList<HeardEvent> Heard);

    /// <summary>Counts what the saga has dealt with.</summary>
    sealed class CountedMessages(Pulse pulse) : IReceiveObserver
    {
        int _count;

        public Task Until(int count) => pulse.Until(() => Volatile.Read(ref _count) >= count);

        public Task PostReceive(ReceiveContext context)
        {
            if (context.InputAddress.AbsolutePath.EndsWith("/notifications", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _count);
                pulse.Beat();
            }

            return Task.CompletedTask;
        }

        public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

        public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
            where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
            where T : class => Task.CompletedTask;

        public Task ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;
    }

    /// <summary>What somebody who reads along has, and the record as it was when he came.</summary>
    sealed record Reading(EventPlace Place, List<ToldEvent> Told, RecordedNotification First);
}
