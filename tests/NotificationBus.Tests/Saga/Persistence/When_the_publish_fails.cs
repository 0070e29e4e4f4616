using System.Collections.Concurrent;
using MassTransit;
using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using NotificationBus.Failures;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Providers;
using NotificationBus.Receipts;
using NotificationBus.Saga;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga.Persistence;

public sealed class When_the_publish_fails
{
    static readonly BrokerUnavailableException Silence = new("the broker is silent", new TimeoutException());

    [Fact]
    public async Task Should_publish_the_same_messages_when_they_never_left()
    {
        await using var flow = await EmbeddedFlow.Start();
        var refused = new ConcurrentBag<Guid>();
        flow.Wire.BeforeSend = message =>
        {
            refused.Add(message.Id!.Value);
            if (refused.Count == 2)
                flow.Wire.BeforeSend = null;
            throw Silence;
        };

        var id = await flow.Tell(An.OrderPlaced());

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
        CommandsIn(flow).Order().ShouldBe(refused.Order());
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_send_once_when_only_the_confirm_was_lost()
    {
        await using var flow = await EmbeddedFlow.Start();
        var lost = 0;
        flow.Wire.AfterSend = _ =>
        {
            if (Interlocked.Increment(ref lost) <= 2)
                throw Silence;
        };

        var id = await flow.Tell(An.OrderPlaced());
        await flow.Outcome(id);
        await flow.Pulse.Until(() => flow.Handled<SendDelivery>() == 4);

        var commands = CommandsIn(flow);
        commands.Count.ShouldBe(4);
        commands.Distinct().Count().ShouldBe(2);
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
        // Each result came twice, and the second time may mean that nobody was told.
        flow.Wire.Published.Where(message => message.Type == nameof(NotificationDelivered))
            .Select(message => message.Id)
            .Distinct()
            .ShouldHaveSingleItem();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_make_the_step_again()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Push.Answers(ScriptedProvider.Rejected);
        var failures = 3;
        flow.Wire.BeforeSend = _ =>
        {
            if (Interlocked.Decrement(ref failures) >= 0)
                throw Silence;
        };

        await flow.Handle(An.OrderShipped());

        flow.Store.Writes.ShouldBeLessThanOrEqualTo(2);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_announce_the_outcome_once_it_can()
    {
        await using var flow = await EmbeddedFlow.Start();
        var failures = 3;
        flow.Wire.BeforeSend = message =>
        {
            if (message.Type == nameof(NotificationDelivered) && Interlocked.Decrement(ref failures) >= 0)
                throw Silence;
        };

        var id = await flow.Tell(An.OrderPlaced());

        await flow.Outcome(id);
        flow.Wire.Published.Count(message => message.Type == nameof(NotificationDelivered)).ShouldBe(1);
    }

    /// <summary>Whoever cancels, and whoever has sent, goes on trying until the saga is told.</summary>
    [Theory]
    [InlineData("what is stopped")]
    [InlineData("the result of a call")]
    public async Task Should_tell_the_saga_once_it_can(string what)
    {
        await using var flow = await EmbeddedFlow.Start(new() { SagaElsewhere = true });
        var silence = new SilentOnce();
        using var observed = flow.Bus.ConnectSendObserver(silence);
        if (what == "what is stopped")
        {
            silence.Silences = typeof(DeliveriesStopped);
            flow.Email.Answers(new ProviderResult.Unavailable("closed for an hour", RetryAfter: TimeSpan.FromHours(1)));
            flow.Push.Answers(new ProviderResult.Unavailable("closed for an hour", RetryAfter: TimeSpan.FromHours(1)));
        }
        else
        {
            silence.Silences = typeof(DeliverySent);
        }

        var id = await flow.Tell(An.OrderPlaced());
        if (what == "what is stopped")
        {
            await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 2);
            await flow.Handle(
                new CancelNotification
                {
                    NotificationId = id,
                    By = "ann",
                    Why = "it is sold",
                }
            );
        }

        (await flow.Outcome(id)).CurrentState.ShouldBe(what == "what is stopped" ? "Cancelled" : "Delivered");
        silence.Times.ShouldBeGreaterThan(0);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    /// <summary>A vendor that is told so does not send its receipt again, and neither does a queue what was set aside.</summary>
    [Theory]
    [InlineData("a receipt")]
    [InlineData("what is set aside")]
    public async Task Should_not_be_taken_for_durable_before_the_broker_has_it(string what)
    {
        await using var flow = await EmbeddedFlow.Start();
        using var observed = flow.Bus.ConnectSendObserver(new SilentOnce());
        var failure = new Failure
        {
            Id = Guid.NewGuid(),
            FailureId = Guid.NewGuid(),
            Queue = "notifications",
            Headers = "{}",
            Body = [],
            Explanation = FailureExplanation.Of(new InvalidOperationException(), "notifications"),
        };
        var aside = new FailedMessageQueue(
            new Lazy<IBus>(flow.Bus),
            new PublishLimit(Options.Create(new PublishingOptions()), TimeProvider.System),
            new BelievedApplications(Options.Create(new IntakeOptions()))
        );

        await Should.ThrowAsync<BrokerUnavailableException>(() =>
            what == "a receipt"
                ? flow.Receipts.Take(
                    "scripted",
                    [
                        new Receipt
                        {
                            Kind = ReceiptKind.Confirmed,
                            Id = "1",
                            At = flow.Clock.GetUtcNow(),
                            DeliveryId = Guid.NewGuid(),
                        },
                    ]
                )
                : aside.Put(failure)
        );
    }

    static List<Guid> CommandsIn(EmbeddedFlow flow) =>
        [.. flow.Wire.Published.Where(message => message.Type == nameof(SendDelivery)).Select(message => message.Id!.Value)];

    /// <summary>A broker that does not confirm the first message, or the first of a type, alone or with others.</summary>
    sealed class SilentOnce : ISendObserver
    {
        int _times;

        public Type? Silences { get; set; }

        public int Times => _times;

        public Task PreSend<T>(SendContext<T> context)
            where T : class =>
            IsSilenced(context.Message) && Interlocked.Increment(ref _times) == 1 ? Task.FromException(Silence) : Task.CompletedTask;

        public Task PostSend<T>(SendContext<T> context)
            where T : class => Task.CompletedTask;

        public Task SendFault<T>(SendContext<T> context, Exception exception)
            where T : class => Task.CompletedTask;

        bool IsSilenced(object message) =>
            Silences is null
            || message.GetType() == Silences
            || (message is DeliveryResults results && results.Results.Any(result => result.Message.GetType() == Silences));
    }
}
