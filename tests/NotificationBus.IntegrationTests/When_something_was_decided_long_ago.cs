using NotificationBus.Failures;
using NotificationBus.Postgres;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.AnyRecord;

namespace NotificationBus.IntegrationTests;

/// <summary>B: what is kept for ever. Failed messages and changes go when nobody has to decide about them any more.</summary>
[Trait("Server", "PostgreSQL")]
public sealed class When_something_was_decided_long_ago(BusAndDatabase servers) : With_failed_messages(() => PostgresRecord.Create(servers))
{
    [Fact]
    public async Task Should_forget_failed_messages_that_were_decided_and_keep_those_that_wait()
    {
        var (replayed, archived, waits, young) = (Failure("replayed"), Failure("archived"), Failure("waits"), Failure("young"));
        foreach (var failure in new[] { replayed, archived, waits })
            await Fail(failure);
        await Host.Failed.Replay(new FailedMessageChoice(replayed.Id, Cause: null), Ann, CancellationToken.None);
        await Host.Failed.Archive(new FailedMessageChoice(archived.Id, Cause: null), Ann, CancellationToken.None);
        await Record.Pass(Record.Retention.FailedMessages - Hour);
        await Fail(young);
        await Host.Failed.Archive(new FailedMessageChoice(young.Id, Cause: null), Ann, CancellationToken.None);

        await Forget();
        (await Listed(new FailedMessageFilter { Limit = 10 })).Count.ShouldBe(4, "none is old enough");
        await Record.Pass(2 * Hour);
        await Forget();

        (await Listed(new FailedMessageFilter { Limit = 10 })).ShouldBe([young.Id, waits.Id]);
    }

    /// <summary>It goes as old as the decision is: who has put it back, and what they edited, is asked for later.</summary>
    [Fact]
    public async Task Should_keep_what_was_put_back_lately_however_long_it_had_waited()
    {
        var failure = Failure("waited for months");
        await Fail(failure);
        await Record.Pass(Record.Retention.FailedMessages + Hour);
        await Host.Failed.Replay(new FailedMessageChoice(failure.Id, Cause: null), Ann, CancellationToken.None);

        await Forget();

        (await Listed(new FailedMessageFilter { Limit = 10 })).ShouldBe([failure.Id]);
    }

    [Fact]
    public async Task Should_forget_changes_that_are_old()
    {
        await Note("old");
        await Record.Pass(Record.Retention.Changes - Hour);
        await Note("young");

        await Forget();
        (await Noted()).ShouldBe(["young", "old"], "none is old enough");
        await Record.Pass(2 * Hour);
        await Forget();

        (await Noted()).ShouldBe(["young"]);
    }

    [Fact]
    public async Task Should_forget_the_oldest_changes_when_they_are_too_many()
    {
        Record.Retention.ChangesCount = 3;
        foreach (var subject in new[] { "1", "2", "3" })
            await Note(subject);
        await Forget();
        (await Noted()).ShouldBe(["3", "2", "1"], "they are no more than that");

        foreach (var subject in new[] { "4", "5" })
            await Note(subject);
        await Forget();

        (await Noted()).ShouldBe(["5", "4", "3"]);
    }

    [Fact]
    public async Task Should_forget_no_change_of_an_operator_because_automation_made_too_many()
    {
        Record.Retention.ChangesCount = 3;
        await Note("1");
        foreach (var account in new[] { "a", "b", "c", "d" })
            await Host.Health.Open(account, Hour, "it does not answer", needsAttention: false);

        await Forget();

        (await Noted()).ShouldBe(["provider d", "provider c", "provider b", "1"]);
    }

    Task Forget() => ((PostgresRecord)Record).Of<Retention>().ForgetWhatIsDecided(CancellationToken.None);

    Task Note(string subject) =>
        Host.Controls.Note(subject, Ann, System.Text.Json.JsonSerializer.SerializeToElement("something"), CancellationToken.None);

    async Task<IEnumerable<string>> Noted() =>
        (await AnotherHost.Controls.Changes(ChangeFilter.All, 10, CancellationToken.None)).Select(change => change.Subject);
}
