using System.Threading.Channels;
using MassTransit;
using MassTransit.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace NotificationBus.Tests.Outgoing;

/// <summary>
/// What MassTransit promises of a scheduler, whatever keeps the messages: the situations of its own scheduler tests. Time is the
/// machine's, because MassTransit asks no other clock when it adds a delay.
/// </summary>
public abstract class Any_scheduler : IAsyncLifetime
{
    static readonly Uri Inbox = new("exchange:inbox");
    static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    // Long enough for what has to be done before, also on a machine that is busy with something else.
    static readonly TimeSpan Later = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    readonly Channel<(string Text, DateTimeOffset At, ConsumeContext Context)> _heard = Channel.CreateUnbounded<(
        string,
        DateTimeOffset,
        ConsumeContext
    )>();
    IHost? _host;

    static Any_scheduler() => ScheduleTokenId.UseTokenId<Appointment>(appointment => appointment.Id);

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>Starts a bus with the scheduler on it and an endpoint called inbox.</summary>
    protected abstract Task<IHost> Start(Action<IReceiveEndpointConfigurator> inbox);

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_host is null)
            return;

        await _host.StopAsync(TestContext.Current.CancellationToken);
        _host.Dispose();
    }

    [Fact]
    public async Task Should_send_a_message_once_when_it_is_due()
    {
        await StartWith();
        var due = Now + Moment;

        await Scheduler(scheduler => scheduler.ScheduleSend(Inbox, due.UtcDateTime, new Reminder("due")));

        var (text, at, _) = await Next();
        text.ShouldBe("due");
        at.ShouldBeGreaterThanOrEqualTo(due - TimeSpan.FromMilliseconds(20));
        await NothingElse();
    }

    [Fact]
    public async Task Should_send_at_once_what_is_due_already()
    {
        await StartWith();

        await Scheduler(scheduler => scheduler.ScheduleSend(Inbox, Now.AddHours(-1).UtcDateTime, new Reminder("an hour late")));
        (await Next()).Text.ShouldBe("an hour late");
        await Scheduler(scheduler => scheduler.ScheduleSend(Inbox, Now.UtcDateTime, new Reminder("now")));
        (await Next()).Text.ShouldBe("now");
        await NothingElse();
    }

    [Fact]
    public async Task Should_publish_a_message_when_it_is_due()
    {
        await StartWith();

        await Scheduler(scheduler => scheduler.SchedulePublish((Now + Moment).UtcDateTime, new Reminder("published")));

        (await Next()).Text.ShouldBe("published");
        await NothingElse();
    }

    [Fact]
    public async Task Should_forget_what_is_cancelled()
    {
        await StartWith();
        var due = Now + Later;
        await Scheduler(async scheduler =>
        {
            var sent = await scheduler.ScheduleSend(Inbox, due.UtcDateTime, new Reminder("sent"));
            var published = await scheduler.SchedulePublish(due.UtcDateTime, new Reminder("published"));

            await scheduler.CancelScheduledSend(Inbox, sent.TokenId);
            await scheduler.CancelScheduledPublish<Reminder>(published.TokenId);
        });

        await NothingElse(due);
    }

    [Fact]
    public async Task Should_not_mind_a_cancellation_that_comes_too_late()
    {
        await StartWith();
        await Scheduler(async scheduler =>
        {
            var sent = await scheduler.ScheduleSend(Inbox, Now.UtcDateTime, new Reminder("sent"));
            (await Next()).Text.ShouldBe("sent");

            await scheduler.CancelScheduledSend(Inbox, sent.TokenId);
        });

        await NothingElse();
    }

    [Theory]
    [InlineData(3600_000, 300)]
    [InlineData(3_000, 3_300)]
    public async Task Should_put_the_second_message_under_one_token_in_the_place_of_the_first(int firstAfter, int secondAfter)
    {
        await StartWith();
        var id = Guid.CreateVersion7();
        await Scheduler(async scheduler =>
        {
            await scheduler.ScheduleSend(Inbox, Now.AddMilliseconds(firstAfter).UtcDateTime, new Appointment(id, "Monday"));
            await scheduler.ScheduleSend(Inbox, Now.AddMilliseconds(secondAfter).UtcDateTime, new Appointment(id, "Tuesday"));
        });

        (await Next()).Text.ShouldBe("Tuesday");
        await NothingElse();
    }

    [Fact]
    public async Task Should_take_a_token_again_whose_message_was_published()
    {
        await StartWith();
        var id = Guid.CreateVersion7();
        foreach (var day in new[] { "Monday", "Tuesday", "Wednesday" })
        {
            await Scheduler(scheduler => scheduler.ScheduleSend(Inbox, Now.UtcDateTime, new Appointment(id, day)));
            (await Next()).Text.ShouldBe(day);
        }

        await NothingElse();
    }

    [Fact]
    public async Task Should_schedule_and_cancel_from_a_consumer()
    {
        var due = Now + Later;
        await StartWith(inbox =>
            inbox.Handler<Begin>(async context =>
            {
                await context.ScheduleSend(Inbox, Moment, new Reminder("sent"));
                await context.SchedulePublish(2 * Moment, new Reminder("published"));
                var cancelled = await context.ScheduleSend(Inbox, due.UtcDateTime, new Reminder("cancelled"));
                await context.CancelScheduledSend(cancelled);
            })
        );

        await Bus.Publish(new Begin());

        (await Next()).Text.ShouldBe("sent");
        (await Next()).Text.ShouldBe("published");
        await NothingElse(due);
    }

    [Fact]
    public async Task Should_keep_ids_headers_and_expiry()
    {
        await StartWith();
        var (request, correlation, conversation, initiator, message) = (
            Guid.CreateVersion7(),
            Guid.CreateVersion7(),
            Guid.CreateVersion7(),
            Guid.CreateVersion7(),
            Guid.CreateVersion7()
        );
        var token = Guid.Empty;
        await Scheduler(async scheduler =>
        {
            var scheduled = await scheduler.ScheduleSend(
                Inbox,
                (Now + Moment).UtcDateTime,
                new Reminder("with headers"),
                Pipe.Execute<SendContext>(send =>
                {
                    send.MessageId = message;
                    send.RequestId = request;
                    send.CorrelationId = correlation;
                    send.ConversationId = conversation;
                    send.InitiatorId = initiator;
                    send.ResponseAddress = new Uri("loopback://localhost/answers");
                    send.FaultAddress = new Uri("loopback://localhost/faults");
                    send.TimeToLive = TimeSpan.FromMinutes(5);
                    send.Headers.Set("Hello", "World");
                })
            );
            token = scheduled.TokenId;
        });

        var context = (await Next()).Context;

        (context.MessageId, context.RequestId, context.CorrelationId, context.ConversationId, context.InitiatorId).ShouldBe(
            (message, request, correlation, conversation, initiator)
        );
        context.ResponseAddress.ShouldBe(new Uri("loopback://localhost/answers"));
        context.FaultAddress.ShouldBe(new Uri("loopback://localhost/faults"));
        context.Headers.Get<string>("Hello").ShouldBe("World");
        context.GetSchedulingTokenId().ShouldBe(token);
        context.ExpirationTime!.Value.ShouldBe(Now.UtcDateTime.AddMinutes(5), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Should_redeliver_at_the_intervals_and_count()
    {
        var tries = new List<(DateTimeOffset At, int Count, Guid? Id)>();
        await StartWith(inbox =>
        {
            inbox.UseScheduledRedelivery(redelivery => redelivery.Intervals(200, 400, 600));
            inbox.Handler<Begin>(async context =>
            {
                tries.Add((Now, context.GetRedeliveryCount(), context.GetOriginalMessageId()));
                if (tries.Count < 4)
                    throw new InvalidOperationException("not yet");

                await Note("done", context);
            });
        });
        var id = Guid.CreateVersion7();

        await Bus.Publish(new Begin(), publish => publish.MessageId = id);

        (await Next()).Text.ShouldBe("done");
        tries.Select(attempt => attempt.Count).ShouldBe([0, 1, 2, 3]);
        tries.ShouldAllBe(attempt => attempt.Id == id);
        tries
            .Zip(tries.Skip(1), (one, next) => next.At - one.At)
            .Zip([200, 400, 600])
            .ShouldAllBe(pair => pair.First >= TimeSpan.FromMilliseconds(pair.Second - 20));
        await NothingElse();
    }

    [Fact]
    public async Task Should_ring_the_timers_of_a_saga()
    {
        await StartWith(Visits);
        var id = Guid.CreateVersion7();

        await Bus.Publish(new VisitBooked(id, Moment, 2 * Moment));

        (await Next()).Text.ShouldBe("reminder in Open");
        (await Next()).Text.ShouldBe("deadline in Open");
        await NothingElse();
    }

    [Fact]
    public async Task Should_stop_a_timer_of_a_saga_and_leave_the_other()
    {
        await StartWith(Visits);
        var id = Guid.CreateVersion7();
        await Bus.Publish(new VisitBooked(id, Later + Moment, Later));
        (await Next(text => text == "booked")).Text.ShouldBe("booked");

        await Bus.Publish(new VisitConfirmed(id));

        (await Next()).Text.ShouldBe("reminder in Confirmed");
        await NothingElse();
    }

    [Fact]
    public async Task Should_set_a_timer_of_a_saga_anew()
    {
        await StartWith(Visits);
        var id = Guid.CreateVersion7();
        await Bus.Publish(new VisitBooked(id, TimeSpan.FromHours(1), Later));
        (await Next(text => text == "booked")).Text.ShouldBe("booked");
        var due = Now + Later + Moment;

        await Bus.Publish(new VisitPostponed(id, Later + Moment));

        var (text, at, _) = await Next();
        text.ShouldBe("deadline in Open");
        at.ShouldBeGreaterThanOrEqualTo(due - TimeSpan.FromMilliseconds(20));
        await NothingElse();
    }

    void Visits(IReceiveEndpointConfigurator inbox) =>
        inbox.StateMachineSaga(new VisitStateMachine(Note), new InMemorySagaRepository<Visit>());

    async Task StartWith(Action<IReceiveEndpointConfigurator>? more = null) =>
        _host = await Start(inbox =>
        {
            // One after the other, so that they are heard in the order they come.
            inbox.ConcurrentMessageLimit = 1;
            more?.Invoke(inbox);
            inbox.Handler<Reminder>(context => Note(context.Message.Text, context));
            inbox.Handler<Appointment>(context => Note(context.Message.Day, context));
        });

    IBus Bus => _host!.Services.GetRequiredService<IBus>();

    async Task Scheduler(Func<IMessageScheduler, Task> use)
    {
        await using var scope = _host!.Services.CreateAsyncScope();
        await use(scope.ServiceProvider.GetRequiredService<IMessageScheduler>());
    }

    Task Note(string text, ConsumeContext context) => _heard.Writer.WriteAsync((text, Now, context)).AsTask();

    async Task<(string Text, DateTimeOffset At, ConsumeContext Context)> Next(Func<string, bool>? which = null)
    {
        while (true)
        {
            var heard = await _heard
                .Reader.ReadAsync(TestContext.Current.CancellationToken)
                .AsTask()
                .WaitAsync(Patience, TestContext.Current.CancellationToken);
            if (which?.Invoke(heard.Text) ?? heard.Text != "booked")
                return heard;
        }
    }

    /// <summary>What was to come would have come before this one, which is due later.</summary>
    async Task NothingElse(DateTimeOffset? until = null)
    {
        var after = until is { } end && end > Now ? end : Now;
        await Scheduler(scheduler => scheduler.ScheduleSend(Inbox, (after + 3 * Moment).UtcDateTime, new Reminder("the last")));
        (await Next()).Text.ShouldBe("the last");
    }
}

public sealed record Begin;

public sealed record Reminder(string Text);

public sealed record Appointment(Guid Id, string Day);

public sealed record VisitBooked(Guid Id, TimeSpan Reminder, TimeSpan Deadline);

public sealed record VisitPostponed(Guid Id, TimeSpan Deadline);

public sealed record VisitConfirmed(Guid Id);

public sealed record VisitReminderDue(Guid Id);

public sealed record VisitDeadlinePassed(Guid Id);

public sealed class Visit : SagaStateMachineInstance
{
    public Guid CorrelationId { get; set; }

    public string CurrentState { get; set; } = "";

    public Guid? ReminderToken { get; set; }

    public Guid? DeadlineToken { get; set; }
}

public sealed class VisitStateMachine : MassTransitStateMachine<Visit>
{
    public VisitStateMachine(Func<string, ConsumeContext, Task> note)
    {
        InstanceState(visit => visit.CurrentState);
        Event(() => Booked, booked => booked.CorrelateById(context => context.Message.Id));
        Event(() => Postponed, postponed => postponed.CorrelateById(context => context.Message.Id));
        Event(() => Confirmed, confirmed => confirmed.CorrelateById(context => context.Message.Id));
        Schedule(
            () => Reminder,
            visit => visit.ReminderToken,
            timer => timer.Received = due => due.CorrelateById(context => context.Message.Id)
        );
        Schedule(
            () => Deadline,
            visit => visit.DeadlineToken,
            timer => timer.Received = due => due.CorrelateById(context => context.Message.Id)
        );

        Initially(
            When(Booked)
                .Schedule(Reminder, context => new VisitReminderDue(context.Saga.CorrelationId), context => In(context.Message.Reminder))
                .Schedule(Deadline, context => new VisitDeadlinePassed(context.Saga.CorrelationId), context => In(context.Message.Deadline))
                .ThenAsync(context => note("booked", context))
                .TransitionTo(Open)
        );
        During(
            Open,
            When(Postponed)
                .Schedule(
                    Deadline,
                    context => new VisitDeadlinePassed(context.Saga.CorrelationId),
                    context => In(context.Message.Deadline)
                ),
            When(Confirmed).Unschedule(Deadline).TransitionTo(Settled)
        );
        DuringAny(
            When(Reminder.Received).ThenAsync(context => note($"reminder in {Name(context.Saga)}", context)),
            When(Deadline.Received).ThenAsync(context => note($"deadline in {Name(context.Saga)}", context))
        );
    }

    public State Open { get; private set; } = null!;

    public State Settled { get; private set; } = null!;

    public Event<VisitBooked> Booked { get; private set; } = null!;

    public Event<VisitPostponed> Postponed { get; private set; } = null!;

    public Event<VisitConfirmed> Confirmed { get; private set; } = null!;

    public Schedule<Visit, VisitReminderDue> Reminder { get; private set; } = null!;

    public Schedule<Visit, VisitDeadlinePassed> Deadline { get; private set; } = null!;

    static string Name(Visit visit) => visit.CurrentState == nameof(Settled) ? "Confirmed" : visit.CurrentState;

    static DateTime In(TimeSpan time) => (TimeProvider.System.GetUtcNow() + time).UtcDateTime;
}
