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
    public async Task Should_go_out_as_somebody_has_edited_it_with_both_bodies_on_record()
    {
        var failed = Failure() with { ContentType = "application/x-theirs" };
        await Fail(failed);
        var edited = Edited(failed.MessageId!, "blue");
        var choice = new FailedMessageChoice(failed.Id, Cause: null) { Edited = edited };

        (await Host.Failed.Replay(choice, Ann with { OnBehalfOf = "som" }, CancellationToken.None)).ShouldBe(1);
        (await AnotherHost.Failed.Replay(choice, Ann, CancellationToken.None)).ShouldBe(0, "it was put back");

        var taken = (await AnotherHost.Outgoing.TakeDue(Lease, 10, CancellationToken.None)).ShouldHaveSingleItem();
        (taken.MessageId, taken.Destination, taken.ContentType, taken.MessageTypes, taken.Headers, taken.ReplayOf).ShouldBe(
            (
                Guid.Parse(failed.MessageId!),
                failed.Destination,
                "application/vnd.masstransit+json",
                "urn:message:One;urn:message:Other",
                failed.Headers,
                failed.Id
            )
        );
        taken.Body.ToArray().ShouldBe(edited.Body.ToArray());
        var found = (await AnotherHost.Failed.Find(failed.Id, CancellationToken.None))!;
        (found.Summary.State, found.Summary.ReplayedBy).ShouldBe((FailedMessageState.Replayed, "ann"));
        found.Body.ShouldBe(failed.Body, "what came stays as it is");
        var edit = found.Edits.ShouldHaveSingleItem();
        edit.Body.ShouldBe(edited.Body.ToArray());
        edit.By.ShouldBe(Ann with { OnBehalfOf = "som" });
        edit.At.ShouldBe(Record.Now, Lease);
        var change = (await Host.Controls.Changes(ChangeFilter.All, limit: 10, CancellationToken.None)).ShouldHaveSingleItem();
        (change.Subject, change.After.GetProperty("replayed").GetInt32(), change.After.GetProperty("edited").GetInt32()).ShouldBe(
            ($"failed message {failed.Id}", 1, 1)
        );
    }

    [Fact]
    public async Task Should_keep_each_edited_body_of_a_message_that_fails_again_and_again()
    {
        var failed = Failure();
        await Fail(failed);
        foreach (var text in new[] { "blue", "green" })
        {
            var choice = new FailedMessageChoice(failed.Id, Cause: null) { Edited = Edited(failed.MessageId!, text) };
            (await Host.Failed.Replay(choice, Ann, CancellationToken.None)).ShouldBe(1);
            // Its producer has published the first one once more.
            await Fail(failed with { FailureId = Guid.NewGuid() });
        }

        var found = (await AnotherHost.Failed.Find(failed.Id, CancellationToken.None))!;
        (found.Summary.State, found.Summary.Times).ShouldBe((FailedMessageState.Failed, 3));
        found
            .Edits.Select(edit => System.Text.Json.JsonElement.Parse(edit.Body).GetProperty("message").GetProperty("text").GetString())
            .ShouldBe(["blue", "green"]);
        found.Edits[1].Number.ShouldBeGreaterThan(found.Edits[0].Number);
        var bytes = (await AnotherHost.Failed.Room(CancellationToken.None)).Bytes;
        bytes.ShouldBe(failed.Body.Length + found.Edits.Sum(edit => edit.Body.Length));
    }

    [Fact]
    public async Task Should_name_what_was_edited_when_that_fails_in_its_turn()
    {
        var failed = Failure();
        await Fail(failed);
        var edited = Edited(failed.MessageId!, "blue");
        await Host.Failed.Replay(new FailedMessageChoice(failed.Id, Cause: null) { Edited = edited }, Ann, CancellationToken.None);
        var again = Failure() with { ReplayOf = failed.Id, MessageId = failed.MessageId, Body = edited.Body.ToArray() };
        var stranger = Failure() with { ReplayOf = failed.Id, Body = [9] };

        await Fail(again);
        await Fail(stranger);

        (await Found(again.Id)).EditOf.ShouldBe(failed.Id);
        (await Found(failed.Id)).State.ShouldBe(FailedMessageState.Replayed);
        (await Found(failed.Id)).EditOf.ShouldBeNull();
        (await Found(stranger.Id)).EditOf.ShouldBeNull("nobody has put that back");
    }

    static EditedBody Edited(string messageId, string text)
    {
        var body =
            $$"""{"messageId":"{{messageId}}","messageType":["urn:message:One","urn:message:Other"],"message":{"text":"{{text}}"} }""";
        var (edited, refusal) = EditedBody.Read(System.Text.Encoding.UTF8.GetBytes(body), messageId);
        refusal.ShouldBeNull();
        return edited!;
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
