using System.Net;
using NotificationBus.Access;

namespace NotificationBus.Tests.Host;

/// <summary>A32: more calls than are allowed are told to come again, and others are not.</summary>
public sealed class When_a_caller_calls_too_often
{
    const string Policy = "\"key\";q=3;w=3600, \"application\";q=5;w=3600";

    [Fact]
    public async Task Should_say_what_is_left_and_when_there_is_more()
    {
        await using var host = await Host();
        var key = await Make(host, "shop");

        for (var left = 2; left >= 0; left--)
        {
            var answer = await Call(host, key);
            answer.Status.ShouldBe(HttpStatusCode.OK);
            answer.Headers.GetValues("RateLimit-Policy").ShouldBe([Policy]);
            answer.Headers.GetValues("RateLimit").Single().ShouldStartWith($"\"key\";r={left};t=");
        }

        var refused = await Call(host, key);
        refused.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-calls");
        refused.Headers.GetValues("RateLimit-Policy").ShouldBe([Policy]);
        var wait = refused.Headers.RetryAfter!.Delta!.Value;
        wait.ShouldBeInRange(TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(20), "a third of the window, less what this test took");
        refused.Headers.GetValues("RateLimit").ShouldBe([$"\"key\";r=0;t={wait.TotalSeconds}"]);
        host.Logged.ShouldContain(line => line.Contains("calls more often than RateLimits allows", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_leave_others_alone()
    {
        await using var host = await Host();
        var (one, other, elsewhere) = (await Make(host, "shop"), await Make(host, "shop"), await Make(host, "stall"));
        for (var call = 0; call < 3; call++)
            await Call(host, one);
        (await Call(host, one)).Status.ShouldBe(HttpStatusCode.TooManyRequests);

        (await Call(host, other)).Status.ShouldBe(HttpStatusCode.OK);
        (await Call(host, other)).Status.ShouldBe(HttpStatusCode.OK);
        var refused = await Call(host, other);
        refused.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-calls");
        refused.Headers.GetValues("RateLimit").Single().ShouldStartWith("\"application\";r=0;t=", customMessage: "five of the application");

        (await Call(host, elsewhere)).Status.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>One application may have a limit of its own, less or more than that of the others.</summary>
    [Fact]
    public async Task Should_hold_an_application_to_its_own_limit()
    {
        await using var host = await Host("--Applications:stall:RateLimits:Calls=2", "--Applications:mall:RateLimits:Calls=7");
        var (stall, shop) = (await Make(host, "stall"), await Make(host, "shop"));
        string[] mall = [await Make(host, "mall"), await Make(host, "mall"), await Make(host, "mall")];

        (await Call(host, stall)).Headers.GetValues("RateLimit-Policy").ShouldBe(["\"key\";q=3;w=3600, \"application\";q=2;w=3600"]);
        (await Call(host, stall)).Status.ShouldBe(HttpStatusCode.OK);
        var refused = await Call(host, stall);
        refused.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-calls");
        refused.Headers.GetValues("RateLimit").Single().ShouldStartWith("\"application\";r=0;t=");
        for (var call = 0; call < 7; call++)
            (await Call(host, mall[call / 3])).Status.ShouldBe(HttpStatusCode.OK, $"call {call + 1} of 7");
        (await Call(host, mall[2])).ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-calls");

        (await Call(host, shop)).Headers.GetValues("RateLimit-Policy").ShouldBe([Policy]);
    }

    /// <summary>Nobody uses up what is another's with keys that he makes up, nor what is his own with what is refused anyway.</summary>
    [Fact]
    public async Task Should_count_nothing_of_strangers()
    {
        await using var host = await Host();
        var key = await Make(host, "shop");
        for (var call = 0; call < 20; call++)
        {
            (await Call(host, key[..^1] + "x")).Status.ShouldBe(HttpStatusCode.Unauthorized);
            (await host.Get("/health/live")).Headers.Contains("RateLimit").ShouldBeFalse();
        }

        (await Call(host, key)).Headers.GetValues("RateLimit").Single().ShouldStartWith("\"key\";r=2;t=");
    }

    [Fact]
    public async Task Should_not_be_refused_after_what_was_taken_before()
    {
        await using var host = await Host();
        var key = await Make(host, "shop");
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Call(host, key)));

        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBe(3, "however many come at once");
    }

    static async Task<RunningHost> Host(params string[] more)
    {
        var host = new RunningHost
        {
            Settings =
            [
                "--Auth:Mode=Keys",
                $"--Auth:FirstKey={HostWithKeys.FirstKey}",
                "--RateLimits:CallsPerKey=3",
                "--RateLimits:CallsPerApplication=5",
                "--RateLimits:Window=01:00:00",
                .. more,
            ],
        };
        await host.InitializeAsync();
        return host;
    }

    static async Task<string> Make(RunningHost host, string application)
    {
        // Not over HTTP: the first key may call three times.
        var made = await host.Of<KeyIssuer>()
            .Create(application, "a test", [Scope.Read], new("a test", "a test"), TestContext.Current.CancellationToken);
        await host.Of<KeyRing>().Refresh(TestContext.Current.CancellationToken);
        return made.Text;
    }

    static Task<Answer> Call(RunningHost host, string key) =>
        host.Send(HttpMethod.Get, "/v1/providers", null, ("Authorization", $"Bearer {key}"));
}
