using System.Net;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Http;

public sealed class When_a_request_shares_its_connection : IAsyncLifetime
{
    const int RefusedStream = 7;

    readonly HttpCalls _calls = new(TimeSpan.FromSeconds(2), TimeProvider.System, guard: null);
    ScriptedHttp2Server? _server;

    ScriptedHttp2Server Server => _server!;

    public async ValueTask InitializeAsync() => _server = await ScriptedHttp2Server.Start();

    public async ValueTask DisposeAsync()
    {
        _calls.Dispose();
        await Server.DisposeAsync();
    }

    [Fact]
    public async Task Should_be_in_doubt_when_it_is_reset()
    {
        Server.Resets = true;

        (await Send()).ShouldBeOfType<ProviderResult.InDoubt>();
        Server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_unavailable_when_the_service_says_that_it_was_not_processed()
    {
        (Server.Resets, Server.ResetCode) = (true, RefusedStream);

        (await Send()).ShouldBeOfType<ProviderResult.Unavailable>();
    }

    [Fact]
    public async Task Should_be_in_doubt_when_it_does_not_answer() =>
        (await Send()).ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("in time");

    [Fact]
    public async Task Should_be_unavailable_when_the_connection_is_reset_before_it_stands()
    {
        await using var server = new ScriptedHttpServer { ResetsAtFirstBytes = true };

        // The preface of the connection has left by then, but no request.
        (await Send(new Uri($"https://127.0.0.1:{server.Port}/"))).ShouldBeOfType<ProviderResult.Unavailable>();
    }

    [Fact]
    public async Task Should_go_out_over_another_connection_when_the_service_leaves_before_it_was_processed()
    {
        await using var server = new LeavingHttp2Server(lastProcessed: 0);

        (await Send(server.Url)).ShouldBeOfType<ProviderResult.Accepted>();

        server.Requests.ShouldBe([1, 1], "once over each connection, and the first time nobody looked at it");
    }

    [Fact]
    public async Task Should_be_in_doubt_when_the_service_leaves_and_may_have_processed_it()
    {
        await using var server = new LeavingHttp2Server(lastProcessed: 1);

        (await Send(server.Url)).ShouldBeOfType<ProviderResult.InDoubt>();

        server.Requests.ShouldBe([1]);
    }

    [Fact]
    public async Task Should_carry_body_and_headers()
    {
        Server.Answers("200 OK");

        (await Send()).ShouldBeOfType<ProviderResult.Accepted>();

        var (head, body) = Server.Requests.ShouldHaveSingleItem();
        head.ShouldContain("Content-Type: text/plain");
        head.ShouldContain("Content-Length: 5");
        body.ShouldBe("hello");
    }

    Task<ProviderResult> Send(Uri? url = null) =>
        _calls.Make(
            new HttpRequestMessage(HttpMethod.Post, url ?? Server.Url)
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new StringContent("hello"),
            },
            With_a_scripted_service.ADelivery(),
            [],
            answer => answer.Status == 200 ? new ProviderResult.Accepted(null) : new ProviderResult.InDoubt($"{answer}"),
            TestContext.Current.CancellationToken
        );
}
