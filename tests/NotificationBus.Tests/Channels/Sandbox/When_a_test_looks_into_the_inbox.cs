using System.Net;
using System.Text.Json;

namespace NotificationBus.Tests.Channels.Sandbox;

/// <summary>Debts: a small documented API for tests: find, wait, clear.</summary>
public sealed class When_a_test_looks_into_the_inbox : IAsyncLifetime
{
    readonly InboxHost _host = new();

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("address=som@example.com", "email")]
    [InlineData("address=SOM@example.com", "email")]
    [InlineData("channel=push", "push,push")]
    [InlineData("channel=push&count=2", "push,push")]
    [InlineData("recipient=so", "push,email,push")]
    [InlineData("category=order-placed&after=1", "push,email")]
    [InlineData("category=order-shipped", "")]
    [InlineData("address=som", "")]
    public async Task Should_find_what_it_names_newest_first(string query, string expected)
    {
        _host.Inbox.Catch(Caught.Push());
        _host.Inbox.Catch(Caught.Email());
        _host.Inbox.Catch(Caught.Push());

        (await Find(query))
            .Select(item => item.GetProperty("channel").GetString())
            .ShouldBe(expected.Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Should_find_all_of_one_notification()
    {
        _host.Inbox.Catch(Caught.Push());
        var wanted = _host.Inbox.Catch(Caught.Email()).Delivery.NotificationId;

        (await Find($"notification={wanted}")).ShouldHaveSingleItem().GetProperty("notificationId").GetGuid().ShouldBe(wanted);
    }

    [Fact]
    public async Task Should_wait_until_it_is_there_and_no_longer()
    {
        _host.Inbox.Catch(Caught.Email());
        var waiting = Find("channel=push&count=2&wait=30");
        await Task.Delay(50);
        waiting.IsCompleted.ShouldBeFalse();

        _host.Inbox.Catch(Caught.Push("first"));
        _host.Inbox.Catch(Caught.Email());
        await Task.Delay(50);
        waiting.IsCompleted.ShouldBeFalse("one of two is there");
        _host.Inbox.Catch(Caught.Push("second"));

        (await waiting.WaitAsync(InboxHost.Patience))
            .Select(item => item.GetProperty("content").GetProperty("title").GetString())
            .ShouldBe(["second", "first"]);
    }

    [Fact]
    public async Task Should_get_what_there_is_when_the_time_is_over()
    {
        _host.Inbox.Catch(Caught.Push());

        (await Find("channel=push&count=2&wait=1")).ShouldHaveSingleItem();
        (await Find("channel=email&wait=1")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_wait_on_over_a_clear()
    {
        _host.Inbox.Catch(Caught.Push());
        var waiting = Find("address=som@example.com&wait=30");

        (await _host.Client.DeleteAsync(new Uri("/inbox/deliveries", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Find("")).ShouldBeEmpty();
        _host.Inbox.Catch(Caught.Email());

        (await waiting.WaitAsync(InboxHost.Patience)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_be_let_go_when_the_host_stops()
    {
        var waiting = Find("wait=30");
        await _host.Begun(1);

        await _host.Stop().WaitAsync(TimeSpan.FromSeconds(20));

        (await waiting).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("wait=31", "wait", "must be a number from 0 to 30")]
    [InlineData("wait=soon", "wait", "must be a number from 0 to 30")]
    [InlineData("count=0", "count", "must be a number from 1 to 500")]
    [InlineData("after=-1", "after", "must be a number from 0")]
    [InlineData("adress=a", "adress", "; did you mean address?")]
    [InlineData("address=", "address", "must stand once and not be empty")]
    [InlineData("address=a&address=b", "address", "must stand once and not be empty")]
    [InlineData("notification=1", "notification", "must be the id of a notification")]
    public async Task Should_hear_what_is_wrong_with_its_question(string query, string place, string error)
    {
        using var answer = await _host.Client.GetAsync(new Uri($"/inbox/deliveries?{query}", UriKind.Relative));

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        JsonSerializer
            .Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync())
            .GetProperty("errors")
            .GetProperty(place)[0]
            .GetString()!
            .ShouldContain(error);
    }

    async Task<JsonElement[]> Find(string query) =>
        JsonSerializer.Deserialize<JsonElement[]>(
            await _host.Client.GetStringAsync(new Uri($"/inbox/deliveries?{query}", UriKind.Relative))
        )!;
}
