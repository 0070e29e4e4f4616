using NotificationBus.Channels.Sandbox;

namespace NotificationBus.Tests.Channels.Sandbox;

public sealed class When_the_sandbox_catches
{
    readonly SandboxInbox _inbox = new(TimeProvider.System);

    [Fact]
    public void Should_list_the_newest_first()
    {
        Catch(3);

        _inbox.Since(0).Select(caught => caught.Number).ShouldBe([3, 2, 1]);
        _inbox.Since(2).Select(caught => caught.Number).ShouldBe([3]);
    }

    [Fact]
    public void Should_let_the_oldest_go_when_it_is_full()
    {
        Catch(SandboxInbox.Capacity + 1);

        _inbox.Since(0).Count.ShouldBe(SandboxInbox.Capacity);
        _inbox.Find(1).ShouldBeNull();
        _inbox.Find(2).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_wake_who_waits()
    {
        var arrival = _inbox.Arrival(_inbox.Edition, 0, CancellationToken.None);
        arrival.IsCompleted.ShouldBeFalse();

        Catch(1);

        await arrival.WaitAsync(InboxHost.Patience);
    }

    [Fact]
    public void Should_not_make_anybody_wait_for_what_is_here()
    {
        Catch(2);

        _inbox.Arrival(_inbox.Edition, 1, CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_lose_nothing_between_looking_and_waiting()
    {
        const int deliveries = 400;
        var catching = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Catch(deliveries / 4))));

        var seen = new List<long>();
        while (seen.Count < deliveries)
        {
            var after = seen.LastOrDefault();
            await _inbox.Arrival(_inbox.Edition, after, CancellationToken.None).WaitAsync(InboxHost.Patience);
            seen.AddRange(_inbox.Since(after).Reverse().Select(caught => caught.Number));
        }

        await catching;
        seen.ShouldBe(Enumerable.Range(1, deliveries).Select(number => (long)number));
    }

    [Fact]
    public async Task Should_stop_waiting_when_told_to()
    {
        using var gone = new CancellationTokenSource();
        var arrival = _inbox.Arrival(_inbox.Edition, 0, gone.Token);

        await gone.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => arrival.WaitAsync(InboxHost.Patience));
    }

    void Catch(int deliveries)
    {
        for (var i = 0; i < deliveries; i++)
            _inbox.Catch(Caught.Push());
    }
}
