using NotificationBus.Channels.Sandbox;

namespace NotificationBus.Tests.Channels.Sandbox;

public sealed class When_the_sandbox_is_cleared
{
    readonly SandboxInbox _inbox = new(TimeProvider.System);

    [Fact]
    public void Should_forget_everything()
    {
        _inbox.Catch(Caught.Push());

        _inbox.Clear();

        _inbox.Since(0).ShouldBeEmpty();
        _inbox.Find(1).ShouldBeNull();
    }

    [Fact]
    public async Task Should_begin_another_edition_and_say_so_to_who_waits()
    {
        var edition = _inbox.Edition;
        var arrival = _inbox.Arrival(edition, 0, CancellationToken.None);

        _inbox.Clear();

        await arrival.WaitAsync(InboxHost.Patience);
        _inbox.Edition.ShouldNotBe(edition);
        _inbox.Arrival(edition, 0, CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public void Should_wait_again_though_the_count_is_ahead()
    {
        _inbox.Catch(Caught.Push());

        _inbox.Clear();

        _inbox.Arrival(_inbox.Edition, 0, CancellationToken.None).IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void Should_not_give_a_number_twice()
    {
        _inbox.Catch(Caught.Push());

        _inbox.Clear();

        _inbox.Catch(Caught.Push()).Number.ShouldBe(2);
    }

    /// <summary>What all hosts caught may have been asked for just before.</summary>
    [Fact]
    public void Should_not_show_what_was_there_before()
    {
        var edition = _inbox.Edition;
        var before = new CaughtDelivery(1, DateTimeOffset.UnixEpoch, Caught.Push());

        _inbox.Show(edition, before).ShouldBeTrue();
        _inbox.Clear();
        _inbox.Show(edition, before).ShouldBeFalse();

        _inbox.Since(0).ShouldBeEmpty();
    }
}
