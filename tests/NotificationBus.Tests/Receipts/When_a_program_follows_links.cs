using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Receipts;
using NotificationBus.Saga;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Receipts;

/// <summary>
/// What filters of mail servers do to links, and what people do: the former is on record and is not read, in whatever order it is reported.
/// </summary>
public sealed class When_a_program_follows_links
{
    const string Browser =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1";
    const string Telephone = "Mozilla/5.0 (Linux; Android 9; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36";

    static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Seconds after the delivery, which link, and by what.</summary>
    public static TheoryData<string, (double After, string? Link, string? By)[]> Filters() =>
        new()
        {
            { "before it lets the mail in", [(-2, "/order", Browser)] },
            { "as the mail arrives", [(0, "/order", Browser)] },
            { "a moment later", [(3, "/order", Browser)] },
            { "several seconds later", [(9.9, "/order", null)] },
            { "each link, one after the other, as it arrives", [(1, "/order", Browser), (2, "/help", Browser), (3, "/stop", Browser)] },
            { "all links at once, a minute later", [(60, "/order", Browser), (60.1, "/help", Browser), (60.4, "/stop", Browser)] },
            { "all links, one a second", [(90, "/order", Browser), (91, "/help", Browser), (92, "/stop", Browser)] },
            { "two links in the same second, as vendors count", [(3_600, "/order", Browser), (3_600, "/help", Browser)] },
            { "one as it arrives, the others later", [(2, "/order", Browser), (300, "/order", Browser), (301, "/help", Browser)] },
            {
                "again and again",
                [(1, "/a", null), (1, "/b", null), (600, "/a", null), (600.5, "/b", null), (7_200, "/b", null), (7_201, "/a", null)]
            },
            { "by a name that says so", [(300, "/order", "Mozilla/5.0 (compatible; LinkCheckBot/1.0)")] },
            { "without a window", [(600, "/order", "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/126.0.0.0 Safari/537.36")] },
            { "from a script", [(86_400, "/order", "python-requests/2.32.3")] },
            { "for a preview", [(40, "/order", "Mozilla/5.0 (Windows NT 6.1) SkypeUriPreview Preview/0.5")] },
            {
                "from many places",
                [.. Enumerable.Range(0, 40).Select(place => (30 + (place * 0.05), (string?)$"/{place}", (string?)Browser))]
            },
        };

    /// <summary>The same, and the second of the delivery at which it was read.</summary>
    public static TheoryData<string, (double After, string? Link, string? By)[], double> People() =>
        new()
        {
            { "soon", [(11, "/order", Browser)], 11 },
            { "after some minutes", [(300, "/order", Browser)], 300 },
            { "the next day", [(86_400, "/order", null)], 86_400 },
            { "twice on the same link", [(300, "/order", Browser), (300.4, "/order", Browser)], 300 },
            { "one link and then another", [(40, "/order", Browser), (48, "/help", Browser)], 40 },
            { "with a telephone called like a program", [(300, "/order", Telephone)], 300 },
            { "on what the vendor does not name", [(300, null, Browser), (301, null, Browser)], 300 },
            { "after a filter", [(1, "/order", null), (1, "/help", null), (200, "/order", Browser)], 200 },
            { "soon after a filter that came late", [(60, "/order", Browser), (60.3, "/help", Browser), (75, "/order", Browser)], 75 },
            { "between two filters", [(0, "/order", null), (120, "/order", Browser), (900, "/order", null), (900.2, "/help", null)], 120 },
            {
                "after a filter that followed very many",
                [
                    .. Enumerable.Range(0, 40).Select(place => (30 + (place * 0.05), (string?)$"/{place}", (string?)Browser)),
                    (500, "/order", Browser),
                ],
                500
            },
        };

    [Theory, MemberData(nameof(Filters))]
    public void Should_not_have_been_read(string how, (double After, string? Link, string? By)[] clicks)
    {
        foreach (var (delivery, order) in InManyOrders(clicks))
        {
            delivery.ReadAt.ShouldBeNull($"{how}: {order}");
            delivery.AutomaticReadAt.ShouldBe(Delivered.AddSeconds(clicks.Min(click => click.After)), $"{how}: {order}");
            delivery.Status.ShouldBe(DeliveryStatus.Confirmed);
        }
    }

    [Theory, MemberData(nameof(People))]
    public void Should_have_been_read_by_a_person(string how, (double After, string? Link, string? By)[] clicks, double readAfter)
    {
        foreach (var (delivery, order) in InManyOrders(clicks))
            delivery.ReadAt.ShouldBe(Delivered.AddSeconds(readAfter), $"{how}: {order}");
    }

    [Fact]
    public async Task Should_have_the_next_channel_tried()
    {
        await using var flow = await Start();
        var sent = await Sent(flow);
        flow.Clock.Advance(TimeSpan.FromMinutes(1));
        foreach (var link in (string[])["/order", "/help"])
            await flow.Report(Click(sent, link, flow));
        await Settle(flow);
        flow.Find(sent.CorrelationId)!.CurrentState.ShouldBe("Sending");

        flow.Clock.Advance(Limit);

        var end = await flow.Outcome(sent.CorrelationId);
        end.Deliveries[1].Status.ShouldBe(DeliveryStatus.Sent);
        var seen = (await flow.Queries.Find(sent.CorrelationId, CancellationToken.None))!.Deliveries[0];
        (seen.ReadAt, seen.AutomaticReadAt is null).ShouldBe((null, false));
    }

    [Fact]
    public async Task Should_leave_the_next_channel_out_when_a_person_follows_one_too()
    {
        await using var flow = await Start();
        var sent = await Sent(flow);
        await flow.Report(Click(sent, "/order", flow));
        await flow.Report(Click(sent, "/help", flow));
        await Settle(flow);
        flow.Clock.Advance(TimeSpan.FromMinutes(1));
        var clickedAt = flow.Clock.GetUtcNow();
        await flow.Report(Click(sent, "/order", flow));
        flow.Find(sent.CorrelationId)!.CurrentState.ShouldBe("Sending", "others that belong to it may come");

        await Settle(flow);

        var end = await flow.Outcome(sent.CorrelationId);
        (end.CurrentState, end.Deliveries[1].Status, end.EscalationToken).ShouldBe(("Delivered", DeliveryStatus.NotNeeded, null));
        end.Deliveries[0].ReadAt.ShouldBe(clickedAt);
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_at_once_that_it_was_read_when_nothing_depends_on_it()
    {
        await using var flow = await EmbeddedFlow.Start();
        var id = await flow.Tell(An.OrderPlaced());
        var end = await flow.Outcome(id);
        flow.Clock.Advance(TimeSpan.FromMinutes(1));

        await flow.Report(Click(end, "/order", flow));

        flow.Find(id)!.Deliveries[0].ReadAt.ShouldBe(flow.Clock.GetUtcNow());
        (await flow.Outgoing.TakeDue(TimeSpan.Zero, 10, CancellationToken.None)).ShouldBeEmpty();
    }

    static DateTimeOffset Delivered => A.Time.AddMinutes(1);

    /// <summary>What is known after all of it was reported, each a second time too, in different orders.</summary>
    static IEnumerable<(DeliveryState Delivery, string Order)> InManyOrders((double After, string? Link, string? By)[] clicks)
    {
        var chance = new Random(20261201);
        for (var round = 0; round < 50; round++)
        {
            var delivery = new DeliveryState
            {
                Id = Guid.CreateVersion7(),
                Channel = "email",
                Address = "som@example.com",
                Step = 1,
                Status = DeliveryStatus.Sending,
                BegunAt = A.Time,
            };
            var notification = new NotificationState { Deliveries = [delivery], ExpiresAt = A.Time.AddDays(30) };
            var steps = new NotificationSteps(
                intake: null!,
                planning: null!,
                packing: null!,
                Options.Create(new ReceiptsOptions()),
                applications: null!,
                new FakeTimeProvider(A.Time.AddSeconds(59))
            );
            var sent = new DeliverySent
            {
                NotificationId = default,
                DeliveryId = delivery.Id,
                Provider = "p",
            };
            var reports = clicks
                .Select(click =>
                    Report(ReceiptKind.Read, Delivered.AddSeconds(click.After)) with
                    {
                        Click = ReceiptClick.Of(click.Link, click.By),
                    }
                )
                .Append(Report(ReceiptKind.Confirmed, Delivered))
                .ToArray();
            DeliveryReceiptReceived[] told = [.. reports, .. reports];
            if (round > 0)
                chance.Shuffle(told);
            steps.Results.NoteSent(notification, sent);
            foreach (var report in told)
                steps.Receipts.NoteReceipt(notification, report);
            yield return (delivery, string.Join(", ", told.Select(report => $"{report.Kind} {(report.At - Delivered).TotalSeconds}")));

            DeliveryReceiptReceived Report(ReceiptKind kind, DateTimeOffset at) =>
                new()
                {
                    NotificationId = default,
                    DeliveryId = delivery.Id,
                    Provider = "p",
                    Kind = kind,
                    At = at,
                };
        }
    }

    static Task<EmbeddedFlow> Start() =>
        EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                EscalateAfter = Limit,
                EscalateUnless = DeliveryProof.Read,
            }
        );

    static async Task<NotificationState> Sent(EmbeddedFlow flow)
    {
        var id = await flow.Tell(An.OrderPlaced());
        return await flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Sent);
    }

    /// <summary>Waits until each click was looked at again.</summary>
    static async Task Settle(EmbeddedFlow flow)
    {
        var clicks = flow.Wire.Handled.Count(message => message.Type == nameof(LocateReceipt) && !IsSecond(message));
        flow.Clock.Advance(new ReceiptsOptions().ClickSettles);
        await flow.Pulse.Until(() =>
            flow.Wire.Handled.Count(message => message.Type == nameof(DeliveryReceiptReceived) && IsSecond(message)) >= clicks
        );

        static bool IsSecond(WireMessage message) =>
            System.Text.Encoding.UTF8.GetString(message.Body).Contains("\"clickIsSettled\": true", StringComparison.Ordinal)
            || System.Text.Encoding.UTF8.GetString(message.Body).Contains("\"clickIsSettled\":true", StringComparison.Ordinal);
    }

    static Receipt Click(NotificationState notification, string link, EmbeddedFlow flow) =>
        new()
        {
            Kind = ReceiptKind.Read,
            Id = $"{link} at {flow.Clock.GetUtcNow():O}",
            At = flow.Clock.GetUtcNow(),
            DeliveryId = notification.Deliveries[0].Id,
            Click = ReceiptClick.Of(link, Browser),
        };
}
