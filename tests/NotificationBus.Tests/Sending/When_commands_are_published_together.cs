using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Outgoing;
using NotificationBus.Telemetry;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_commands_are_published_together
{
    [Fact]
    public async Task Should_share_messages_and_send_each_once()
    {
        const int Count = 100;
        await using var flow = await EmbeddedFlow.Start();

        var ids = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => flow.Tell(An.OrderPlaced())));

        foreach (var id in ids)
            (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        await flow.Pulse.Until(() => flow.Handled<SendDelivery>() == 2 * Count);
        flow.Handled<SendDeliveries>().ShouldBeGreaterThan(0);
        flow.Email.Calls.Select(call => call.Id).Distinct().Count().ShouldBe(Count);
        flow.Email.Calls.Count.ShouldBe(Count);
        flow.Push.Calls.Count.ShouldBe(Count);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_stay_in_the_trace_of_its_own_event()
    {
        const int Count = 100;
        var spans = new ConcurrentQueue<(ActivityTraceId Trace, string Name)>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == FlowMetrics.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => spans.Enqueue((span.TraceId, span.DisplayName)),
        };
        ActivitySource.AddActivityListener(listener);
        await using var flow = await EmbeddedFlow.Start();
        var traces = Enumerable.Range(0, Count).Select(_ => ActivityTraceId.CreateRandom()).ToList();

        await Task.WhenAll(
            traces.Select(trace =>
                flow.Bus.Publish(
                    An.OrderPlaced(),
                    publish => publish.Headers.Set("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01")
                )
            )
        );

        await flow.Pulse.Until(() => flow.Handled<SendDelivery>() == 2 * Count);
        flow.Handled<SendDeliveries>().ShouldBeGreaterThan(0);
        foreach (var trace in traces)
            spans
                .Where(span => span.Trace == trace)
                .Select(span => span.Name)
                .ShouldBe(["take OrderPlaced", "send email", "send push"], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_let_a_bad_one_fail_alone()
    {
        await using var flow = await EmbeddedFlow.Start();
        var commands = await Planned(flow, 3);
        commands[1] = commands[1] with
        {
            Body = Encoding.UTF8.GetBytes(
                Encoding
                    .UTF8.GetString(commands[1].Body.Span)
                    .Replace("\"channel\":\"push\"", "\"channel\":\"fax\"", StringComparison.Ordinal)
            ),
        };

        await flow.Publish(CommandBundle.Of(commands));

        (await flow.Outcome(commands[0].NotificationId!.Value)).CurrentState.ShouldBe("Delivered");
        (await flow.Outcome(commands[2].NotificationId!.Value)).CurrentState.ShouldBe("Delivered");
        (await flow.Outcome(commands[1].NotificationId!.Value)).CurrentState.ShouldBe("Failed");
        await flow.Pulse.Until(() => Errors(flow).Any());
        var (message, reason) = Errors(flow).ShouldHaveSingleItem();
        (message.Type, message.Id).ShouldBe((nameof(SendDelivery), commands[1].MessageId));
        reason.ShouldContain("there is no channel 'fax'");
        flow.Push.Calls.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_take_all_of_them_again_after_an_outage_and_send_none_twice()
    {
        await using var flow = await EmbeddedFlow.Start();
        var commands = await Planned(flow, 4);
        var writes = 0;
        flow.Store.BeforeWrite = (_, _) => Interlocked.Increment(ref writes) is 2 or 3 ? throw new OutageException() : Task.CompletedTask;

        await flow.Publish(CommandBundle.Of(commands));

        foreach (var command in commands)
            (await flow.Outcome(command.NotificationId!.Value)).CurrentState.ShouldBe("Delivered");
        await flow.Pulse.Until(() => flow.Handled<SendDelivery>() == 4);
        flow.Push.Calls.Count.ShouldBe(4);
        Errors(flow).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_take_one_that_is_as_deep_as_it_may_be_alone()
    {
        await using var flow = await EmbeddedFlow.Start();
        // In an envelope it is 64 levels deep, and in another one 67.
        const int Depth = 61;
        var deep = $$"""{ "title": "Opening hours", "text": "Sundays", "deep": {{new string('[', Depth)}}{{new string(']', Depth)}} }""";
        List<OutgoingMessage> commands =
        [
            .. await flow.DieAfterStoring(() => flow.Handle(An.Announcement(channels: ["push"]) with { Data = JsonElement.Parse(deep) })),
        ];
        commands.AddRange(await Planned(flow, 1));

        await flow.Publish(CommandBundle.Of(commands));

        foreach (var command in commands)
            (await flow.Outcome(command.NotificationId!.Value)).CurrentState.ShouldBe("Delivered");
    }

    [Fact]
    public async Task Should_leave_alone_what_has_headers_of_its_own_or_is_large()
    {
        await using var flow = await EmbeddedFlow.Start();
        var command = (await Planned(flow, 1)).ShouldHaveSingleItem();

        CommandBundle.Takes(command).ShouldBeTrue();
        CommandBundle.Takes(command with { ReplayOf = Guid.CreateVersion7() }).ShouldBeFalse();
        CommandBundle.Takes(command with { Headers = "{}" }).ShouldBeFalse();
        CommandBundle.Takes(command with { WaitsFor = "turn at sandbox" }).ShouldBeFalse();
        CommandBundle.Takes(command with { Body = new byte[128 * 1024] }).ShouldBeFalse();
        CommandBundle.Takes(command with { MessageTypes = "urn:message:NotificationBus.Contracts:NotificationDelivered" }).ShouldBeFalse();
    }

    /// <summary>What was set aside on the way, without the events whose processes ended.</summary>
    static IEnumerable<(WireMessage Message, string Exception)> Errors(EmbeddedFlow flow) =>
        flow.Wire.Errors.Where(error => error.Message.Type is nameof(SendDelivery) or nameof(SendDeliveries));

    /// <summary>The commands of notifications whose process ended before it published them.</summary>
    static async Task<List<OutgoingMessage>> Planned(EmbeddedFlow flow, int count)
    {
        var commands = new List<OutgoingMessage>();
        for (var i = 0; i < count; i++)
            commands.AddRange(await flow.DieAfterStoring(() => flow.Handle(An.OrderShipped())));
        return commands;
    }
}
