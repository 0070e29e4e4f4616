using NotificationBus.Failures;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Tests.AnyRecord;

public abstract class With_failed_messages(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    protected static readonly ChangedBy Ann = new("ann", "they are back");

    protected Task Fail(Failure failure, HostOfTheRecord? host = null) => (host ?? Host).Failed.Record(failure, CancellationToken.None);

    protected async Task<FailedMessageSummary> Found(Guid id) =>
        (await AnotherHost.Failed.Find(id, CancellationToken.None)).ShouldNotBeNull().Summary;

    protected async Task<IReadOnlyList<Guid>> Listed(FailedMessageFilter filter) =>
        [.. (await AnotherHost.Failed.Search(filter, CancellationToken.None)).Select(message => message.Id)];

    /// <summary>A message of its own. Its id says nothing of when it came.</summary>
    protected static Failure Failure(string cause = "a-cause") =>
        new()
        {
            Id = Guid.NewGuid(),
            FailureId = Guid.NewGuid(),
            Queue = "a-queue",
            Destination = "exchange:a-queue",
            Explanation = new FailureExplanation(FailureKind.Failed, "AnException", "a reason", cause),
            MessageId = $"{Guid.NewGuid()}",
            MessageTypes = ["urn:message:Something", "urn:message:Anything"],
            ContentType = "application/json",
            Headers = """{"tenant": "north"}""",
            Body = [1, 2, 3, 4],
        };
}
