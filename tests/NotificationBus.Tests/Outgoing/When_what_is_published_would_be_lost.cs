using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NotificationBus.Embedded;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Outgoing;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Outgoing;

/// <summary>A6: what is due waits in the record.</summary>
public sealed class When_what_is_published_would_be_lost
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Should_stay_due_until_it_would_not_be()
    {
        var pulse = new Pulse();
        var clock = new WatchedClock(pulse);
        var outgoing = new InMemoryOutgoingMessages(clock);
        var limit = new PublishLimit(Options.Create(new PublishingOptions()), clock);
        using var gate = new IntakeGate(Options.Create(new IntakeOptions()), limit, NullLogger<IntakeGate>.Instance);
        gate.Close("a policy");
        await outgoing.Schedule(
            [
                new OutgoingMessage
                {
                    MessageId = Guid.CreateVersion7(),
                    Destination = "exchange:inbox",
                    ContentType = "",
                    MessageTypes = "",
                    Body = ReadOnlyMemory<byte>.Empty,
                    DueAt = clock.GetUtcNow(),
                },
            ],
            CancellationToken.None
        );
        using var dispatch = new OutgoingDispatcher(
            outgoing,
            new OutgoingPublisher(outgoing, limit, bus: null!, An.Metrics(), applications: null!),
            gate,
            clock,
            NullLogger<OutgoingDispatcher>.Instance
        );

        await dispatch.StartAsync(CancellationToken.None);
        await pulse.Until(() => clock.AlarmsWithin(OutgoingDispatcher.LongestWait) > 0);
        await dispatch.StopAsync(CancellationToken.None);

        (await outgoing.TakeDue(Lease, 1, CancellationToken.None)).ShouldHaveSingleItem();
    }
}
