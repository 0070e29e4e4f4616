using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace NotificationBus.Tests.Channels.Sandbox;

public sealed class When_somebody_watches_the_inbox : IAsyncLifetime
{
    readonly InboxHost _host = new();

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Should_announce_the_edition_before_anything_is_caught()
    {
        await using var stream = await _host.Listen();

        var first = await stream.Next();

        stream.MediaType.ShouldBe("text/event-stream");
        first.EventType.ShouldBe("edition");
        Field(first, "edition").GetGuid().ShouldBe(_host.Inbox.Edition);
    }

    [Fact]
    public async Task Should_get_what_is_here_oldest_first_and_then_what_arrives()
    {
        _host.Inbox.Catch(Caught.Push());
        _host.Inbox.Catch(Caught.Push());
        await using var stream = await _host.Listen();
        Field(await stream.Next(), "newest").GetInt64().ShouldBe(2);
        Number(await stream.Next()).ShouldBe(1);
        Number(await stream.Next()).ShouldBe(2);

        _host.Inbox.Catch(Caught.Push("Live"));

        var live = await stream.Next();
        Number(live).ShouldBe(3);
        Field(live, "content").GetProperty("title").GetString().ShouldBe("Live");
    }

    [Fact]
    public async Task Should_resume_where_the_connection_was_lost()
    {
        _host.Inbox.Catch(Caught.Push());
        string? lastEventId;
        await using (var lost = await _host.Listen())
        {
            await lost.Next();
            lastEventId = (await lost.Next()).EventId;
        }

        _host.Inbox.Catch(Caught.Push());
        await using var stream = await _host.Listen(lastEventId);

        (await stream.Next()).EventType.ShouldBe("edition");
        Number(await stream.Next()).ShouldBe(2);
    }

    [Theory]
    [InlineData("00000000000000000000000000000001:1")]
    [InlineData("no place at all")]
    [InlineData("1:2:3")]
    public async Task Should_start_afresh_after_a_restart(string placeInTheFormerProcess)
    {
        _host.Inbox.Catch(Caught.Push());

        await using var stream = await _host.Listen(placeInTheFormerProcess);

        (await stream.Next()).EventType.ShouldBe("edition");
        Number(await stream.Next()).ShouldBe(1);
    }

    [Fact]
    public async Task Should_hear_of_the_clearing_and_of_what_follows()
    {
        _host.Inbox.Catch(Caught.Push());
        await using var stream = await _host.Listen();
        var before = Field(await stream.Next(), "edition").GetGuid();
        await stream.Next();

        (await _host.Client.DeleteAsync(new Uri("/inbox/deliveries", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var cleared = await stream.Next();
        _host.Inbox.Catch(Caught.Push());

        cleared.EventType.ShouldBe("edition");
        Field(cleared, "edition").GetGuid().ShouldNotBe(before);
        Number(await stream.Next()).ShouldBe(2);
    }

    [Fact]
    public async Task Should_be_let_go_when_the_host_stops()
    {
        await using var stream = await _host.Listen();
        await stream.Next();

        var stop = _host.Stop();

        await stream.ShouldEnd();
        await stop.WaitAsync(InboxHost.Patience);
    }

    static long Number(SseItem<string> item)
    {
        item.EventType.ShouldBe("delivery");
        return Field(item, "number").GetInt64();
    }

    static JsonElement Field(SseItem<string> item, string name) => JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty(name);
}
