using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NotificationBus.Tests.Host;

public sealed class When_the_address_is_wrong(RunningHost host) : IClassFixture<RunningHost>
{
    [Theory]
    [InlineData("GET", "/v1")]
    [InlineData("POST", "/v1/events/order-placed/4711")]
    [InlineData("GET", "/v2/notifications")]
    [InlineData("GET", "/swagger")]
    public async Task Should_say_there_is_nothing(string method, string path)
    {
        (await host.Send(new HttpMethod(method), path)).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Theory]
    [InlineData("GET", "/v1/events/order-placed", "POST")]
    [InlineData("POST", "/v1/events/", "GET")]
    [InlineData("PUT", "/v1/events/order-placed", "POST")]
    [InlineData("OPTIONS", "/v1/events/order-placed", "POST")]
    [InlineData("TRACE", "/v1/events/order-placed", "POST")]
    [InlineData("DELETE", "/v1/notifications/2f0c5f5c-5f1e-4f9a-9c55-0c7a5c3d1e11", "GET, HEAD")]
    public async Task Should_name_the_methods_there_are(string method, string path, string allowed)
    {
        var answer = await host.Send(new HttpMethod(method), path);

        answer.ShouldBeProblem(HttpStatusCode.MethodNotAllowed, "method-not-allowed");
        answer.ContentHeaders.Allow.Order(StringComparer.Ordinal).ShouldBe(allowed.Split(", "));
    }

    [Theory]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("X-HTTP-Method")]
    public async Task Should_not_take_the_method_from_a_header(string header)
    {
        (await host.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"], (header, "DELETE"))).Status.ShouldBe(
            HttpStatusCode.Accepted
        );
    }

    [Fact]
    public async Task Should_answer_with_a_problem_also_to_who_prefers_a_page()
    {
        var answer = await host.Send(HttpMethod.Get, "/v1/nothing", headers: ("Accept", "text/html"));

        answer.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Theory]
    [InlineData("/v1/notifications")]
    [InlineData("/v1/notifications/")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Should_answer_HEAD_as_GET_without_the_body(string path)
    {
        (await host.Get(path)).Status.ShouldBe(HttpStatusCode.OK);
        var answer = await host.Send(HttpMethod.Head, path);

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Body.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_alive_and_ready()
    {
        (await host.Get("/health/live")).Body.ShouldBe("Healthy");
        var ready = (await host.Get("/health/ready")).Json;
        ready.GetProperty("status").GetString().ShouldBe("Healthy");
        ready.GetProperty("checks").EnumerateObject().Select(check => check.Name).ShouldContain("masstransit-bus");
    }

    [Theory]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\n\r\n", "HTTP/1.1 431 ")]
    [InlineData("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 414 ")]
    [InlineData("GET /health/live HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("nonsense\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData(
        "POST /v1/events/order-placed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: "
            + "chunked\r\n\r\nnonsense\r\n",
        "HTTP/1.1 400 "
    )]
    [InlineData("GET /v1/notifications/%00 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData(
        "POST /v1/notifications HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50\r\nIdempotency-Key: "
            + "a\r\nIdempotency-Key: b\r\n\r\n{\"category\":\"announcement\",\"recipient\":{\"id\":\"a\"}}",
        "HTTP/1.1 400 "
    )]
    [InlineData("POST /v1/notifications HTTP/1.1\r\nHost: a\r\nIdempotency-Key: a\0b\r\n\r\n", "HTTP/1.1 400 ")]
    public async Task Should_end_what_is_no_request_without_a_word_about_itself(string request, string status)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port);
        await using var stream = socket.GetStream();

        await stream.WriteAsync(Encoding.ASCII.GetBytes(request.Replace("{long}", new string('x', 20 * 1024), StringComparison.Ordinal)));
        var answer = await ReadHead(stream).WaitAsync(RunningHost.Patience);

        answer.ShouldStartWith(status);
        answer.ShouldNotContain("Server:");
        answer.ShouldNotContain("Kestrel");
    }

    /// <summary>A request that is cut off leaves the connection open; the head of the answer is all there is to wait for.</summary>
    static async Task<string> ReadHead(NetworkStream stream)
    {
        var head = new StringBuilder();
        var buffer = new byte[1024];
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer);
            read.ShouldBeGreaterThan(0, $"The connection ended after: {head}");
            head.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return head.ToString();
    }
}

public sealed class When_nothing_traces : IAsyncLifetime
{
    // With no log to write to, ASP.NET Core begins no activity. 6 is Serilog's "off".
    readonly RunningHost _host = new()
    {
        Settings = ["--Serilog:MinimumLevel:Override:Microsoft.AspNetCore.Hosting.Diagnostics=6"],
        KeepsLog = false,
    };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Should_still_give_a_problem_its_traceId()
    {
        // An activity's trace id has no colon, the server's own name for a request has.
        (await _host.Get("/v1/nothing"))
            .Json.GetProperty("traceId")
            .GetString()!
            .ShouldContain(':');
        (await _host.Get("/v1/nothing")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }
}
