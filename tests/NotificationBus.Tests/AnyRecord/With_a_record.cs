using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>
/// A situation every record has to master, in memory and in PostgreSQL: written once, and inherited where each of them is tested
/// (the integration tests compile this folder too).
/// </summary>
public abstract class With_a_record(Func<Task<RecordOfTheTest>> create) : IAsyncLifetime
{
    protected static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    protected static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    protected static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    // Only a test that fails waits this long.
    protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    protected RecordOfTheTest Record { get; private set; } = null!;

    protected HostOfTheRecord Host => Record.Host;

    protected HostOfTheRecord AnotherHost => Record.AnotherHost;

    public async ValueTask InitializeAsync() => Record = await create();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Record.DisposeAsync();
    }

    protected Task<bool> Insert(Guid id, params OutgoingMessage[] messages) => Insert(id, Guid.CreateVersion7(), messages);

    protected Task<bool> Insert(Guid id, Guid inputId, params OutgoingMessage[] messages) =>
        Host.Store.Insert(new NotificationStep(Notification(id), inputId, messages), CancellationToken.None);

    protected async Task<IReadOnlyList<Guid>> TakeDue(int limit = 1000, HostOfTheRecord? host = null) =>
        [.. (await (host ?? Host).Outgoing.TakeDue(Lease, limit, CancellationToken.None)).Select(message => message.MessageId)];

    /// <summary>Everything there is, however far off it is due.</summary>
    protected async Task<IReadOnlyList<Guid>> TakeAll()
    {
        await Record.Pass(TimeSpan.FromDays(2));
        return await TakeDue();
    }

    protected Task Schedule(params OutgoingMessage[] messages) => Host.Outgoing.Schedule(messages, CancellationToken.None);

    /// <summary>Somebody who waits for what is due on a host that listens already, so that nothing but a call wakes it.</summary>
    protected async Task<Task> WaitForDue(HostOfTheRecord host)
    {
        // Returns at once, for one is due; from then on this host listens.
        var due = Message(DateTimeOffset.UnixEpoch);
        await Schedule(due);
        await host.Outgoing.WaitForDue(Hour, CancellationToken.None).WaitAsync(Patience);
        await Host.Outgoing.Cancel(due.MessageId, CancellationToken.None);
        return host.Outgoing.WaitForDue(Hour, CancellationToken.None);
    }

    protected static NotificationState Notification(Guid id) =>
        new()
        {
            CorrelationId = id,
            CurrentState = "Sending",
            EventName = "order-placed",
            Category = "order-placed",
            Recipient = new Contact { Id = "seller-42" },
            Data = JsonElement.Parse("{}"),
            CreatedAt = DateTimeOffset.UnixEpoch,
            ExpiresAt = DateTimeOffset.UnixEpoch.AddDays(1),
        };

    /// <summary>A message that is due then; without a time it is due when whoever keeps it says.</summary>
    protected static OutgoingMessage Message(DateTimeOffset? dueAt = null, string destination = "exchange:send-email") =>
        new()
        {
            MessageId = Guid.CreateVersion7(),
            Destination = destination,
            ContentType = "application/json",
            MessageTypes = "urn:message:Something;urn:message:Anything",
            Body = """{"a":1}"""u8.ToArray(),
            DueAt = dueAt,
        };
}
