using NotificationBus.Failures;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_it_is_decided_about_failed_messages(Func<Task<RecordOfTheTest>> create) : With_failed_messages(create)
{
    // More than one statement puts back.
    const int Many = 230;

    [Fact]
    public async Task Should_go_out_as_it_came()
    {
        var (whole, bare) = (Failure(), Failure() with { MessageId = "order-4711", ContentType = null, Headers = "{}" });
        await Fail(whole);
        await Fail(bare);

        (await Host.Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None)).ShouldBe(2);

        var taken = (await AnotherHost.Outgoing.TakeDue(Lease, 10, CancellationToken.None)).ToDictionary(message =>
            message.ReplayOf!.Value
        );
        var one = taken[whole.Id];
        (one.MessageId, one.Destination, one.ContentType, one.MessageTypes, one.Headers).ShouldBe(
            (Guid.Parse(whole.MessageId!), whole.Destination, whole.ContentType, string.Join(';', whole.MessageTypes), whole.Headers)
        );
        one.Token.ShouldNotBe(one.MessageId, "it may be on its way under its own id");
        one.Body.ToArray().ShouldBe(whole.Body);
        taken[bare.Id].ContentType.ShouldBe("");
        taken[bare.Id].MessageId.ShouldNotBe(Guid.Empty, "a name that is no id is none on the wire");
        var found = await Found(whole.Id);
        (found.State, found.ReplayedBy, found.Times).ShouldBe((FailedMessageState.Replayed, "ann", 1));
        found.ReplayedAt!.Value.ShouldBe(Record.Now, Lease);
    }

    [Fact]
    public async Task Should_concern_those_alone_that_are_meant()
    {
        var (one, other, another, third) = (Failure(), Failure(), Failure("another-cause"), Failure("third-cause"));
        foreach (var failure in new[] { one, other, another, third })
            await Fail(failure);

        (await Host.Failed.Replay(new FailedMessageChoice(one.Id, Cause: null), Ann, CancellationToken.None)).ShouldBe(1);
        (await Host.Failed.Archive(new FailedMessageChoice(Id: null, "another-cause"), Ann, CancellationToken.None)).ShouldBe(1);
        (await Host.Failed.Replay(new FailedMessageChoice(Id: null, "third-cause"), Ann, CancellationToken.None)).ShouldBe(1);
        (await Found(other.Id)).State.ShouldBe(FailedMessageState.Failed);
        (await Found(one.Id)).State.ShouldBe(FailedMessageState.Replayed);
        (await Found(another.Id)).State.ShouldBe(FailedMessageState.Archived);

        (await Host.Failed.Archive(FailedMessageChoice.All, Ann, CancellationToken.None)).ShouldBe(
            1,
            "what waits for no decision stays as it is"
        );
        (await Found(one.Id)).State.ShouldBe(FailedMessageState.Replayed);
        (await Host.Failed.Archive(new FailedMessageChoice(other.Id, Cause: null), Ann, CancellationToken.None)).ShouldBe(0);
    }

    [Fact]
    public async Task Should_put_back_what_was_archived_only_when_it_is_named()
    {
        var archived = Failure();
        await Fail(archived);
        await Host.Failed.Archive(FailedMessageChoice.All, Ann, CancellationToken.None);

        (await Host.Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None)).ShouldBe(0);
        (await Host.Failed.Replay(new FailedMessageChoice(Id: null, "a-cause"), Ann, CancellationToken.None)).ShouldBe(0);
        (await Host.Failed.Replay(new FailedMessageChoice(archived.Id, Cause: null), Ann, CancellationToken.None)).ShouldBe(1);
        (await Host.Failed.Replay(new FailedMessageChoice(archived.Id, Cause: null), Ann, CancellationToken.None)).ShouldBe(0);
    }

    [Fact]
    public async Task Should_not_put_back_what_has_no_place_to_go()
    {
        await Fail(Failure() with { Destination = null });

        (await Host.Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None)).ShouldBe(0);
        (await TakeDue()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_write_down_once_what_was_done_however_many_they_are()
    {
        await Fail(Failure("earlier"));
        (await Host.Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None)).ShouldBe(1);
        await TakeDue();
        for (var i = 0; i < Many; i++)
            await Fail(Failure());

        (await Host.Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None)).ShouldBe(Many);
        (await Host.Failed.Replay(FailedMessageChoice.All, Ann with { Why = "again" }, CancellationToken.None)).ShouldBe(0);
        await Fail(Failure("another-cause"));
        (await Host.Failed.Archive(new FailedMessageChoice(Id: null, "another-cause"), Ann, CancellationToken.None)).ShouldBe(1);
        (await Host.Failed.Archive(FailedMessageChoice.All, Ann with { Why = "again" }, CancellationToken.None)).ShouldBe(0);

        (await Host.Controls.Changes(ChangeFilter.All, limit: 10, CancellationToken.None))
            .Select(change =>
                (change.Subject, change.Who, change.Why, change.After.GetRawText().Replace(" ", "", StringComparison.Ordinal))
            )
            .ShouldBe([
                ("failed messages another-cause", "ann", "they are back", """{"archived":1}"""),
                ("failed messages", "ann", "they are back", $$"""{"replayed":{{Many}}}"""),
                ("failed messages", "ann", "they are back", """{"replayed":1}"""),
            ]);
        (await TakeDue()).Count.ShouldBe(Many);
    }

    [Fact]
    public async Task Should_be_put_back_once_whoever_clicks_at_the_same_moment()
    {
        for (var i = 0; i < Many; i++)
            await Fail(Failure());

        var replayed = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i =>
                    Task.Run(() => (i % 2 == 0 ? Host : AnotherHost).Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None))
                )
        );

        (replayed.Sum() + await Host.Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None)).ShouldBe(Many);
        var taken = await Host.Outgoing.TakeDue(Lease, 10 * Many, CancellationToken.None);
        taken.Select(message => message.ReplayOf!.Value).ShouldBeUnique();
        taken.Count.ShouldBe(Many);
    }

    [Fact]
    public async Task Should_be_archived_once_whoever_clicks_at_the_same_moment()
    {
        for (var i = 0; i < 50; i++)
            await Fail(Failure());

        var archived = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i =>
                    Task.Run(() => (i % 2 == 0 ? Host : AnotherHost).Failed.Archive(FailedMessageChoice.All, Ann, CancellationToken.None))
                )
        );

        archived.Sum().ShouldBe(50);
    }

    [Fact]
    public async Task Should_wake_whoever_publishes_on_another_host()
    {
        await Fail(Failure());
        var waiting = await WaitForDue(AnotherHost);

        await Host.Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None);

        await waiting.WaitAsync(Patience);
    }
}
