using NotificationBus.Dashboard.Api;

namespace NotificationBus.Tests.Dashboard;

/// <summary>Twenty open consoles are one query: what was just asked for is asked once, by those who may see the same.</summary>
public sealed class When_many_consoles_ask_the_same
{
    static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    readonly FakeTimeProvider _clock = new();
    readonly SharedAnswers _shared;
    int _asked;

    public When_many_consoles_ask_the_same() => _shared = new SharedAnswers(_clock);

    [Fact]
    public async Task Should_ask_once_while_the_answer_is_under_way()
    {
        var answer = new TaskCompletionSource<ApiAnswer>();
        var all = Enumerable
            .Range(0, 20)
            .Select(_ =>
                _shared.Get(
                    "read /v1/status",
                    () =>
                    {
                        Interlocked.Increment(ref _asked);
                        return answer.Task;
                    }
                )
            )
            .ToList();

        answer.SetResult(new ApiAnswer(200, [1]));

        (await Task.WhenAll(all)).Distinct().Count().ShouldBe(1);
        (_asked, _shared.Asked).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Should_ask_again_when_a_moment_has_passed()
    {
        (await Ask()).ShouldBe(1);
        _clock.Advance(Moment);
        (await Ask()).ShouldBe(1, "it is fresh");
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        (await Ask()).ShouldBe(2);
    }

    [Fact]
    public async Task Should_ask_again_when_something_was_changed()
    {
        await Ask();
        _shared.Clear();
        (await Ask()).ShouldBe(2);
    }

    /// <summary>Whoever may see less gets an answer of their own.</summary>
    [Fact]
    public async Task Should_not_give_to_one_what_another_may_see()
    {
        await Ask("operate+read /v1/status");
        (await Ask("read /v1/status")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_not_keep_that_there_was_no_answer()
    {
        await Should.ThrowAsync<HttpRequestException>(() => _shared.Get("read /v1/status", () => throw new HttpRequestException("away")));
        (await Ask()).ShouldBe(1);
    }

    /// <summary>Asks, and tells how often the API was asked by then.</summary>
    async Task<int> Ask(string question = "read /v1/status") =>
        (await _shared.Get(question, () => Task.FromResult(new ApiAnswer(200, [(byte)++_asked])))).Body[0];
}
