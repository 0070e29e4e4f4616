using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using NotificationBus.Status;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Status;

public sealed class When_something_is_wrong
{
    static readonly TimeSpan AWhile = TimeSpan.FromMinutes(7);

    readonly FakeTimeProvider _clock = new(TestKit.A.Time);
    readonly Source _first = new();
    readonly Source _second = new();

    [Fact]
    public async Task Should_say_since_when_it_was_first_seen()
    {
        var board = Board();
        var began = _clock.GetUtcNow();
        _first.Found = [A("channel-paused", "email")];
        await Look(board);
        _clock.Advance(AWhile);
        _first.Found = [A("channel-paused", "email"), A("channel-paused", "sms")];

        (await Look(board)).Select(problem => (problem.Where, problem.Since)).ShouldBe([("email", began), ("sms", began + AWhile)]);
    }

    [Fact]
    public async Task Should_believe_a_source_that_knows_since_when_and_show_the_oldest_first()
    {
        _first.Found = [A("circuit-open", "ses")];
        _second.Found = [A("failed-messages") with { Since = _clock.GetUtcNow() - AWhile }];

        (await Look(Board())).Select(problem => problem.Code).ShouldBe(["failed-messages", "circuit-open"]);
    }

    [Fact]
    public async Task Should_begin_anew_when_it_was_over_in_between()
    {
        var board = Board();
        _first.Found = [A("channel-paused", "email")];
        await Look(board);
        _first.Found = [];
        (await Look(board)).ShouldBeEmpty();
        _clock.Advance(AWhile);
        _first.Found = [A("channel-paused", "email")];

        (await Look(board)).ShouldHaveSingleItem().Since.ShouldBe(_clock.GetUtcNow());
    }

    [Fact]
    public async Task Should_show_what_was_known_and_all_others_while_a_source_fails()
    {
        var board = Board();
        _first.Found = [A("channel-paused", "email")];
        _second.Found = [A("circuit-open", "ses")];
        await Look(board);
        _first.Failure = new InvalidOperationException("away");

        for (var look = 0; look < 2; look++)
            (await Look(board)).Select(problem => problem.Code).ShouldBe(["channel-paused", "circuit-open", "unknown"], ignoreOrder: true);

        _first.Failure = null;
        (await Look(board)).Select(problem => problem.Code).ShouldBe(["channel-paused", "circuit-open"], ignoreOrder: true);
    }

    static Problem A(string code, string? where = null) =>
        new()
        {
            Code = code,
            Where = where,
            Detail = "is wrong",
        };

    static Task<IReadOnlyList<Problem>> Look(ProblemBoard board) => board.Look(TestContext.Current.CancellationToken);

    ProblemBoard Board() => new([_first, _second], new NeverStops(), An.Metrics(), _clock, NullLogger<ProblemBoard>.Instance);

    sealed class Source : IProblemSource
    {
        public IReadOnlyList<Problem> Found { get; set; } = [];

        public Exception? Failure { get; set; }

        public Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken) =>
            Failure is { } failure ? Task.FromException<IReadOnlyList<Problem>>(failure) : Task.FromResult(Found);
    }

    sealed class NeverStops : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() { }
    }
}
