using NotificationBus.Contracts;
using NotificationBus.Failures;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Sending;
using NotificationBus.Tests.AnyRecord;
using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>Tests that do not bite: what hosts tell each other that only they know of.</summary>
[Trait("Server", "PostgreSQL")]
public sealed class When_hosts_share_a_database(BusAndDatabase servers) : With_a_record(() => PostgresRecord.Create(servers))
{
    [Fact]
    public async Task Should_count_how_often_a_message_has_ended_a_process()
    {
        var (suspect, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        (await Mine.Deaths(suspect, CancellationToken.None)).ShouldBe(0);

        (await Mine.Begin(suspect, CancellationToken.None)).ShouldBe(0);
        (await Theirs.Begin(suspect, CancellationToken.None)).ShouldBe(1);
        (await Theirs.Begin(suspect, CancellationToken.None)).ShouldBe(2);
        (await Mine.Begin(other, CancellationToken.None)).ShouldBe(0);

        await Mine.End(other, CancellationToken.None);
        (await Mine.Deaths(other, CancellationToken.None)).ShouldBe(0);
        (await Mine.Deaths(suspect, CancellationToken.None)).ShouldBe(3);
    }

    [Fact]
    public async Task Should_forget_a_suspect_that_has_not_come_back_for_a_day()
    {
        var (gone, back) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        foreach (var suspect in new[] { gone, back })
            await Mine.Begin(suspect, CancellationToken.None);
        await Postgres.Execute("UPDATE suspect_message SET begun_at = begun_at - interval '25 hours'");
        await Mine.Begin(back, CancellationToken.None);

        await Theirs.End(Guid.CreateVersion7(), CancellationToken.None);

        (await Mine.Deaths(gone, CancellationToken.None)).ShouldBe(0);
        (await Mine.Deaths(back, CancellationToken.None)).ShouldBe(2);
    }

    [Fact]
    public async Task Should_write_what_a_sandbox_caught_only_while_somebody_looks()
    {
        (await MyInbox.AreWanted(CancellationToken.None)).ShouldBeFalse();
        await TheirInbox.After(0, CancellationToken.None);
        (await MyInbox.AreWanted(CancellationToken.None)).ShouldBeTrue();

        await Postgres.Execute("UPDATE inbox SET read_at = now() - interval '31 seconds'");
        (await MyInbox.AreWanted(CancellationToken.None)).ShouldBeFalse();
        await TheirInbox.After(0, CancellationToken.None);
        (await MyInbox.AreWanted(CancellationToken.None)).ShouldBeTrue("somebody looks again");
    }

    [Fact]
    public async Task Should_show_what_a_sandbox_caught_in_its_order_and_once_to_each()
    {
        await MyInbox.Add([.. Enumerable.Range(0, 50).Select(Caught)], 100, CancellationToken.None);
        var (_, first) = await TheirInbox.After(0, CancellationToken.None);
        await MyInbox.Add([.. Enumerable.Range(50, 50).Select(Caught)], 100, CancellationToken.None);
        var (_, then) = await TheirInbox.After(first[^1].Number, CancellationToken.None);

        first.Concat(then).Select(one => one.Caught.Text).ShouldBe(Enumerable.Range(0, 100).Select(i => $"{i}"));
        first[0].Caught.At.ShouldBe(DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public async Task Should_keep_the_newest_that_a_sandbox_caught()
    {
        await MyInbox.Add([.. Enumerable.Range(0, 5).Select(Caught)], 3, CancellationToken.None);
        (await Texts()).ShouldBe(["2", "3", "4"]);
        await TheirInbox.Add([Caught(5)], 3, CancellationToken.None);
        (await Texts()).ShouldBe(["3", "4", "5"]);
    }

    [Fact]
    public async Task Should_clear_the_inbox_for_all_and_say_so()
    {
        await MyInbox.Add([Caught(0)], 3, CancellationToken.None);
        var (before, _) = await MyInbox.After(0, CancellationToken.None);
        (await TheirInbox.After(0, CancellationToken.None)).Edition.ShouldBe(before, "nobody has cleared it");

        await TheirInbox.Clear(CancellationToken.None);

        var (after, shown) = await MyInbox.After(0, CancellationToken.None);
        after.ShouldNotBe(before);
        shown.ShouldBeEmpty();
    }

    /// <summary>Whoever reads goes on after the last number it has seen: none may become visible behind it.</summary>
    [Fact]
    public async Task Should_show_nothing_that_a_sandbox_caught_before_what_was_caught_earlier()
    {
        await using var earlier = await Postgres.Begin(
            "SELECT pg_advisory_xact_lock(2026112960); INSERT INTO caught_delivery (at, delivery) VALUES (now(), 'earlier')"
        );
        var later = MyInbox.Add([Caught(1)], 10, CancellationToken.None);
        await Postgres.UntilSomebodyWaits();
        (await TheirInbox.After(0, CancellationToken.None)).Added.ShouldBeEmpty();

        await earlier.Commit();
        await later.WaitAsync(Patience);

        (await Texts()).ShouldBe(["earlier", "1"]);
    }

    /// <summary>A turn that the database did not give is none.</summary>
    [Fact]
    public async Task Should_give_no_turn_that_the_database_does_not_give()
    {
        await Postgres.Execute("ALTER TABLE provider_slot RENAME TO provider_slot_away");
        await Should.ThrowAsync<PostgresException>(() => Host.Health.Reserve("smtp", perSecond: 1, Lane.Transactional).WaitAsync(Patience));

        await Postgres.Execute("ALTER TABLE provider_slot_away RENAME TO provider_slot");
        (await Host.Health.Reserve("smtp", perSecond: 1, Lane.Transactional).WaitAsync(Patience)).ShouldBeLessThanOrEqualTo(TimeSpan.Zero);
    }

    /// <summary>What a version has written that did not know how long a time was meant to be away.</summary>
    [Fact]
    public async Task Should_believe_times_of_an_earlier_version()
    {
        await Host.Health.Open("smtp", Hour, "it does not answer", needsAttention: false);
        await Host.Health.Pause("another", Hour, "too many", cut: null);
        await Host.Health.Open("probed", Second, "it does not answer", needsAttention: false);
        await Record.Pass(Second);
        await Host.Health.TryProbe("probed", Hour);
        await Postgres.Execute("UPDATE provider_health SET open_for = NULL, probe_for = NULL, paused_for = NULL");

        (await AnotherHost.Health.TryProbe("smtp", Lease)).ShouldBeFalse();
        (await AnotherHost.Health.TryProbe("probed", Lease)).ShouldBeFalse();
        ((await AnotherHost.Controls.Load(CancellationToken.None)).HealthOf("another").PausedUntil - Record.Now).ShouldBe(Hour, Lease);
    }

    [Fact]
    public async Task Should_keep_when_a_step_was_stored_and_a_setting_changed()
    {
        var id = Guid.CreateVersion7();
        await Insert(id);
        await Host.Controls.ChangeChannel(
            "email",
            _ => new ChannelControl { Paused = true },
            new ChangedBy("ann", "why"),
            CancellationToken.None
        );
        await Postgres.Execute("UPDATE notification SET changed_at = 'epoch'; UPDATE channel_control SET changed_at = 'epoch'");

        var stored = (await Host.Store.Load(id, CancellationToken.None))!;
        await Host.Store.Update(new(stored, Guid.CreateVersion7(), []), CancellationToken.None);
        await Host.Controls.ChangeChannel("email", _ => new ChannelControl(), new ChangedBy("ann", "why"), CancellationToken.None);

        (await Postgres.Execute("DELETE FROM notification WHERE changed_at > now() - interval '1 minute'")).ShouldBe(1);
        (await Postgres.Execute("DELETE FROM channel_control WHERE changed_at > now() - interval '1 minute'")).ShouldBe(1);
    }

    static CaughtText Caught(int number) => new(DateTimeOffset.UnixEpoch, $"{number}");

    async Task<IEnumerable<string>> Texts() => (await TheirInbox.After(0, CancellationToken.None)).Added.Select(one => one.Caught.Text);

    PostgresRecord Postgres => (PostgresRecord)Record;

    IPoisonMessages Mine => Postgres.Of<IPoisonMessages>();

    IPoisonMessages Theirs => Postgres.Of<IPoisonMessages>(host: 1);

    ICaughtDeliveries MyInbox => Postgres.Of<ICaughtDeliveries>();

    ICaughtDeliveries TheirInbox => Postgres.Of<ICaughtDeliveries>(host: 1);
}
