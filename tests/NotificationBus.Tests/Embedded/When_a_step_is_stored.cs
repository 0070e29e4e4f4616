using System.Text.Json;

using NotificationBus.Embedded;
using NotificationBus.Outgoing;
using NotificationBus.Saga;
using NotificationBus.Saga.Persistence;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Embedded;

public sealed class When_a_step_is_stored
{
    static readonly TimeSpan Age = TimeSpan.FromSeconds(30);

    readonly ManualClock _clock = new();
    readonly InMemoryOutgoingMessages _outgoing;
    readonly InMemoryNotificationStore _store;

    public When_a_step_is_stored()
    {
        _outgoing = new InMemoryOutgoingMessages(_clock);
        _store = new InMemoryNotificationStore(new InMemoryAttemptLedger(_clock), _outgoing);
    }

    [Fact]
    public async Task Should_let_one_of_many_begin_a_notification()
    {
        var id = Guid.CreateVersion7();

        var stored = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => Insert(id, Message()))));

        stored.Count(won => won).ShouldBe(1);
        (await Overdue(100)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_let_one_of_many_make_the_next_step_and_store_nothing_of_the_others()
    {
        var id = Guid.CreateVersion7();
        await Insert(id);
        var loaded = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => _store.Load(id, CancellationToken.None)));

        var stored = await Task.WhenAll(loaded.Select(notification => Task.Run(() =>
            _store.Update(new NotificationStep(notification!, Guid.CreateVersion7(), [Message()]), CancellationToken.None))));

        stored.Count(won => won).ShouldBe(1);
        (await Overdue(100)).Count.ShouldBe(1);
        var now = (await _store.Load(id, CancellationToken.None))!;
        now.Version.ShouldBe(2);
        now.TakenInputs.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_keep_nothing_that_is_changed_without_being_stored()
    {
        var id = Guid.CreateVersion7();
        await Insert(id);
        (await _store.Load(id, CancellationToken.None))!.CurrentState = "Failed";

        (await _store.Load(id, CancellationToken.None))!.CurrentState.ShouldBe("Sending");
    }

    [Fact]
    public void Should_remember_the_newest_inputs()
    {
        var notification = Notification(Guid.CreateVersion7());
        var inputs = Enumerable.Range(0, 40).Select(_ => Guid.CreateVersion7()).ToList();
        foreach (var input in inputs)
            new NotificationStep(notification, input, []).After();

        notification.TakenInputs.ShouldBe(inputs.TakeLast(32));
        notification.Version.ShouldBe(40);
    }

    [Fact]
    public async Task Should_hand_each_overdue_message_to_one_of_many_hosts()
    {
        OutgoingMessage[] messages = [.. Enumerable.Range(0, 500).Select(_ => Message())];
        await Insert(Guid.CreateVersion7(), messages);
        _clock.Advance(Age);

        var taken = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            var mine = new List<Guid>();
            while (await _outgoing.TakeDue(Age, 20, CancellationToken.None) is { Count: > 0 } some)
                mine.AddRange(some.Select(message => message.MessageId));
            return mine;
        })));

        taken.SelectMany(mine => mine).ShouldBeUnique();
        // Whoever lost the race for a message may have gone home before the others were done: the next sweep takes the rest.
        (taken.Sum(mine => mine.Count) + (await _outgoing.TakeDue(Age, 500, CancellationToken.None)).Count).ShouldBe(500);
    }

    [Fact]
    public async Task Should_hand_an_overdue_message_out_again_only_after_a_while()
    {
        await Insert(Guid.CreateVersion7(), Message());

        _clock.Advance(Age - TimeSpan.FromSeconds(1));
        (await _outgoing.TakeDue(Age, 10, CancellationToken.None)).ShouldBeEmpty();
        _clock.Advance(TimeSpan.FromSeconds(1));
        (await _outgoing.TakeDue(Age, 10, CancellationToken.None)).Count.ShouldBe(1);
        (await _outgoing.TakeDue(Age, 10, CancellationToken.None)).ShouldBeEmpty();
        _clock.Advance(Age);
        (await _outgoing.TakeDue(Age, 10, CancellationToken.None)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_forget_what_was_published()
    {
        var (published, lost) = (Message(), Message());
        await Insert(Guid.CreateVersion7(), published, lost);

        await _outgoing.Published([published]);

        (await Overdue(10)).ShouldHaveSingleItem().ShouldBe(lost);
    }

    [Fact]
    public async Task Should_hand_out_the_oldest_first_and_no_more_than_asked()
    {
        for (var i = 0; i < 5; i++)
        {
            await Insert(Guid.CreateVersion7(), Message($"exchange:{i}"));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        (await Overdue(3)).Select(message => message.Destination).ShouldBe(["exchange:0", "exchange:1", "exchange:2"]);
    }

    Task<IReadOnlyList<OutgoingMessage>> Overdue(int limit)
    {
        _clock.Advance(Age);
        return _outgoing.TakeDue(Age, limit, CancellationToken.None);
    }

    Task<bool> Insert(Guid id, params OutgoingMessage[] messages) =>
        _store.Insert(new NotificationStep(Notification(id), Guid.CreateVersion7(), messages), CancellationToken.None);

    static NotificationState Notification(Guid id) => new()
    {
        CorrelationId = id,
        CurrentState = "Sending",
        Recipient = A.Seller,
        Data = JsonElement.Parse("{}"),
    };

    static OutgoingMessage Message(string destination = "exchange:send-email") => new()
    {
        MessageId = Guid.CreateVersion7(),
        Destination = destination,
        ContentType = "application/json",
        MessageTypes = "urn:message:Something",
        Body = "{}"u8.ToArray(),
    };
}
