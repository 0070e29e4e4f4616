using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_results_come_together
{
    readonly TaskCompletionSource<ProviderResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Should_take_each_of_them_to_its_notification()
    {
        await using var flow = await FlowThatWaits();
        var one = await Sending(flow);
        var other = await Sending(flow);

        await flow.Handle(new DeliveryResults { Results = [Sent(one, 0), Failed(other, 1), Sent(other, 0), Sent(one, 1)] });

        await flow.Outcome(one.CorrelationId);
        (await flow.Saga.Exists(one.CorrelationId, machine => machine.Delivered)).ShouldBe(one.CorrelationId);
        await flow.Outcome(other.CorrelationId);
        (await flow.Saga.Exists(other.CorrelationId, machine => machine.PartlyDelivered)).ShouldBe(other.CorrelationId);
        flow.OutcomesOf(one.CorrelationId).ShouldHaveSingleItem();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_take_them_once_when_the_message_comes_again()
    {
        await using var flow = await FlowThatWaits();
        var one = await Sending(flow);
        var results = new DeliveryResults { Results = [Sent(one, 0), Sent(one, 1)] };
        await flow.Handle(results);
        await flow.Outcome(one.CorrelationId);
        var version = flow.Find(one.CorrelationId)!.Version;

        await flow.Handle(results);

        flow.Find(one.CorrelationId)!.Version.ShouldBe(version);
        // It may be announced once more, as the same message.
        flow.Wire.Published.Where(message => message.Type == nameof(NotificationDelivered))
            .Select(message => message.Id)
            .Distinct()
            .ShouldHaveSingleItem();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_let_a_bad_one_fail_alone()
    {
        await using var flow = await FlowThatWaits();
        var one = await Sending(flow);
        var bad = new DeliveryResult
        {
            MessageId = Guid.CreateVersion7(),
            Sent = new DeliverySent
            {
                NotificationId = Guid.CreateVersion7(),
                DeliveryId = Guid.CreateVersion7(),
                Provider = "scripted",
            },
        };

        await flow.Handle(new DeliveryResults { Results = [Sent(one, 0), bad, Sent(one, 1)] });

        await flow.Outcome(one.CorrelationId);
        (await flow.Saga.Exists(one.CorrelationId, machine => machine.Delivered)).ShouldBe(one.CorrelationId);
        await flow.Pulse.Until(() => flow.Wire.Errors.Count > 0);
        var (message, _) = flow.Wire.Errors.ShouldHaveSingleItem();
        (message.Type, message.Id).ShouldBe((nameof(DeliverySent), bad.MessageId));
    }

    [Fact]
    public async Task Should_set_aside_alone_what_no_host_of_this_version_knows()
    {
        await using var flow = await FlowThatWaits();
        var one = await Sending(flow);
        var unknown = new DeliveryResult { MessageId = Guid.CreateVersion7() };

        await flow.Handle(new DeliveryResults { Results = [unknown, Sent(one, 0), Sent(one, 1)] });

        await flow.Outcome(one.CorrelationId);
        (await flow.Saga.Exists(one.CorrelationId, machine => machine.Delivered)).ShouldBe(one.CorrelationId);
        await flow.Pulse.Until(() => flow.Wire.Errors.Count > 0);
        var (message, _) = flow.Wire.Errors.ShouldHaveSingleItem();
        (message.Type, message.Id).ShouldBe((nameof(DeliveryResults), unknown.MessageId));
    }

    [Fact]
    public async Task Should_tell_of_a_bad_one_once_though_all_are_taken_again()
    {
        await using var flow = await FlowThatWaits();
        var one = await Sending(flow);
        var bad = new DeliveryResult
        {
            MessageId = Guid.CreateVersion7(),
            Sent = new DeliverySent
            {
                NotificationId = Guid.CreateVersion7(),
                DeliveryId = Guid.CreateVersion7(),
                Provider = "scripted",
            },
        };
        var writes = 0;
        flow.Store.BeforeWrite = (_, _) => Interlocked.Increment(ref writes) <= 3 ? throw new OutageException() : Task.CompletedTask;

        await flow.Handle(new DeliveryResults { Results = [bad, Sent(one, 0), Sent(one, 1)] });

        await flow.Outcome(one.CorrelationId);
        (await flow.Saga.Exists(one.CorrelationId, machine => machine.Delivered)).ShouldBe(one.CorrelationId);
        await flow.Pulse.Until(() => flow.Wire.Errors.Count > 0);
        flow.Wire.Errors.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_take_those_of_one_notification_in_one_step()
    {
        await using var flow = await FlowThatWaits();
        var versions = new List<int>();
        // The thread may be taken away between one and the other, but not every time.
        for (var i = 0; i < 3; i++)
        {
            var notification = await Sending(flow);
            var results = new[] { Sent(notification, 0), Sent(notification, 1) };

            await flow.Handle(new DeliveryResults { Results = results });

            var end = await flow.Outcome(notification.CorrelationId);
            (await flow.Saga.Exists(end.CorrelationId, machine => machine.Delivered)).ShouldBe(end.CorrelationId);
            end.ProcessedMessageIds.TakeLast(2).ShouldBe(results.Select(result => result.MessageId), ignoreOrder: true);
            flow.OutcomesOf(notification.CorrelationId).ShouldHaveSingleItem();
            versions.Add(end.Version);
        }

        versions.ShouldContain(2);
    }

    [Fact]
    public async Task Should_note_each_as_if_it_had_come_alone()
    {
        await using var flow = await FlowThatWaits();
        var notification = await Sending(flow);
        var failed = new DeliveryResult
        {
            MessageId = Guid.CreateVersion7(),
            Failed = new DeliveryFailed
            {
                NotificationId = notification.CorrelationId,
                DeliveryId = notification.Deliveries[1].Id,
                Provider = "scripted",
                Reason = "no such phone",
            },
        };

        await flow.Handle(new DeliveryResults { Results = [failed, Sent(notification, 0)] });
        // The same again, one as before and one as of another attempt: nothing changes.
        await flow.Handle(new DeliveryResults { Results = [failed with { MessageId = Guid.CreateVersion7() }, Sent(notification, 0)] });

        var end = await flow.Outcome(notification.CorrelationId);
        (await flow.Saga.Exists(end.CorrelationId, machine => machine.PartlyDelivered)).ShouldBe(end.CorrelationId);
        end.Deliveries.Select(delivery => (delivery.Status, delivery.Reason))
            .ShouldBe([(DeliveryStatus.Sent, null), (DeliveryStatus.Failed, "no such phone")]);
        flow.OutcomesOf(notification.CorrelationId)
            .ShouldHaveSingleItem()
            .ShouldBeOfType<NotificationPartlyDelivered>()
            .Channels.ShouldBe(["email"]);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_take_none_of_them_twice()
    {
        await using var flow = await FlowThatWaits();
        var notification = await Sending(flow);
        var held = new DeliveryResult
        {
            MessageId = Guid.CreateVersion7(),
            Held = new DeliveryHeld
            {
                NotificationId = notification.CorrelationId,
                DeliveryId = notification.Deliveries[1].Id,
                Provider = "scripted",
                Reason = "no answer",
                Attempts = 1,
            },
        };
        await flow.Handle(new DeliveryResults { Results = [held] });
        await flow.Until(notification.CorrelationId, stored => stored.Deliveries[1].Status == DeliveryStatus.Held);
        await flow.Handle(
            new DecideDelivery
            {
                NotificationId = notification.CorrelationId,
                DeliveryId = notification.Deliveries[1].Id,
                Decision = HeldDecision.Resend,
                Why = "it never arrived",
            }
        );

        await flow.Handle(new DeliveryResults { Results = [held, Sent(notification, 0)] });

        var stored = await flow.Until(notification.CorrelationId, stored => stored.Deliveries[0].Status == DeliveryStatus.Sent);
        stored.Deliveries[1].Status.ShouldBe(DeliveryStatus.Sending);
    }

    [Fact]
    public async Task Should_take_all_of_them_again_after_an_outage()
    {
        await using var flow = await FlowThatWaits();
        var one = await Sending(flow);
        var other = await Sending(flow);
        var writes = 0;
        flow.Store.BeforeWrite = (_, _) => Interlocked.Increment(ref writes) is 2 or 3 ? throw new OutageException() : Task.CompletedTask;

        await flow.Handle(new DeliveryResults { Results = [Sent(one, 0), Sent(one, 1), Sent(other, 0), Sent(other, 1)] });

        await flow.Outcome(one.CorrelationId);
        (await flow.Saga.Exists(one.CorrelationId, machine => machine.Delivered)).ShouldBe(one.CorrelationId);
        await flow.Outcome(other.CorrelationId);
        (await flow.Saga.Exists(other.CorrelationId, machine => machine.Delivered)).ShouldBe(other.CorrelationId);
        // What was announced before is announced again, under the same id.
        flow.Wire.Published.Where(message => message.Type == nameof(NotificationDelivered))
            .Select(message => message.Id)
            .Distinct()
            .Count()
            .ShouldBe(2);
        flow.Wire.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_make_a_step_again_that_another_host_came_before()
    {
        await using var flow = await FlowThatWaits();
        var one = await Sending(flow);
        var races = 0;
        flow.Store.BeforeWrite = async (step, _) =>
        {
            if (Interlocked.Increment(ref races) == 1)
                (
                    await flow.Store.Update(
                        new NotificationStep(flow.Find(one.CorrelationId)!, Guid.CreateVersion7(), []),
                        CancellationToken.None
                    )
                ).ShouldBeTrue();
        };
        var (email, push) = (Sent(one, 0), Sent(one, 1));

        await flow.Handle(new DeliveryResults { Results = [email, push] });

        await flow.Outcome(one.CorrelationId);
        (await flow.Saga.Exists(one.CorrelationId, machine => machine.Delivered)).ShouldBe(one.CorrelationId);
        flow.Wire.Handled.Count(message => message.Id == email.MessageId || message.Id == push.MessageId)
            .ShouldBe(2, "neither of them had to go another way");
    }

    [Fact]
    public async Task Should_share_a_message_when_they_are_reported_at_the_same_time()
    {
        await using var flow = await FlowThatWaits(sagaElsewhere: true);
        var notifications = new List<Guid>();
        for (var i = 0; i < 40; i++)
            notifications.Add((await Planned(flow)).CorrelationId);

        _answer.SetResult(ScriptedProvider.Accepted);

        foreach (var notification in notifications)
        {
            await flow.Outcome(notification);
            (await flow.Saga.Exists(notification, machine => machine.Delivered)).ShouldBe(notification);
        }

        // The last message they came in is dealt with after the last outcome is known.
        await flow.Pulse.Until(() => flow.Handled<DeliverySent>() == 80 && flow.Handled<DeliveryResults>() > 0);
    }

    async Task<EmbeddedFlow> FlowThatWaits(bool sagaElsewhere = false)
    {
        var flow = await EmbeddedFlow.Start(new() { SagaElsewhere = sagaElsewhere });
        flow.Email.Answers((_, _) => _answer.Task);
        flow.Push.Answers((_, _) => _answer.Task);
        return flow;
    }

    /// <summary>A notification whose deliveries are at their providers.</summary>
    static async Task<NotificationState> Sending(EmbeddedFlow flow)
    {
        var earlier = flow.Email.Calls.Count;
        var sending = await Planned(flow);
        await flow.Pulse.Until(() => flow.Email.Calls.Count > earlier && flow.Push.Calls.Count > earlier);
        return sending;
    }

    static async Task<NotificationState> Planned(EmbeddedFlow flow) =>
        await flow.Until(
            await flow.Tell(An.OrderPlaced()),
            notification => notification.Deliveries.All(delivery => delivery.Status == DeliveryStatus.Sending)
        );

    static DeliveryResult Sent(NotificationState notification, int delivery) =>
        new()
        {
            MessageId = Guid.CreateVersion7(),
            Sent = new DeliverySent
            {
                NotificationId = notification.CorrelationId,
                DeliveryId = notification.Deliveries[delivery].Id,
                Provider = "scripted",
            },
        };

    static DeliveryResult Failed(NotificationState notification, int delivery) =>
        new()
        {
            MessageId = Guid.CreateVersion7(),
            Failed = new DeliveryFailed
            {
                NotificationId = notification.CorrelationId,
                DeliveryId = notification.Deliveries[delivery].Id,
                Provider = "scripted",
                Reason = "no such mailbox",
            },
        };
}
