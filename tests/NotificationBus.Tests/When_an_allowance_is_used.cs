namespace NotificationBus.Tests;

public sealed class When_an_allowance_is_used
{
    static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    [Fact]
    public void Should_give_all_at_once_and_then_evenly()
    {
        var allowance = new Allowance(10, Window);
        for (var left = 9; left >= 0; left--)
            allowance.Take(At(100)).ShouldBe(new AllowanceUse(true, left, TimeSpan.FromSeconds(10 - left)));

        allowance.Take(At(100)).ShouldBe(new AllowanceUse(false, 0, TimeSpan.FromSeconds(1)));
        allowance.Take(At(100.999)).IsTaken.ShouldBeFalse();
        allowance.Take(At(101)).IsTaken.ShouldBeTrue();
        allowance.Take(At(101)).IsTaken.ShouldBeFalse();
        allowance.IsFull(At(110)).ShouldBeFalse();
        allowance.IsFull(At(111)).ShouldBeTrue();
        allowance.Take(At(1000)).Left.ShouldBe(9, "no more than all, however long nobody took any");
    }

    [Fact]
    public void Should_give_each_a_turn_of_its_own()
    {
        var allowance = new Allowance(2, Window);
        TimeSpan[] turns = [.. Enumerable.Range(0, 6).Select(_ => allowance.TakeNext(At(0), TimeSpan.FromSeconds(15)))];

        turns.ShouldBe([At(0), At(0), At(5), At(10), At(15), At(20)]);
        allowance.TakeNext(At(0), TimeSpan.FromSeconds(30)).ShouldBe(At(20), "what was too far away was not taken");
    }

    [Fact]
    public void Should_never_give_more_than_there_is()
    {
        var allowance = new Allowance(1_000, Window);
        var taken = 0;
        Parallel.For(
            0,
            10_000,
            _ =>
            {
                if (allowance.Take(At(0)).IsTaken)
                    Interlocked.Increment(ref taken);
            }
        );

        taken.ShouldBe(1_000);
        allowance.GiveBack();
        allowance.Take(At(0)).IsTaken.ShouldBeTrue();
        allowance.Take(At(0)).IsTaken.ShouldBeFalse();
    }

    static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
