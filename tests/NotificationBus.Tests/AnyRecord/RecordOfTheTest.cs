using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Sms;
using NotificationBus.Failures;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Repairs;
using NotificationBus.Sending;
using NotificationBus.Subscriptions;
using NotificationBus.Templates;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>One record, empty at first, and the hosts that share it.</summary>
public abstract class RecordOfTheTest : IAsyncDisposable
{
    /// <summary>The record as one host sees it.</summary>
    public abstract HostOfTheRecord Host { get; }

    /// <summary>The same record as another host sees it.</summary>
    public abstract HostOfTheRecord AnotherHost { get; }

    /// <summary>The time of the hosts.</summary>
    public abstract DateTimeOffset Now { get; }

    /// <summary>The channels of the hosts.</summary>
    protected static ChannelSet Channels { get; } = new([new EmailChannel(), new SmsChannel(), new PushChannel()]);

    /// <summary>How much of what has failed the hosts keep. To be changed before anything is recorded.</summary>
    public RetentionOptions Retention { get; } = new();

    /// <summary>Lets time pass for everything that is in the record.</summary>
    public abstract Task Pass(TimeSpan time);

    /// <summary>As if all that is listed by time had been written at the same moment, as happens where much is written at once.</summary>
    public abstract Task LetAllHaveHappenedAtOnce();

    public abstract ValueTask DisposeAsync();
}

/// <summary>What one host does with the record.</summary>
public sealed record HostOfTheRecord(
    INotificationStore Store,
    IAttemptLedger Ledger,
    ISuppressions Suppressions,
    IOutgoingMessages Outgoing,
    IControls Controls,
    IProviderHealth Health,
    IUnfinishedNotifications Unfinished,
    IHeldDeliveries Held,
    IFailedMessages Failed,
    INotificationQueries Queries,
    IWithdrawals Withdrawals,
    IDailyCounts Counts,
    IRepairs Repairs,
    ISubscriptions Subscribers,
    IWebhookDeliveries Webhooks,
    IEventStreams Streams,
    ITemplateVersions Texts,
    ITraffic Traffic
);
