using Microsoft.Extensions.Options;
using NotificationBus.Embedded;
using NotificationBus.Tests.AnyRecord;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Embedded;

public sealed class When_a_step_is_stored_in_memory() : When_a_step_is_stored(InMemoryRecord.Create);

public sealed class When_steps_are_kept_in_memory() : When_steps_are_kept(InMemoryRecord.Create);

public sealed class When_messages_are_due_in_memory() : When_messages_are_due(InMemoryRecord.Create);

public sealed class When_a_text_is_like_no_other_in_memory() : When_a_text_is_like_no_other(InMemoryRecord.Create);

public sealed class When_texts_are_deployed_in_memory() : When_texts_are_deployed(InMemoryRecord.Create);

public sealed class When_deliveries_are_counted_in_memory() : When_deliveries_are_counted(InMemoryRecord.Create);

public sealed class When_a_day_is_counted_in_memory() : When_a_day_is_counted(InMemoryRecord.Create);

public sealed class When_a_call_is_claimed_in_memory() : When_a_call_is_claimed(InMemoryRecord.Create);

public sealed class When_a_delivery_is_cancelled_in_memory() : When_a_delivery_is_cancelled(InMemoryRecord.Create);

public sealed class When_a_key_is_withdrawn_in_memory() : When_a_key_is_withdrawn(InMemoryRecord.Create);

public sealed class When_subscribers_are_told_in_memory() : When_subscribers_are_told(InMemoryRecord.Create);

public sealed class When_a_stream_is_read_in_memory() : When_a_stream_is_read(InMemoryRecord.Create);

public sealed class When_a_receipt_names_a_delivery_in_memory() : When_a_receipt_names_a_delivery(InMemoryRecord.Create);

public sealed class When_a_repair_is_kept_in_memory() : When_a_repair_is_kept(InMemoryRecord.Create);

public sealed class When_it_is_decided_about_what_is_held_in_memory() : When_it_is_decided_about_what_is_held(InMemoryRecord.Create);

public sealed class When_messages_have_failed_in_memory() : When_messages_have_failed(InMemoryRecord.Create);

public sealed class When_it_is_decided_about_failed_messages_in_memory() : When_it_is_decided_about_failed_messages(InMemoryRecord.Create);

public sealed class When_timers_are_set_anew_in_memory() : When_timers_are_set_anew(InMemoryRecord.Create);

public sealed class When_the_sweep_looks_in_memory() : When_the_sweep_looks(InMemoryRecord.Create);

public sealed class When_the_record_is_searched_in_memory() : When_the_record_is_searched(InMemoryRecord.Create);

public sealed class When_automation_changes_an_account_in_memory() : When_automation_changes_an_account(InMemoryRecord.Create);

public sealed class When_an_account_is_in_trouble_in_memory() : When_an_account_is_in_trouble(InMemoryRecord.Create);

public sealed class When_messages_wait_for_something_in_memory() : When_messages_wait_for_something(InMemoryRecord.Create);

public sealed class When_hosts_share_what_they_know_in_memory() : When_hosts_share_what_they_know(InMemoryRecord.Create);

/// <summary>There is one host in one process: the other one is the same.</summary>
sealed class InMemoryRecord : RecordOfTheTest
{
    readonly FakeTimeProvider _clock = new(A.Time);

    InMemoryRecord()
    {
        var outgoing = new InMemoryOutgoingMessages(_clock);
        var controls = new InMemoryControls(_clock, outgoing);
        var ledger = new InMemoryAttemptLedger(_clock, controls);
        var subscriptions = new InMemorySubscriptions(controls, _clock);
        var streams = new InMemoryEventStreams(_clock);
        var store = new InMemoryNotificationStore(ledger, outgoing, Channels, subscriptions, streams);
        Host = new HostOfTheRecord(
            store,
            ledger,
            ledger,
            outgoing,
            controls,
            controls,
            new InMemoryUnfinishedNotifications(store, outgoing, _clock),
            new InMemoryHeldDeliveries(store, outgoing, controls, _clock),
            new InMemoryFailedMessages(outgoing, controls, Options.Create(Retention), _clock),
            store,
            new InMemoryWithdrawals(store, _clock),
            new InMemoryDailyCounts(_clock),
            new InMemoryRepairs(outgoing, controls, _clock),
            subscriptions,
            subscriptions,
            streams,
            new InMemoryTemplateVersions(store, _clock),
            new InMemoryTraffic(store)
        );
    }

    public override HostOfTheRecord Host { get; }

    public override HostOfTheRecord AnotherHost => Host;

    public static Task<RecordOfTheTest> Create() => Task.FromResult<RecordOfTheTest>(new InMemoryRecord());

    public override DateTimeOffset Now => _clock.GetUtcNow();

    public override Task Pass(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }

    /// <summary>The clock stands still unless it is moved.</summary>
    public override Task LetAllHaveHappenedAtOnce() => Task.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
