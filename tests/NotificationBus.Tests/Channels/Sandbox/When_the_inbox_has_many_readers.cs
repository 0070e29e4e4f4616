using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Sandbox;
using NotificationBus.Channels.Webhook;
using NotificationBus.Tests.Host;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Sandbox;

/// <summary>B: readers without end. Whoever follows the inbox, and however slowly, costs little.</summary>
public sealed class When_the_inbox_has_many_readers : IAsyncLifetime
{
    readonly InboxHost _host = new();

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>B: readers without end</summary>
    [Fact]
    public async Task Should_tell_one_too_many_to_come_again()
    {
        var streams = new List<InboxHost.Watcher>();
        for (var reader = 0; reader < 50; reader++)
        {
            streams.Add(await _host.Listen());
            streams[^1].MediaType.ShouldBe("text/event-stream");
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "/inbox/stream");
        using (var refused = await _host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter.ShouldNotBeNull();
        }

        foreach (var stream in streams)
            await stream.DisposeAsync();
        await Until(async () =>
        {
            await using var again = await _host.Listen();
            return again.MediaType == "text/event-stream";
        });
    }

    /// <summary>B: readers without end. Who only holds a place, and reads or not, holds it no longer than another needs it.</summary>
    [Fact]
    public async Task Should_give_one_more_the_place_that_is_held_longest()
    {
        var clock = new FakeTimeProvider(A.Time);
        await using var host = new InboxHost(clock);
        await host.InitializeAsync();
        var streams = new List<InboxHost.Watcher>();
        for (var reader = 0; reader < 50; reader++)
        {
            streams.Add(await host.Listen());
            await streams[^1].Next();
        }

        await using (var refused = await host.Listen())
            refused.MediaType.ShouldBeNull();
        clock.Advance(TimeSpan.FromMinutes(1));
        await using var comes = await host.Listen();

        (await comes.Next()).EventType.ShouldBe("edition");
        await streams[0].ShouldEnd();
        host.Inbox.Catch(Caught.Push());
        (await streams[1].Next()).EventType.ShouldBe("delivery");
        foreach (var stream in streams)
            await stream.DisposeAsync();
    }

    /// <summary>B: readers without end. Who is gone without a word is noticed by writing only.</summary>
    [Fact]
    public async Task Should_hear_that_there_is_nothing_new()
    {
        var clock = new FakeTimeProvider(A.Time);
        await using var host = new InboxHost(clock);
        await host.InitializeAsync();
        await using var stream = await host.Client.GetStreamAsync("/inbox/stream");
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync() is { Length: > 0 }) { }

        var comment = reader.ReadLineAsync();
        clock.Advance(TimeSpan.FromSeconds(14));
        await Task.Delay(50);
        comment.IsCompleted.ShouldBeFalse();
        await Until(async () =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return await Task.WhenAny(comment, Task.Delay(20)) == comment;
        });

        (await comment).ShouldBe(":");
        (await reader.ReadLineAsync()).ShouldBe("");
        host.Inbox.Catch(Caught.Push());
        (await reader.ReadLineAsync()).ShouldBe("event: delivery");
    }

    /// <summary>B: readers without end</summary>
    [Fact]
    public async Task Should_send_the_beginning_of_what_is_long_and_the_rest_to_who_reads_it()
    {
        var text = new string('x', 999) + "😀" + new string('y', 200_000);
        var mail = _host.Inbox.Catch(Caught.Delivery("email", "som@example.com", new EmailContent("Subject", "<p>Hello</p>", text)));
        var data = JsonElement.Parse(JsonSerializer.Serialize(new { rows = Enumerable.Range(0, 50_000) }));
        var webhook = _host.Inbox.Catch(Caught.Delivery("webhook", "https://example.com", new WebhookContent(data)));
        var push = _host.Inbox.Catch(Caught.Push());

        var heads = await _host.Client.GetFromJsonAsync<JsonElement>("/inbox/deliveries");
        var byNumber = heads.EnumerateArray().ToDictionary(head => head.GetProperty("number").GetInt64());

        heads.GetRawText().Length.ShouldBeLessThan(10_000);
        byNumber[mail.Number].GetProperty("isCut").GetBoolean().ShouldBeTrue();
        byNumber[mail.Number].GetProperty("content").GetProperty("text").GetString().ShouldBe(new string('x', 999) + "…");
        byNumber[webhook.Number].GetProperty("isCut").GetBoolean().ShouldBeTrue();
        byNumber[push.Number].GetProperty("isCut").GetBoolean().ShouldBeFalse();
        var whole = await _host.Client.GetFromJsonAsync<JsonElement>($"/inbox/deliveries/{mail.Number}");
        whole.GetProperty("content").GetProperty("text").GetString().ShouldBe(text);
        whole.GetProperty("isCut").GetBoolean().ShouldBeFalse();
        (await _host.Client.GetAsync("/inbox/deliveries/4711")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    /// <summary>B: readers without end</summary>
    [Fact]
    public async Task Should_let_go_who_does_not_read()
    {
        using var silent = await RawRequest.Begin(_host.Client.BaseAddress!, "GET /inbox/stream HTTP/1.1\nHost: a\n\n");
        await Until(async () =>
        {
            // What is written fills the buffers on the way, and then stays.
            for (var mail = 0; mail < 100; mail++)
                _host.Inbox.Catch(
                    Caught.Delivery("email", "som@example.com", new EmailContent("Subject", "", new string('x', 1_000) + mail))
                );
            await Task.Delay(20);
            return silent.IsClosed;
        });
    }

    /// <summary>B: what is kept for ever</summary>
    [Fact]
    public void Should_keep_no_more_than_there_is_room_for()
    {
        var mail = Caught.Delivery(
            "email",
            "som@example.com",
            new EmailContent("Subject", new string('h', 500_000), new string('t', 500_000))
        );

        for (var number = 0; number < 100; number++)
            _host.Inbox.Catch(mail);

        _host.Inbox.Since(0).Count.ShouldBe(SandboxInbox.MostCharacters / 1_000_007);
        _host.Inbox.Clear();
        _host.Inbox.Catch(mail);
        _host.Inbox.Since(0).Count.ShouldBe(1);
    }

    static async Task Until(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(InboxHost.Patience);
        while (!await condition())
            patience.Token.ThrowIfCancellationRequested();
    }
}
