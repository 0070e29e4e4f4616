using NotificationBus.Contracts;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>
/// What nobody did is on record beside what operators did: since when, until when, why; once for all hosts, and not without end.
/// </summary>
public abstract class When_automation_changes_an_account(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    static readonly ChangedBy Ann = new("ann", "they are down");

    [Fact]
    public async Task Should_say_since_when_and_until_when_a_circuit_was_open_and_why()
    {
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: false);
        var opened = await Only();
        (opened.Subject, opened.Who, opened.Why, opened.Code, opened.Until, opened.Times).ShouldBe(
            ("provider smtp", AutomaticChange.Who, "it does not answer", ReasonCode.CircuitOpen, null, null)
        );
        opened.Before.GetProperty("circuit").GetString().ShouldBe("closed");
        opened.After.GetProperty("circuit").GetString().ShouldBe("open");

        await Record.Pass(Hour);
        await AnotherHost.Health.Open("smtp", Second, "a probe failed", needsAttention: false);
        (await Only()).Until.ShouldBeNull("it is open all the time");
        await Record.Pass(Second);
        await AnotherHost.Health.ProbePassed("smtp", needed: 1);

        var closed = await Only();
        (closed.Until - closed.At)!.Value.ShouldBe(Hour, Lease);
        closed.Why.ShouldBe("it does not answer");
    }

    [Fact]
    public async Task Should_be_written_by_one_of_the_hosts_that_found_it_out_together()
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(number =>
                    (number % 2 == 0 ? Host : AnotherHost).Health.Open("smtp", Minute, "it does not answer", needsAttention: false)
                )
        );
        await Task.WhenAll(
            Enumerable.Range(0, 20).Select(number => (number % 2 == 0 ? Host : AnotherHost).Health.ProbePassed("smtp", needed: 1))
        );

        var change = await Only();
        (change.Times, change.Until is null).ShouldBe((null, false));
    }

    [Fact]
    public async Task Should_count_a_circuit_that_comes_and_goes_instead_of_filling_pages()
    {
        for (var round = 0; round < 10; round++)
        {
            await Host.Health.Open("smtp", Second, $"round {round}", needsAttention: false);
            await Host.Health.ProbePassed("smtp", needed: 1);
        }

        var flapping = await Only();
        (flapping.Times, flapping.Why, flapping.Until is null).ShouldBe((10, "round 9", false));

        await Record.Pass(2 * Minute);
        await Host.Health.Open("smtp", Second, "again", needsAttention: false);

        var changes = await All();
        changes.Select(change => (change.Why, change.Times)).ShouldBe([("again", null), ("round 9", 10)]);
    }

    [Fact]
    public async Task Should_say_how_long_a_provider_wanted_to_be_left_alone()
    {
        await Host.Health.Pause("smtp", Minute, "too many calls", cut: null);
        await AnotherHost.Health.Pause("smtp", Second, "too many calls", cut: null);
        var first = await Only();
        (first.Code, first.Why).ShouldBe((ReasonCode.LeftAlone, "too many calls"));
        (first.Until - first.At)!.Value.ShouldBe(Minute, Second);

        await Host.Health.Pause("smtp", Hour, "come back in an hour", cut: null);

        var longer = await Only();
        (longer.Number, longer.Times, longer.Why).ShouldBe((first.Number, null, "come back in an hour"));
        (longer.Until - longer.At)!.Value.ShouldBe(Hour, Lease);
    }

    [Fact]
    public async Task Should_say_which_rate_was_learned_and_when_it_was_forgotten()
    {
        await Host.Health.Pause("smtp", Second, "too many calls", new RateCut(TooMuch: 16, Factor: 0.5, Least: 0.1, Limit: null));
        for (var round = 0; round < 5; round++)
        {
            await Record.Pass(Lease);
            await Host.Health.RaiseLearnedRate("smtp", factor: 2, interval: Lease, forgetAfter: Hour, limit: null);
        }

        var learned = (await All()).Where(change => change.Code == ReasonCode.Paced).ShouldHaveSingleItem();
        (learned.Times, learned.Until).ShouldBe((6, null));
        learned.Before.TryGetProperty("learnedPerSecond", out _).ShouldBeFalse("nothing was known");
        learned.After.GetProperty("learnedPerSecond").GetDouble().ShouldBe(256);

        await Record.Pass(2 * Hour);
        await Host.Health.RaiseLearnedRate("smtp", factor: 2, interval: Lease, forgetAfter: Hour, limit: null);

        var forgotten = (await All()).Where(change => change.Code == ReasonCode.Paced).ShouldHaveSingleItem();
        (forgotten.Until - forgotten.At)!.Value.ShouldBe(2 * Hour, 10 * Lease);
    }

    [Fact]
    public async Task Should_be_told_apart_from_what_operators_did_and_found_by_account_and_time()
    {
        await Host.Controls.Note(
            "provider smtp",
            Ann,
            System.Text.Json.JsonSerializer.SerializeToElement("something"),
            CancellationToken.None
        );
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: false);
        await Host.Health.Open("another", Second, "neither does it", needsAttention: true);

        (await Found(ChangeFilter.All)).ShouldBe(["provider another", "provider smtp", "provider smtp"]);
        (await Found(new ChangeFilter { Who = "ann" })).ShouldBe(["provider smtp"]);
        (await Found(new ChangeFilter { Who = AutomaticChange.Who })).ShouldBe(["provider another", "provider smtp"]);
        (await Found(new ChangeFilter { OnlyOperators = true })).ShouldBe(["provider smtp"]);
        (await Found(new ChangeFilter { Subjects = ["provider another"] })).ShouldBe(["provider another"]);
        (await Found(new ChangeFilter { From = Record.Now.AddHours(1) })).ShouldBe(
            ["provider another", "provider smtp"],
            "they last, and ann's was at one moment"
        );
        (await Found(new ChangeFilter { To = Record.Now.AddHours(-1) })).ShouldBeEmpty();
    }

    async Task<IEnumerable<string>> Found(ChangeFilter filter) =>
        (await AnotherHost.Controls.Changes(filter, 10, CancellationToken.None)).Select(change => change.Subject);

    Task<IReadOnlyList<ControlChange>> All() => AnotherHost.Controls.Changes(ChangeFilter.All, 100, CancellationToken.None);

    async Task<ControlChange> Only() => (await All()).ShouldHaveSingleItem();
}
