using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>18.2: what becomes of a notification, as server-sent events.</summary>
public sealed class When_a_service_reads_along(BusAndDatabase servers)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["EventTypes:order-placed:Channels"] = "email,push",
        ["EventTypes:announcement:Channels"] = "email",
        ["Webhooks:AllowPrivateAddresses"] = "true",
        ["Streams:MostPerHost"] = "2500",
        ["Intake:Connections"] = "4000",
    };

    [Fact]
    public async Task Should_be_told_what_subscribers_are_told_until_it_has_ended()
    {
        await using var host = await HostInProcess.Start(Settings);
        await using var subscriber = Subscriber.Start();
        (await host.Client.PostAsJsonAsync("/v1/subscriptions", new { url = subscriber.Url, events = All })).EnsureSuccessStatusCode();
        await Pause(host, paused: true);
        var id = await The_shop.Places(host, "read-along", pushToken: "demo-token");
        using var stream = await Open(host, id);
        stream.Answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        stream.Answer.Headers.CacheControl!.ToString().ShouldBe("no-store");
        stream.Answer.Headers.GetValues("X-Accel-Buffering").ShouldBe(["no"]);

        await Pause(host, paused: false);
        var told = await stream.ToEnd();

        told.Select(one => one.Type).ShouldBe(["delivery.sent", "delivery.sent", "notification.delivered"]);
        await Until(() => subscriber.Told.Count >= 3, "three webhooks");
        var bodies = told.Select(one => one.Body).ToList();
        bodies.Select(body => body.GetProperty("data").GetProperty("sequence").GetInt32()).ShouldBe([1, 2, 3]);
        foreach (var webhook in subscriber.Told)
            bodies.ShouldContain(body => $"{body.GetProperty("type")}" == webhook.Type && $"{Told(body)}" == $"{Told(webhook.Body)}");
        (await Status(host, id, told[^1].Id)).ShouldBe(HttpStatusCode.NoContent, "so a browser does not come again");
        using var again = await Open(host, id, told[0].Id);
        (await again.ToEnd()).Select(one => one.Id).ShouldBe([told[1].Id, told[2].Id]);
        (await Status(host, id, "nonsense")).ShouldBe(HttpStatusCode.BadRequest);
        (await Status(host, Guid.CreateVersion7())).ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Should_miss_nothing_and_hear_nothing_twice_in_a_thousand_reconnections_to_a_host_that_does_not_do_the_work()
    {
        const int Readers = 100;
        const int Each = 10;
        var (broker, database) = await servers.CreateBoth();
        await using var front = await HostInProcess.Start(broker, database, With("Roles", "api"));
        await using var back = await HostInProcess.Start(broker, database, With("Roles", "saga,sender,api"));
        await Pause(front, paused: true);
        var ids = new List<Guid>();
        for (var order = 0; order < Readers; order++)
            ids.Add(await The_shop.Places(back, $"order-{order}", pushToken: "demo-token"));
        foreach (var id in ids)
            await Until(
                async () => (await front.Client.GetAsync(new Uri($"/v1/notifications/{id}", UriKind.Relative))).IsSuccessStatusCode,
                "it has begun"
            );

        var connections = 0;
        var reading = ids.Select((id, reader) => ReadOn(id, new Random(reader))).ToList();
        await Until(() => Volatile.Read(ref connections) >= Readers * Each / 4, "some have come again before it goes on");
        await Pause(front, paused: false);
        var told = await Task.WhenAll(reading).WaitAsync(Patience);

        connections.ShouldBeGreaterThanOrEqualTo(Readers * Each);
        foreach (var one in told)
        {
            one.Select(happened => happened.Type).ShouldBe(["delivery.sent", "delivery.sent", "notification.delivered"]);
            one.Select(happened => happened.Body.GetProperty("data").GetProperty("sequence").GetInt32()).ShouldBe([1, 2, 3]);
            one.Take(2)
                .Select(happened => happened.Body.GetProperty("data").GetProperty("channel").GetString())
                .ShouldBe(["push", "email"], ignoreOrder: true);
        }

        async Task<List<Happened>> ReadOn(Guid id, Random random)
        {
            var heard = new List<Happened>();
            for (var times = 0; times < Each || heard.Count < 3; times++)
            {
                Interlocked.Increment(ref connections);
                using var stream = await Open(front, id, heard.LastOrDefault()?.Id);
                if (stream.Answer.StatusCode == HttpStatusCode.NoContent)
                    continue;
                await foreach (var happened in stream.For(TimeSpan.FromMilliseconds(random.Next(1, 200)), random.Next(1, 3)))
                    heard.Add(happened);
            }

            return heard;
        }
    }

    [Fact]
    public async Task Should_miss_nothing_of_all_that_fit_in_a_thousand_reconnections_to_two_hosts_of_which_one_dies()
    {
        const int Readers = 10;
        const int Each = 100;
        const int Orders = 300;
        var (broker, database) = await servers.CreateBoth();
        await using var front = await HostInProcess.Start(broker, database, With("Roles", "api,saga,sender"));
        var back = await HostProcess.Start(broker, database, Settings);
        var places = new List<string>();
        for (var reader = 0; reader < Readers; reader++)
        {
            using var stream = await OpenAll(front, "?category=order-placed", null);
            stream.Answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            places.Add(await stream.Opening());
        }

        // Both tell their steps to all of them from then on.
        await Until(
            async () => (await front.Client.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode,
            "the hosts are ready"
        );
        var connections = 0;
        var reading = places.Select((place, reader) => ReadOn(place, new Random(reader))).ToList();
        await Until(() => Volatile.Read(ref connections) >= 2 * Readers, "all have come again before anything happens");
        var ids = new List<Guid>();
        for (var order = 0; order < Orders; order++)
        {
            ids.Add(await The_shop.Places(front, $"order-{order}", pushToken: "demo-token"));
            if (order == Orders / 2)
                await back.DisposeAsync();
        }

        var told = await Task.WhenAll(reading).WaitAsync(Patience);

        connections.ShouldBeGreaterThanOrEqualTo(Readers * Each);
        foreach (var one in told)
        {
            one.Select(happened => happened.Id).Distinct(StringComparer.Ordinal).Count().ShouldBe(one.Count, "nothing twice");
            var byNotification = one.ToLookup(happened => happened.Body.GetProperty("data").GetProperty("notificationId").GetGuid());
            byNotification.Select(all => all.Key).ShouldBe(ids, ignoreOrder: true);
            foreach (var all in byNotification)
            {
                all.Select(happened => happened.Type)
                    .ShouldBe(["delivery.sent", "delivery.sent", "notification.delivered"], $"of {all.Key}");
                all.Select(happened => happened.Body.GetProperty("data").GetProperty("sequence").GetInt32()).ShouldBe([1, 2, 3]);
            }
        }

        async Task<List<Happened>> ReadOn(string place, Random random)
        {
            var heard = new List<Happened>();
            for (var times = 0; times < Each || heard.Count(one => one.Type == "notification.delivered") < Orders; times++)
            {
                Interlocked.Increment(ref connections);
                using var stream = await OpenAll(front, "", heard.LastOrDefault()?.Id ?? place);
                stream.Answer.StatusCode.ShouldBe(HttpStatusCode.OK);
                await foreach (var happened in stream.For(TimeSpan.FromMilliseconds(random.Next(1, 200)), random.Next(1, 40)))
                    heard.Add(happened);
            }

            return heard;
        }
    }

    [Fact]
    public async Task Should_hold_two_thousand_streams_in_200_MB_and_tell_all_of_them()
    {
        const int Streams = 2_000;
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostProcess.Start(broker, database, Settings);
        await Pause(host, paused: true);
        var wanted = Enumerable
            .Range(0, Streams)
            .Select(number => new
            {
                eventId = $"many-{number}",
                category = "announcement",
                recipient = new { id = $"seller-{number}", email = $"seller-{number}@example.com" },
                data = new { title = "Hours", text = "We open at nine." },
            });
        using var taken = await host.Client.PostAsJsonAsync("/v1/notifications/batch", wanted);
        taken.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var ids = (await taken.Content.ReadFromJsonAsync<JsonElement>())
            .GetProperty("items")
            .EnumerateArray()
            .Select(item => item.GetProperty("notification").GetProperty("id").GetGuid())
            .ToList();
        await Until(
            async () => (await host.Client.GetAsync(new Uri($"/v1/notifications/{ids[^1]}", UriKind.Relative))).IsSuccessStatusCode,
            "they have begun"
        );
        var before = Memory(host.Id);

        var streams = new ConcurrentBag<EventStream>();
        try
        {
            await Parallel.ForEachAsync(
                ids,
                new ParallelOptions { MaxDegreeOfParallelism = 16 },
                async (id, _) => streams.Add(await Open(host, id))
            );
            streams.ShouldAllBe(stream => stream.Answer.StatusCode == HttpStatusCode.OK);
            var open = Memory(host.Id);
            await Pause(host, paused: false);
            var told = await Task.WhenAll(streams.Select(stream => stream.ToEnd())).WaitAsync(Patience);

            told.ShouldAllBe(one => one.Count == 2 && one[1].Type == "notification.delivered");
            var after = Memory(host.Id);
            TestContext.Current.TestOutputHelper!.WriteLine(
                $"{before} MB before, {open} MB with {Streams} open, {after} MB when all were told"
            );
            (open - before).ShouldBeLessThan(200);
        }
        finally
        {
            foreach (var stream in streams)
                stream.Dispose();
        }
    }

    [Fact]
    public async Task Should_be_told_to_come_again_when_there_are_too_many_and_be_let_go_when_the_host_stops()
    {
        var host = await HostInProcess.Start(With("Streams:MostPerHost", "2"));
        await Pause(host, paused: true);
        var id = await The_shop.Places(host, "too-many");
        using var first = await Open(host, id);
        using var second = await Open(host, id);

        (await Status(host, id)).ShouldBe(HttpStatusCode.ServiceUnavailable);
        second.Dispose();
        await Until(
            async () =>
            {
                using var third = await Open(host, id);
                return third.Answer.StatusCode == HttpStatusCode.OK;
            },
            "the place of one that left is had again"
        );

        var ends = first.ToEnd();
        await host.DisposeAsync();
        (await ends.WaitAsync(Patience)).ShouldBeEmpty();
    }

    static readonly string[] All = ["notification.delivered", "delivery.sent"];

    static Dictionary<string, string> With(string name, string value) => new(Settings, StringComparer.Ordinal) { [name] = value };

    /// <summary>All but its number, which follows the order.</summary>
    static string Told(JsonElement body) =>
        string.Join(
            ',',
            body.GetProperty("data").EnumerateObject().Where(one => one.Name != "sequence").Select(one => $"{one.Name}:{one.Value}")
        );

    static long Memory(int process) => Process.GetProcessById(process).WorkingSet64 / 1024 / 1024;

    static async Task Pause(IRunningHost host, bool paused)
    {
        using var answer = await host.Client.PutAsJsonAsync(
            "/v1/channels/email",
            new
            {
                paused,
                by = "ann",
                why = "a test",
            }
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    static async Task<HttpStatusCode> Status(IRunningHost host, Guid id, string? lastEventId = null)
    {
        using var stream = await Open(host, id, lastEventId);
        return stream.Answer.StatusCode;
    }

    static async Task<EventStream> Open(IRunningHost host, Guid id, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/notifications/{id}/events");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        return new EventStream(await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
    }

    static async Task<EventStream> OpenAll(HostInProcess host, string query, string? lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/events{query}");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        return new EventStream(await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
    }

    static Task Until(Func<bool> condition, string what) => Until(() => Task.FromResult(condition()), what);

    static async Task Until(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"In vain for {Patience}: {what}");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    sealed record Happened(string Id, string Type, JsonElement Body);

    /// <summary>An open answer, read as a browser does.</summary>
    sealed class EventStream(HttpResponseMessage answer) : IDisposable
    {
        public HttpResponseMessage Answer => answer;

        /// <summary>The place before the first event.</summary>
        public async Task<string> Opening()
        {
            using var body = new StreamReader(await answer.Content.ReadAsStreamAsync(CancellationToken.None));
            (await body.ReadLineAsync(CancellationToken.None)).ShouldBe(": open");
            return (await body.ReadLineAsync(CancellationToken.None))!["id: ".Length..];
        }

        public async Task<List<Happened>> ToEnd()
        {
            var told = new List<Happened>();
            await foreach (var happened in For(Patience, int.MaxValue))
                told.Add(happened);
            return told;
        }

        /// <summary>What comes in that time, as many as that at most.</summary>
        public async IAsyncEnumerable<Happened> For(TimeSpan time, int most)
        {
            using var over = new CancellationTokenSource(time);
            var events = SseParser.Create(await answer.Content.ReadAsStreamAsync(CancellationToken.None)).EnumerateAsync(over.Token);
            await using var reader = events.GetAsyncEnumerator(CancellationToken.None);
            while (most-- > 0 && await HasNext())
                yield return new Happened(reader.Current.EventId!, reader.Current.EventType, JsonElement.Parse(reader.Current.Data));

            async Task<bool> HasNext()
            {
                try
                {
                    return await reader.MoveNextAsync();
                }
                catch (Exception exception) when (exception is OperationCanceledException or IOException or HttpRequestException)
                {
                    return false;
                }
            }
        }

        public void Dispose() => answer.Dispose();
    }
}
