using System.Text.Json;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Subscriptions;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>18.2: streams of what becomes of all notifications that fit.</summary>
public abstract class When_a_stream_is_read(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    [Fact]
    public async Task Should_tell_what_was_stored_in_order_and_each_reader_from_its_place()
    {
        var (one, other) = (await Open(), await Open());
        var id = Guid.CreateVersion7();
        await Host.Store.Insert(Step(Notification(id), Told(one, "a", id, 1), Told(other, "x", id, 1)), CancellationToken.None);
        var next = (await AnotherHost.Store.Load(id, CancellationToken.None))!;
        await AnotherHost.Store.Update(Step(next, Told(one, "b", id, 1), Told(one, "c", id, 2)), CancellationToken.None);

        var told = await Read(one, 0);
        await Store(Told(one, "d"));

        told.Select(Sequence).ShouldBe([1, 2, 3]);
        told.Select(Name).ShouldBe(["a", "b", "c"]);
        told.Select(one => one.Number).ShouldBeInOrder(SortDirection.Ascending);
        (await Read(one, told[1].Number, AnotherHost)).Select(Name).ShouldBe(["c", "d"]);
        (await Read(one, 0)).Take(3).ShouldBe(told, "what has its number keeps it");
        (await Read(other, 0)).Select(Name).ShouldBe(["x"]);
    }

    [Fact]
    public async Task Should_number_so_many_at_once_and_the_rest_with_the_next()
    {
        var stream = await Open();
        await Store([.. Enumerable.Range(0, 7).Select(number => Told(stream, $"{number}"))]);

        for (var looks = 0; looks < 3; looks++)
            await Host.Streams.Advance([stream], 3, CancellationToken.None);

        (await AnotherHost.Streams.After(new StreamPlace(stream, 0), 100, CancellationToken.None))
            .Select(Name)
            .ShouldBe(["0", "1", "2", "3", "4", "5", "6"]);
        (await AnotherHost.Streams.After(new StreamPlace(stream, 0), 2, CancellationToken.None)).Select(Name).ShouldBe(["0", "1"]);
    }

    [Fact]
    public async Task Should_close_what_nobody_reads_and_keep_what_somebody_does()
    {
        var (read, unread) = (await Open(), await Open());
        await Store(Told(read, "old"), Told(unread, "old"));
        var old = (await Read(read, 0)).ShouldHaveSingleItem();

        await Record.Pass(2 * Hour);
        await Host.Streams.Advance([read], 100, CancellationToken.None);
        await Store(Told(read, "new"));
        await AnotherHost.Streams.Forget(Hour, CancellationToken.None);

        (await Host.Streams.Load(CancellationToken.None)).Select(one => one.Id).ShouldBe([read]);
        var extents = await Host.Streams.Advance([read, unread], 100, CancellationToken.None);
        extents.Keys.ShouldBe([read]);
        extents[read].After.ShouldBe(old.Number, "what was told long ago is not kept, and whoever has less is told so");
        (await Read(read, old.Number)).Select(Name).ShouldBe(["new"]);
        (await Read(read, old.Number - 1)).ShouldBeEmpty("what is left of it would hide that some is gone");
        await Store(Told(unread, "to nobody"));
        (await Read(unread, 0)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_the_filter_that_it_was_opened_with()
    {
        var opened = new StreamListener
        {
            Id = Guid.CreateVersion7(),
            Application = "shop",
            Events = [HeardEvents.DeliverySent, HeardEvents.Failed],
            Category = "order-placed",
            Recipient = "seller-42",
            Key = KeyValuePair.Create("order", "4711"),
        };
        (await Host.Streams.Open(opened, CancellationToken.None)).ShouldBeTrue();

        var found = (await AnotherHost.Streams.Load(CancellationToken.None)).ShouldHaveSingleItem();

        found.Events.ShouldBe(opened.Events);
        (found with { Events = opened.Events }).ShouldBe(opened);
    }

    [Fact]
    public async Task Should_open_no_more_than_there_may_be_whoever_opens_them()
    {
        var opened = await Task.WhenAll(
            Enumerable.Range(0, StreamListener.Most + 5).Select(number => Open(number % 2 == 0 ? Host : AnotherHost, "shop"))
        );

        opened.Count(one => one).ShouldBe(StreamListener.Most);
        (await Open(Host, "wallet")).ShouldBeTrue("another application has room of its own");
        (await Open(Host, application: null)).ShouldBeTrue("and so have those who see all");
        await Record.Pass(2 * StreamListener.LeftAloneAfter);
        (await Open(Host, "shop")).ShouldBeTrue("one that nobody reads makes room");
        var all = await Host.Streams.Load(CancellationToken.None);
        all.Count(one => one.Application == "shop").ShouldBe(StreamListener.Most);
        await Host.Streams.Advance([.. all.Select(one => one.Id)], 100, CancellationToken.None);
        (await Open(Host, "shop")).ShouldBeFalse("and none that somebody reads");

        static Task<bool> Open(HostOfTheRecord host, string? application) =>
            host.Streams.Open(
                new StreamListener
                {
                    Id = Guid.CreateVersion7(),
                    Application = application,
                    Events = [HeardEvents.DeliverySent],
                },
                CancellationToken.None
            );
    }

    protected async Task<Guid> Open()
    {
        var id = Guid.CreateVersion7();
        (
            await Host.Streams.Open(new StreamListener { Id = id, Events = [HeardEvents.DeliverySent] }, CancellationToken.None)
        ).ShouldBeTrue();
        return id;
    }

    /// <summary>Stores a notification for each, in order.</summary>
    protected async Task Store(params HeardEvent[] all)
    {
        foreach (var heard in all)
            (await Host.Store.Insert(Step(Notification(heard.NotificationId), heard), CancellationToken.None)).ShouldBeTrue();
    }

    protected async Task<IReadOnlyList<StreamedEvent>> Read(Guid stream, long after, HostOfTheRecord? host = null)
    {
        await (host ?? Host).Streams.Advance([stream], 1000, CancellationToken.None);
        return await (host ?? Host).Streams.After(new StreamPlace(stream, after), 1000, CancellationToken.None);
    }

    protected HeardEvent Told(Guid stream, string name) => Told(stream, name, Guid.CreateVersion7(), 1);

    HeardEvent Told(Guid stream, string name, Guid notification, int number) =>
        new(Guid.CreateVersion7(), stream, notification, number, HeardEvents.DeliverySent, Record.Now, $$"""{"n":"{{name}}"}""");

    static NotificationStep Step(NotificationState notification, params HeardEvent[] heard) =>
        new(notification, Guid.CreateVersion7(), []) { Heard = heard };

    static string Name(StreamedEvent told) => JsonElement.Parse(told.Body).GetProperty("data").GetProperty("n").GetString()!;

    static int Sequence(StreamedEvent told) => JsonElement.Parse(told.Body).GetProperty("data").GetProperty("sequence").GetInt32();
}
