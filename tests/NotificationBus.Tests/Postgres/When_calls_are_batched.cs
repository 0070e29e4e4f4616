using System.Collections.Concurrent;
using NotificationBus.Messaging;
using NotificationBus.Postgres;
using Npgsql;

namespace NotificationBus.Tests.Postgres;

public sealed class When_calls_are_batched
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    readonly ConcurrentQueue<IReadOnlyList<Row>> _statements = new();
    readonly SemaphoreSlim _started = new(0);
    readonly SemaphoreSlim _database = new(0);
    readonly Batcher<Row> _gathered;

    public When_calls_are_batched() => _gathered = new Batcher<Row>(row => row.Key, Execute, GroupCommit.MayConcernOne);

    [Fact]
    public async Task Should_send_the_first_at_once_and_alone()
    {
        var call = Run(1);

        await Started();
        _statements.ShouldHaveSingleItem().Count.ShouldBe(1);
        _database.Release();
        (await call.WaitAsync(Soon)).ShouldBe(10);
    }

    [Fact]
    public async Task Should_share_a_statement_among_those_that_come_meanwhile()
    {
        var busy = await KeepTheDatabaseBusy();
        var meanwhile = Enumerable.Range(2, 50).Select(value => Run(value)).ToList();

        _database.Release(2);

        (await Task.WhenAll(busy.Concat(meanwhile)).WaitAsync(Soon)).ShouldBe(Enumerable.Range(1, 51).Select(value => value * 10));
        _statements.Select(rows => rows.Count).ShouldBe([1, 50]);
    }

    [Fact]
    public async Task Should_split_what_is_too_much_for_one_statement()
    {
        var busy = await KeepTheDatabaseBusy();
        var meanwhile = Enumerable.Range(3, 300).Select(value => Run(value)).ToList();

        _database.Release(100);

        await Task.WhenAll(busy.Concat(meanwhile)).WaitAsync(Soon);
        _statements.ShouldAllBe(rows => rows.Count <= 128);
    }

    [Fact]
    public async Task Should_never_have_one_row_twice_in_a_statement()
    {
        var key = Guid.NewGuid();
        var busy = await KeepTheDatabaseBusy();
        var meanwhile = new[] { Run(2, key), Run(3, key), Run(4) };

        _database.Release(3);

        (await Task.WhenAll(busy.Concat(meanwhile)).WaitAsync(Soon)).ShouldBe([10, 20, 30, 40]);
        _statements.Select(rows => string.Join(",", rows.Select(row => row.Value).Order())).ShouldBe(["1", "2,4", "3"]);
    }

    [Fact]
    public async Task Should_not_have_all_wait_for_a_statement_that_hangs()
    {
        var key = Guid.NewGuid();
        var hanging = Run(1, key);
        await Started();
        var sameRow = Run(2, key);
        var others = new List<Task<int>>();
        do
        {
            others.Add(Run(3));
        } while (!await _started.WaitAsync(TimeSpan.FromMilliseconds(20)) && others.Count < 3_000);

        _statements.Count.ShouldBe(2);
        _statements.Last().ShouldAllBe(row => row.Value == 3, "the row of the statement that hangs is not touched by another");
        _database.Release(100);
        (await Task.WhenAll([hanging, sameRow]).WaitAsync(Soon)).ShouldBe([10, 20]);
        await Task.WhenAll(others).WaitAsync(Soon);
    }

    [Fact]
    public async Task Should_fail_a_bad_row_alone()
    {
        var busy = await KeepTheDatabaseBusy();
        var good = new[] { Run(3), Run(5) };
        var bad = Run(Row.Bad);

        _database.Release(100);

        (await Task.WhenAll(busy.Concat(good)).WaitAsync(Soon)).ShouldBe([10, 30, 50]);
        (await Should.ThrowAsync<PostgresException>(() => bad.WaitAsync(Soon))).SqlState.ShouldBe("22P05");
    }

    [Fact]
    public async Task Should_tell_everybody_of_an_outage_and_go_on_after_it()
    {
        var busy = await KeepTheDatabaseBusy();
        var during = new[] { Run(Row.Outage), Run(4) };
        _database.Release(2);

        foreach (var call in during)
            (await Should.ThrowAsync<NpgsqlException>(() => call.WaitAsync(Soon))).Message.ShouldBe("gone");
        await Task.WhenAll(busy).WaitAsync(Soon);

        _database.Release();
        (await Run(7).WaitAsync(Soon)).ShouldBe(70);
    }

    [Fact]
    public async Task Should_let_go_of_whoever_no_longer_waits()
    {
        using var impatience = new CancellationTokenSource();
        var call = Run(1, cancellationToken: impatience.Token);
        await Started();

        await impatience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => call.WaitAsync(Soon));

        _database.Release(2);
        (await Run(2).WaitAsync(Soon)).ShouldBe(20);
    }

    [Fact]
    public async Task Should_not_send_what_was_given_up_while_it_waited()
    {
        using var impatience = new CancellationTokenSource();
        var busy = await KeepTheDatabaseBusy();
        var givenUp = Run(2, cancellationToken: impatience.Token);
        var patient = Run(3);

        await impatience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => givenUp.WaitAsync(Soon));

        _database.Release(2);
        (await Task.WhenAll([.. busy, patient]).WaitAsync(Soon)).ShouldBe([10, 30]);
        _statements.Select(rows => rows.ShouldHaveSingleItem().Value).ShouldBe([1, 3]);
    }

    [Fact]
    public async Task Should_send_full_ones_beside_each_other_where_that_is_wanted()
    {
        var gathered = new Batcher<Row>(row => row.Key, Execute, _ => false, mostItems: 4, mostFullBatches: 3);
        var first = Run(1, gathered: gathered);
        await Started();
        var others = Enumerable.Range(2, 13).Select(value => Run(value, gathered: gathered)).ToList();

        await Started();
        await Started();

        _statements.Count.ShouldBe(3, "and no more than three");
        _statements.Skip(1).ShouldAllBe(rows => rows.Count == 4);
        _database.Release(100);
        (await Task.WhenAll([first, .. others]).WaitAsync(Soon)).ShouldBe(Enumerable.Range(1, 14).Select(value => value * 10));
    }

    [Fact]
    public async Task Should_answer_each_its_own_under_load()
    {
        _database.Release(100_000);
        var keys = Enumerable.Range(0, 50).Select(_ => Guid.NewGuid()).ToArray();

        var answers = await Task.WhenAll(Enumerable.Range(1, 20_000).Select(value => Task.Run(() => Run(value, keys[value % keys.Length]))))
            .WaitAsync(Soon);

        answers.ShouldBe(Enumerable.Range(1, 20_000).Select(value => value * 10));
        _statements.Sum(rows => rows.Count).ShouldBe(20_000);
        _statements.ShouldAllBe(rows => rows.Select(row => row.Key).Distinct().Count() == rows.Count);
    }

    async Task<int> Run(int value, Guid? key = null, Batcher<Row>? gathered = null, CancellationToken cancellationToken = default)
    {
        var row = new Row(key ?? Guid.NewGuid(), value);
        await (gathered ?? _gathered).Run(row, cancellationToken);
        return row.Answer;
    }

    /// <summary>One statement is as many as there are at a time.</summary>
    async Task<IReadOnlyList<Task<int>>> KeepTheDatabaseBusy()
    {
        var first = Run(1);
        await Started();
        return [first];
    }

    async Task Started() => (await _started.WaitAsync(Soon)).ShouldBeTrue("no statement was sent");

    async Task Execute(IReadOnlyList<Row> rows)
    {
        _statements.Enqueue(rows);
        _started.Release();
        await _database.WaitAsync();
        if (rows.Any(row => row.Value == Row.Outage))
            throw new NpgsqlException("gone", new IOException());
        if (rows.Any(row => row.Value == Row.Bad))
            throw new PostgresException("bad text", "ERROR", "ERROR", "22P05");

        foreach (var row in rows)
            row.Answer = row.Value * 10;
    }

    sealed record Row(Guid Key, int Value)
    {
        public const int Bad = -1;
        public const int Outage = -2;

        public int Answer { get; set; }
    }
}
