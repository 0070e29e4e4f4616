using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace NotificationBus.Tests.Host;

/// <summary>
/// B: an exception nobody planned. Whatever is wrong with a request below its body, on every route there is: the caller is told, and
/// nothing is thrown.
/// </summary>
public sealed partial class When_a_request_is_framed_wrongly(RunningHost host) : IClassFixture<RunningHost>
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    const string Json = "Content-Type: application/json";
    const string Form = "Content-Type: application/x-www-form-urlencoded";

    // {0} is the path. Each is a whole request, after which no more is sent.
    static readonly string[] Framings =
    [
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: chunked\n\nFFFFFFFFFFFFFFFFF\n{{}}\n0\n\n",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Form}\nTransfer-Encoding: chunked\n\nFFFFFFFFFFFFFFFFF\na=b\n0\n\n",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: chunked\n\n7FFFFFFFFFFFFFFF\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: chunked\n\n-1\n{{}}\n0\n\n",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: chunked\n\nzz\n{{}}\n0\n\n",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: chunked\n\n2\n{{}}}}}}\n0\n\n",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: chunked\n\n2;x={new string('y', 20_000)}\n{{}}\n0\n\n",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: chunked\n\n2\n{{}}\n0\nTrailer: {new string('y', 20_000)}\n\n",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: chunked, chunked\n\n2\n{{}}\n0\n\n",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: gzip\n\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: chunked\nContent-Length: 2\n\n2\n{{}}\n0\n\n",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nContent-Length: -1\n\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nContent-Length: 99999999999999999999\n\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nContent-Length: 2\nContent-Length: 3\n\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nContent-Length: 100\n\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Form}\nContent-Length: 100\n\na=b",
        $"POST {{0}} HTTP/1.1\nHost: a\nContent-Type: multipart/form-data; boundary=x\nContent-Length: 5\n\n--x\n\n",
        $"POST {{0}} HTTP/1.1\nHost: a\nContent-Type: multipart/form-data; boundary={new string('b', 5_000)}\nContent-Length: 2\n\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\nContent-Type: application/json; charset=\"\nContent-Length: 2\n\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nExpect: 200-maybe\nContent-Length: 2\n\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nContent-Encoding: gzip\nContent-Length: 2\n\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nX-Nul: a\0b\nContent-Length: 2\n\n{{}}",
        $"POST {{0}} HTTP/1.1\nHost: a\n{Json}\nPrefer: wait=\u00ff\u00fe\nIdempotency-Key: \u00ff\nContent-Length: 2\n\n{{}}",
        $"POST {{0}} HTTP/1.1\n{Json}\nContent-Length: 2\n\n{{}}",
        "TRACE {0} HTTP/1.1\nHost: a\n\n",
        "CONNECT {0} HTTP/1.1\nHost: a\n\n",
        "B\u00e4R {0} HTTP/1.1\nHost: a\n\n",
        "OPTIONS {0} HTTP/1.1\nHost: a\n\n",
        "GET {0}?limit=%00&after=%ff%fe&%00=%00&a=%zz HTTP/1.1\nHost: a\n\n",
        "GET {0}?limit=%ED%A0%80&channel=%ED%A0%80&address=%ED%A0%80 HTTP/1.1\nHost: a\n\n",
        "GET {0}/%00 HTTP/1.1\nHost: a\n\n",
        "GET {0}/%ff%fe/%2e%2e/%252e HTTP/1.1\nHost: a\n\n",
        "GET {0}/../../%5c.. HTTP/1.1\nHost: a\n\n",
        "DELETE {0}/%ED%A0%80/%00?by=%00&why=%ff HTTP/1.1\nHost: a\n\n",
        "GET {0} HTTP/1.1\nHost: a\nLast-Event-ID: \u00ff:\u00ff\nIf-None-Match: \"\nRange: bytes=9-1\nAccept: ;;;\n\n",
    ];

    /// <summary>B: an exception nobody planned</summary>
    [Fact]
    public async Task Should_never_fail_on_any_route()
    {
        var (wrong, answered) = (new List<string>(), 0);
        await Parallel.ForEachAsync(
            from path in Paths()
            from framing in Framings
            select (path, framing),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (call, _) =>
            {
                using var request = await RawRequest.Begin(
                    host.Client.BaseAddress!,
                    call.framing.Replace("{0}", call.path, StringComparison.Ordinal)
                        .Replace(" HTTP/1.1\n", " HTTP/1.1\nConnection: close\n", StringComparison.Ordinal)
                );
                if (
                    call.framing.Contains("Length: 100", StringComparison.Ordinal)
                    || call.framing.Contains("7FFF", StringComparison.Ordinal)
                )
                    request.EndOfSending();
                var answer = await request.Answer(Patience);
                if (answer.Length > 0)
                    Interlocked.Increment(ref answered);
                if (
                    answer.Length > 0
                    && (
                        !answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)
                        || answer[9] == '5'
                        || (!IsScript(answer) && IsOfOurs().IsMatch(answer))
                    )
                )
                {
                    lock (wrong)
                        wrong.Add(
                            $"{call.framing[..Math.Min(120, call.framing.Length)]} of {call.path}: {answer[..Math.Min(300, answer.Length)]}"
                        );
                }
            }
        );

        wrong.ShouldBeEmpty();
        answered.ShouldBeGreaterThan(500);
        (await host.Get("/health/live")).Status.ShouldBe(System.Net.HttpStatusCode.OK);
    }

    // The script of the page at /docs has every word there is.
    static bool IsScript(string answer) => answer.Contains("\nContent-Type: text/javascript", StringComparison.Ordinal);

    /// <summary>B: an exception nobody planned</summary>
    [Theory]
    [InlineData("FFFFFFFFFFFFFFFFF")]
    [InlineData("zz")]
    [InlineData("-1")]
    public async Task Should_say_that_a_chunk_is_no_chunk(string size)
    {
        using var request = await RawRequest.Begin(
            host.Client.BaseAddress!,
            $"POST /v1/notifications HTTP/1.1\nHost: a\n{Json}\nTransfer-Encoding: chunked\n\n{size}\n{{}}\n0\n\n"
        );

        (await request.Answer(Patience)).ShouldStartWith("HTTP/1.1 400 ");
    }

    /// <summary>Whoever used the connection once more would find it closed.</summary>
    [Theory]
    [InlineData("/v1/notifications")]
    [InlineData("/v1/events/order-placed")]
    [InlineData("/v1/subscriptions")]
    public async Task Should_say_that_the_connection_ends_with_what_is_too_large(string path)
    {
        using var request = await RawRequest.Begin(
            host.Client.BaseAddress!,
            $"POST {path} HTTP/1.1\nHost: a\n{Json}\nContent-Length: 400000\n\n"
        );

        var answer = await request.Answer(Patience);

        answer.ShouldStartWith("HTTP/1.1 413 ");
        answer.ShouldContain("\nConnection: close", Case.Insensitive);
    }

    /// <summary>Most clients write all of a request before they read the answer. A connection that is reset tells them nothing.</summary>
    [Theory]
    [InlineData("POST /v1/notifications", 1_500_000, "413 ")]
    [InlineData("POST /v1/notifications/batch", 12_000_000, "413 ")]
    [InlineData("POST /v1/events/order-placed", 1_500_000, "413 ")]
    [InlineData("POST /v1/subscriptions", 1_500_000, "413 ")]
    [InlineData("POST /v1/nowhere", 1_500_000, "404 ")]
    [InlineData("GET /v1/notifications", 1_500_000, "200 ")]
    [InlineData("POST /v1/receipts/nobody", 1_500_000, "404 ")]
    public async Task Should_let_whoever_writes_all_of_it_first_read_the_answer(string call, int size, string expected)
    {
        const int Chunk = 64_000;
        foreach (var framing in (string[])["Transfer-Encoding: chunked", $"Content-Length: {size}"])
        {
            using var request = await RawRequest.Begin(host.Client.BaseAddress!, $"{call} HTTP/1.1\nHost: a\n{Json}\n{framing}\n\n");
            var isChunked = framing.EndsWith("chunked", StringComparison.Ordinal);
            for (var written = 0; written < size; written += Chunk)
            {
                var part = new string(' ', Math.Min(Chunk, size - written));
                await request.Write(Encoding.ASCII.GetBytes(isChunked ? $"{part.Length:x}\r\n{part}\r\n" : part));
            }
            if (isChunked)
                await request.Write("0\r\n\r\n"u8.ToArray());

            (await request.Answer(Patience)).ShouldStartWith($"HTTP/1.1 {expected}", Case.Sensitive, framing);
        }
    }

    /// <summary>Every route there is, with something for what it asks for.</summary>
    IEnumerable<string> Paths() =>
        host
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint =>
                Parameter()
                    .Replace(
                        $"/{endpoint.RoutePattern.RawText!.TrimStart('/')}",
                        parameter =>
                            parameter.Value.Contains("guid", StringComparison.Ordinal) ? $"{Guid.NewGuid()}"
                            : parameter.Value.Contains("long", StringComparison.Ordinal) ? "1"
                            : "sandbox"
                    )
            )
            .Where(path => path != "/inbox/stream")
            .DistinctBy(path => Guids().Replace(path, ""), StringComparer.Ordinal);

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();

    [GeneratedRegex("[0-9a-f-]{36}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Guids();

    [GeneratedRegex(@"   at |Exception|Microsoft\.|System\.", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex IsOfOurs();
}
