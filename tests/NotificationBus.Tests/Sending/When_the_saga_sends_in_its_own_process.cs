using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_the_saga_sends_in_its_own_process
{
    static readonly SendDelivery Command = new()
    {
        NotificationId = Guid.NewGuid(),
        DeliveryId = Guid.NewGuid(),
        Channel = "email",
        Address = "som@example.com",
        Category = "order-placed",
        RecipientId = "seller-42",
        Data = default,
        OccurredAt = default,
        ExpiresAt = default,
    };

    const int Turns = 32;

    [Fact]
    public async Task Should_send_without_a_queue()
    {
        await using var flow = await EmbeddedFlow.Start(new() { SendsHere = true });

        var id = await flow.Tell(An.OrderPlaced());

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
        flow.OutcomesOf(id).ShouldHaveSingleItem();
        Queued(flow).ShouldBe(0);
    }

    [Fact]
    public async Task Should_send_the_next_step_in_the_same_way()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks, SendsHere = true });
        flow.Email.Answers(ScriptedProvider.Rejected);

        var id = await flow.Tell(An.OrderPlaced());

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Push.Calls.ShouldHaveSingleItem();
        Queued(flow).ShouldBe(0);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_fill_each_template_once_for_what_goes_out_at_once()
    {
        await using var flow = await EmbeddedFlow.Start(new() { SendsHere = true });

        await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        flow.Templates.Filled.ShouldBe(2);
    }

    [Fact]
    public async Task Should_send_in_a_later_step_what_was_filled_for_the_plan()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks, SendsHere = true });
        flow.Email.Answers(ScriptedProvider.Rejected);

        await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        flow.Push.Calls.ShouldHaveSingleItem();
        flow.Templates.Filled.ShouldBe(2);
    }

    [Fact]
    public async Task Should_hold_the_event_until_it_is_sent()
    {
        await using var flow = await EmbeddedFlow.Start(new() { SendsHere = true });
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Push.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderShipped());
        await flow.Pulse.Until(() => flow.Push.Calls.Count == 1);

        // What happened after it is done before it.
        await flow.Handle(An.OrderPlaced(A.Seller with { Email = null, PushTokens = [] }));
        flow.Handled<OrderShipped>().ShouldBe(0);

        answer.SetResult(ScriptedProvider.Accepted);
        await flow.Pulse.Until(() => flow.Handled<OrderShipped>() == 1);
        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
    }

    [Fact]
    public async Task Should_leave_to_the_queue_what_gets_no_turn()
    {
        await using var flow = await EmbeddedFlow.Start(
            new() { SendsHere = true, Set = channels => channels["push"].Concurrency = new() { Max = Turns } }
        );
        var answer = new TaskCompletionSource<ProviderResult>();
        // Few calls are made to a provider that has not answered yet.
        flow.Push.Answers((_, call) => call == 1 ? Task.FromResult<ProviderResult>(ScriptedProvider.Accepted) : answer.Task);
        var ids = new List<Guid> { await flow.Tell(An.OrderShipped()) };
        await flow.Outcome(ids[0]);
        for (var i = 0; i < Turns; i++)
            ids.Add(await flow.Tell(An.OrderShipped()));
        await flow.Pulse.Until(() => flow.Push.Calls.Count == Turns + 1);

        ids.Add(await flow.Tell(An.OrderShipped()));
        ids.Add(await flow.Tell(An.OrderShipped()));

        await flow.Pulse.Until(() => flow.Handled<OrderShipped>() == 3);
        Queued(flow).ShouldBe(2);
        answer.SetResult(ScriptedProvider.Accepted);
        foreach (var id in ids)
            (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Push.Calls.Count.ShouldBe(ids.Count);
    }

    [Fact]
    public async Task Should_leave_to_the_queue_what_fails()
    {
        await using var flow = await EmbeddedFlow.Start(new() { SendsHere = true });
        flow.Push.IsBroken = true;

        var id = await flow.Tell(An.OrderShipped());

        (await flow.Outcome(id)).CurrentState.ShouldBe("Failed");
        await flow.Pulse.Until(() => flow.Wire.Errors.Count == 1);
        flow.Wire.Errors[0].Message.Type.ShouldBe(nameof(SendDelivery));
    }

    [Fact]
    public async Task Should_hold_no_event_for_what_is_put_off()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1, SendsHere = true });
        flow.Push.Answers(new ProviderResult.Unavailable("closed", RetryAfter: TimeSpan.FromHours(1)));

        var id = await flow.Tell(An.OrderShipped());

        await flow.Pulse.Until(() => flow.Handled<OrderShipped>() == 1);
        flow.Outgoing.Scheduled.ShouldBe(1);
        flow.Push.Answers(ScriptedProvider.Accepted);
        flow.Clock.Advance(TimeSpan.FromHours(2));
        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
    }

    [Fact]
    public async Task Should_hold_a_part_of_the_inputs_at_most_for_one_channel()
    {
        var channels = new[] { "email", "sms", "push", "webhook", "chat" }.ToDictionary(
            name => name,
            _ => new ChannelOptions { Concurrency = new() { Max = 1000 } }
        );
        var turns = new SendBulkhead(channels, TimeProvider.System);
        var answer = new TaskCompletionSource<object>();
        var called = 0;
        var sent = Enumerable.Range(0, 160).Select(_ => Send()).ToList();

        // The others wait for them as they would for a turn, and not for long.
        (await Task.WhenAll(sent.Skip(32))).ShouldAllBe(report => report == null);
        called.ShouldBe(32);
        answer.SetResult(new object());
        (await Task.WhenAll(sent.Take(32))).ShouldAllBe(report => report != null);
        (await Send()).ShouldNotBeNull();

        Task<object?> Send() =>
            turns.SendSoon<object>(
                Command,
                () =>
                {
                    called++;
                    return answer.Task!;
                },
                CancellationToken.None
            )!;
    }

    [Fact]
    public async Task Should_send_soon_what_waits_for_calls_that_are_quick()
    {
        var channels = new[] { "email", "sms", "push", "webhook", "chat" }.ToDictionary(
            name => name,
            _ => new ChannelOptions { Concurrency = new() { Max = 1000 } }
        );
        var turns = new SendBulkhead(channels, TimeProvider.System);
        var answers = Enumerable.Range(0, 160).Select(_ => new TaskCompletionSource<object>()).ToList();
        var sent = answers.Select(answer => turns.SendSoon(Command, () => answer.Task, CancellationToken.None)).ToList();

        foreach (var answer in answers)
            answer.SetResult(new object());

        (await Task.WhenAll(sent)).ShouldAllBe(report => report != null);
    }

    [Fact]
    public async Task Should_wait_for_a_turn_again_after_it_was_in_vain()
    {
        var clock = new FakeTimeProvider(A.Time);
        var turns = new SendBulkhead(
            new Dictionary<string, ChannelOptions> { ["email"] = new() { Concurrency = new() { Max = 1 } } },
            clock
        );
        var answer = new TaskCompletionSource<object>();
        var first = Send();
        await Should_be_in_vain(TimeSpan.FromSeconds(1));

        // The longer the more often.
        await Should_be_in_vain(TimeSpan.FromSeconds(2));

        var last = Send();
        last.IsCompleted.ShouldBeFalse();
        answer.SetResult(new object());
        (await first).ShouldNotBeNull();
        (await last).ShouldNotBeNull();

        async Task Should_be_in_vain(TimeSpan slowFor)
        {
            (await Send()).ShouldBeNull();
            for (var i = 0; i < 10; i++)
            {
                // Asking does not prolong it.
                Send().IsCompleted.ShouldBeTrue();
                clock.Advance(slowFor / 10);
            }
        }

        Task<object?> Send() => turns.SendSoon<object>(Command, () => answer.Task!, CancellationToken.None)!;
    }

    static int Queued(EmbeddedFlow flow) => flow.Wire.Published.Count(message => message.Type == nameof(SendDelivery));
}
