using NotificationBus.Failures;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_messages_have_failed(Func<Task<RecordOfTheTest>> create) : With_failed_messages(create)
{
    [Fact]
    public async Task Should_be_one_message_however_often_it_fails()
    {
        var failure = Failure();
        await Fail(failure);
        var first = await Found(failure.Id);

        await Record.Pass(Hour);
        await Fail(failure, AnotherHost);
        (await Found(failure.Id)).Times.ShouldBe(1, "the same failure was reported twice");
        var second = failure with
        {
            FailureId = Guid.CreateVersion7(),
            Explanation = new FailureExplanation(FailureKind.CannotBeRead, "Another", "another reason", "another-cause"),
        };
        await Fail(second, AnotherHost);
        await Fail(second);

        var last = await Found(failure.Id);
        (last.State, last.Times, last.Kind, last.ExceptionType, last.Reason, last.Cause).ShouldBe(
            (FailedMessageState.Failed, 2, FailureKind.CannotBeRead, "Another", "another reason", "another-cause")
        );
        last.FirstFailedAt.ShouldBe(Record.Now - Hour, Lease);
        last.FailedAt.ShouldBe(Record.Now, Lease);
        first.FailedAt.ShouldBe(first.FirstFailedAt);
        (await Listed(new FailedMessageFilter { Limit = 10 })).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_the_one_that_was_replayed_when_it_fails_again_and_is_that()
    {
        var failure = Failure();
        await Fail(failure);
        await Host.Failed.Replay(FailedMessageChoice.All, Ann, CancellationToken.None);
        var again = failure with { Id = Guid.CreateVersion7(), FailureId = Guid.CreateVersion7(), ReplayOf = failure.Id };

        await Fail(again with { Id = Guid.CreateVersion7(), Queue = "another-queue" }, AnotherHost);
        await Fail(again with { Id = Guid.CreateVersion7(), Body = [9] }, AnotherHost);
        (await Found(failure.Id)).State.ShouldBe(FailedMessageState.Replayed, "anybody can say what it replays");
        await Fail(again, AnotherHost);

        (await Host.Failed.Find(again.Id, CancellationToken.None)).ShouldBeNull();
        var found = await Found(failure.Id);
        (found.State, found.Times, found.ReplayedBy).ShouldBe((FailedMessageState.Failed, 2, "ann"));
        (await Listed(new FailedMessageFilter { Limit = 10 })).Count.ShouldBe(3);
    }

    [Fact]
    public async Task Should_be_found_by_state_cause_and_queue()
    {
        var (plain, cause, queue, archived) = (
            Failure(),
            Failure("another-cause"),
            Failure() with
            {
                Queue = "another-queue",
            },
            Failure("archived")
        );
        foreach (var failure in new[] { plain, cause, queue, archived })
            await Fail(failure);
        await Host.Failed.Archive(new FailedMessageChoice(archived.Id, Cause: null), Ann, CancellationToken.None);
        var all = new FailedMessageFilter { Limit = 10 };

        (await Listed(all)).Count.ShouldBe(4);
        (await Listed(all with { State = FailedMessageState.Archived })).ShouldBe([archived.Id]);
        (await Listed(all with { Cause = "another-cause" })).ShouldBe([cause.Id]);
        (await Listed(all with { Queue = "another-queue" })).ShouldBe([queue.Id]);
        (await Listed(all with { State = FailedMessageState.Failed, Cause = "a-cause", Queue = "a-queue" })).ShouldBe([plain.Id]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_come_page_by_page_and_everything_exactly_once(bool allAtOnce)
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 20; i++)
        {
            var failure = Failure();
            ids.Insert(0, failure.Id);
            await Fail(failure);
            if (!allAtOnce)
                await Record.Pass(Second);
        }

        if (allAtOnce)
            await Record.LetAllHaveHappenedAtOnce();

        var seen = new List<Guid>();
        var filter = new FailedMessageFilter { Limit = 3 };
        for (
            var page = await Page(filter);
            page.Count > 0;
            page = await Page(filter with { After = new FailedMessageCursor(page[^1].FailedAt, page[^1].Id) })
        )
        {
            page.Count.ShouldBeLessThanOrEqualTo(3);
            seen.AddRange(page.Select(message => message.Id));
        }

        seen.ShouldBe(ids, ignoreOrder: allAtOnce);

        Task<IReadOnlyList<FailedMessageSummary>> Page(FailedMessageFilter asked) =>
            AnotherHost.Failed.Search(asked, CancellationToken.None);
    }

    [Fact]
    public async Task Should_say_how_much_of_a_body_is_kept()
    {
        var (whole, cut) = (Failure(), Failure() with { Destination = null, Body = [1, 2, 3], BodyLength = 5_000_000_000 });
        await Fail(whole);
        await Fail(cut);

        var (one, other) = (await Found(whole.Id), await Found(cut.Id));
        (one.BodyLength, one.BodyKept, one.CanBeReplayed).ShouldBe((whole.Body.Length, null, true));
        (other.BodyLength, other.BodyKept, other.CanBeReplayed).ShouldBe((5_000_000_000, 3, false));
        var kept = (await Host.Failed.Find(whole.Id, CancellationToken.None))!;
        (kept.Headers, kept.Body.Length).ShouldBe((whole.Headers, whole.Body.Length));
        (kept.Summary.MessageId, kept.Summary.ContentType, kept.Summary.Queue).ShouldBe((whole.MessageId, whole.ContentType, whole.Queue));
        kept.Summary.MessageTypes.ShouldBe(whole.MessageTypes);
    }

    [Fact]
    public async Task Should_be_grouped_by_cause_the_largest_first_with_what_the_last_one_said()
    {
        await Fail(
            Failure("b") with
            {
                Explanation = new FailureExplanation(FailureKind.CannotBeRead, null, "first", "b"),
                Queue = "first-queue",
            }
        );
        await Record.Pass(Hour);
        await Fail(Failure("b") with { Explanation = new FailureExplanation(FailureKind.Failed, null, "last", "b"), Queue = "last-queue" });
        foreach (var cause in new[] { "d", "d", "d", "c", "a", "a" })
            await Fail(Failure(cause));
        await Fail(Failure("archived"));
        await Host.Failed.Archive(new FailedMessageChoice(Id: null, "archived"), Ann, CancellationToken.None);

        var causes = await AnotherHost.Failed.Causes(3, CancellationToken.None);

        causes.Select(cause => (cause.Cause, cause.Count)).ShouldBe([("d", 3), ("a", 2), ("b", 2)]);
        (causes[2].Kind, causes[2].Queue, causes[2].Reason).ShouldBe((FailureKind.Failed, "last-queue", "last"));
        (causes[2].LastFailedAt - causes[2].FirstFailedAt).ShouldBe(Hour, Lease);
        (await Host.Failed.Causes(10, CancellationToken.None)).Select(cause => cause.Cause).ShouldBe(["d", "a", "b", "c"]);
    }

    /// <summary>B: what is kept for ever.</summary>
    [Fact]
    public async Task Should_give_up_those_decided_longest_ago_when_there_is_no_room_and_none_that_waits()
    {
        Record.Retention.FailedMessagesCount = 3;
        var (first, second, third) = (Failure("first"), Failure("second"), Failure("third"));
        foreach (var failure in new[] { first, second, third })
        {
            await Fail(failure);
            await Record.Pass(Second);
        }

        await Should.ThrowAsync<NoRoomException>(() => Fail(Failure()));
        await Fail(first with { FailureId = Guid.CreateVersion7() });
        (await Found(first.Id)).Times.ShouldBe(2, "it takes no more room than before");

        foreach (var cause in new[] { "first", "third" })
            await Host.Failed.Archive(new FailedMessageChoice(Id: null, cause), Ann, CancellationToken.None);
        var fourth = Failure();
        await Fail(fourth);

        (await Listed(new FailedMessageFilter { Limit = 10 })).ShouldBe(
            [second.Id, first.Id, fourth.Id],
            ignoreOrder: true,
            "the third failed longest ago of those that were decided"
        );
        (await Host.Failed.Room(CancellationToken.None)).Count.ShouldBe(3);
    }

    /// <summary>A replay that fails again has its place already.</summary>
    [Fact]
    public async Task Should_need_no_room_for_what_was_replayed()
    {
        var (replayed, waits) = (Failure(), Failure());
        Record.Retention.FailedMessagesCount = 2;
        await Fail(replayed);
        await Fail(waits);
        await Host.Failed.Replay(new FailedMessageChoice(replayed.Id, Cause: null), Ann, CancellationToken.None);

        await Fail(replayed with { Id = Guid.CreateVersion7(), FailureId = Guid.CreateVersion7(), ReplayOf = replayed.Id });

        (await Listed(new FailedMessageFilter { Limit = 10, State = FailedMessageState.Failed })).ShouldBe(
            [replayed.Id, waits.Id],
            ignoreOrder: true
        );
        await Should.ThrowAsync<NoRoomException>(() => Fail(Failure() with { ReplayOf = replayed.Id, Body = [8] }));
        await Should.ThrowAsync<NoRoomException>(() =>
            Fail(Failure() with { ReplayOf = replayed.Id, Queue = "another-queue", Body = replayed.Body })
        );
    }

    [Fact]
    public async Task Should_take_no_more_bytes_than_there_is_room_for()
    {
        Record.Retention.FailedMessagesBytes = 100;
        await Fail(Failure() with { Body = new byte[60] });
        await Fail(Failure() with { Body = new byte[60] });
        (await Host.Failed.Room(CancellationToken.None)).Bytes.ShouldBe(120);

        await Should.ThrowAsync<NoRoomException>(() => Fail(Failure()));
        await Host.Failed.Archive(FailedMessageChoice.All, Ann, CancellationToken.None);
        await Fail(Failure());

        (await Host.Failed.Room(CancellationToken.None)).Bytes.ShouldBeLessThan(100);
    }

    /// <summary>Several at once of one host do not all find the last place.</summary>
    [Fact]
    public async Task Should_give_the_last_places_to_as_many_as_there_are()
    {
        Record.Retention.FailedMessagesCount = 5;

        var kept = await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        try
                        {
                            await Fail(Failure());
                            return true;
                        }
                        catch (NoRoomException)
                        {
                            return false;
                        }
                    })
                )
        );

        kept.Count(isKept => isKept).ShouldBe(5);
        (await Listed(new FailedMessageFilter { Limit = 100 })).Count.ShouldBe(5);
    }
}
