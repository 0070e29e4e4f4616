using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Client;
using NotificationBus.Contracts;
using NotificationBus.Tests.Host;

namespace NotificationBus.Tests.Client;

public sealed class When_a_service_sends_many(RunningHost host) : IClassFixture<RunningHost>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_be_told_of_each_and_refused_alone()
    {
        var told = new Told();
        await using var services = Services(host.Client.BaseAddress!);
        var requests = Requests("alone", 600).ToList();
        requests[300] = requests[300] with { Category = "no-such-category" };

        var sent = await services.GetRequiredService<INotifications>().SendMany(requests, "alone-1", told, Cancellation);

        sent.Select(item => item.Index).ShouldBe(Enumerable.Range(0, 600));
        var refused = sent.Where(item => !item.IsAccepted).ShouldHaveSingleItem();
        (refused.Index, refused.Refusal!.Status).ShouldBe((300, 400));
        refused.Refusal.Errors.Keys.ShouldContain("category");
        sent.Where(item => item.IsAccepted).Select(item => item.Notification!.Id).Distinct().Count().ShouldBe(599);
        told.Count.ShouldBe(600);
    }

    /// <summary>As after a crash in the middle: the half that was taken is not taken again.</summary>
    [Fact]
    public async Task Should_go_on_under_the_same_key()
    {
        await using var services = Services(host.Client.BaseAddress!);
        var notifications = services.GetRequiredService<INotifications>();
        var requests = Requests("resumed", 400).ToList();

        var half = await notifications.SendMany(requests.Take(200), "resumed-1", cancellationToken: Cancellation);
        var whole = await notifications.SendMany(requests, "resumed-1", cancellationToken: Cancellation);
        var other = await notifications.SendMany(requests.Take(1), "resumed-2", cancellationToken: Cancellation);

        whole.Take(200).Select(item => item.Notification!.Id).ShouldBe(half.Select(item => item.Notification!.Id));
        other[0].Notification!.Id.ShouldNotBe(half[0].Notification!.Id);
        await host.Outcome($"/v1/notifications/{whole[7].Notification!.Id}");
        (await host.Get("/v1/notifications?recipient=resumed-7")).Json.GetProperty("notifications").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Should_send_again_what_the_host_had_no_room_for()
    {
        var calls = 0;
        const string Taken = """{"status":202,"notification":{"id":"01993a6e-4c1f-7f3a-9d3e-0a1b2c3d4e5f","status":"accepted"}}""";
        const string Busy = """{"status":503,"problem":{"type":"x","title":"busy"}}""";
        await using var server = new Channels.Http.ScriptedHttpServer();
        server.Answers("207 Multi-Status", $$"""{"items":[{{Taken}},{{Busy}}]}""", "Content-Type: application/json\r\n");
        await using var services = Services(new Uri(server.Url, "/"));
        var progress = new Told(() =>
        {
            if (++calls == 1)
                server.Answers("202 Accepted", $$"""{"items":[{{Taken}}]}""", "Content-Type: application/json\r\n");
        });

        var sent = await services.GetRequiredService<INotifications>().SendMany(Requests("busy", 2), "busy-1", progress, Cancellation);

        sent.ShouldAllBe(item => item.IsAccepted);
        server.Requests.Count.ShouldBe(2);
        server.Requests.Last().Body.ShouldContain("busy-1");
        server.Requests.Last().Body.ShouldNotContain("busy-0");
    }

    [Fact]
    public async Task Should_say_when_it_is_sent_and_what_to_know_of_that()
    {
        await using var services = Services(host.Client.BaseAddress!);
        var notifications = services.GetRequiredService<INotifications>();
        var request = Requests("later", 1).Single();
        var at = TimeProvider.System.GetUtcNow().AddDays(1);

        var later = (await notifications.Send(request with { SendAt = at.ToString("O") }, Cancellation)).ShouldHaveSingleItem();
        var past = (await notifications.Send(request with { SendAt = "2020-01-01T00:00:00Z" }, Cancellation)).ShouldHaveSingleItem();

        later.SendAt!.Value.ShouldBe(at, TimeSpan.FromSeconds(1));
        later.Note.ShouldBeNull();
        past.Note.ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    public async Task Should_refuse_a_key_that_is_none(string key)
    {
        await using var services = Services(host.Client.BaseAddress!);

        await Should.ThrowAsync<ArgumentException>(() =>
            services.GetRequiredService<INotifications>().SendMany(Requests("none", 1), key, cancellationToken: Cancellation)
        );
    }

    static IEnumerable<NotificationRequested> Requests(string name, int count) =>
        Enumerable
            .Range(0, count)
            .Select(number => new NotificationRequested
            {
                Category = "announcement",
                Recipient = new Contact { Id = $"{name}-{number}", Email = $"{name}-{number}@example.com" },
                Data = System.Text.Json.JsonElement.Parse("""{"title":"T","text":"X"}"""),
            });

    static ServiceProvider Services(Uri url)
    {
        var services = new ServiceCollection().AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddNotificationBus(options => options.Url = url);
        return services.BuildServiceProvider();
    }

    sealed class Told(Action? each = null) : IProgress<SentItem>
    {
        int _count;

        public int Count => _count;

        public void Report(SentItem value)
        {
            Interlocked.Increment(ref _count);
            each?.Invoke();
        }
    }
}
