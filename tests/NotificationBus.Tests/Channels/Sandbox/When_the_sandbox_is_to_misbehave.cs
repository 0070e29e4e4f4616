using NotificationBus.Channels.Sandbox;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Sandbox;

public sealed class When_the_sandbox_is_to_misbehave
{
    readonly FakeTimeProvider _clock = new(A.Time);
    readonly SandboxInbox _inbox = new(TimeProvider.System);

    [Fact]
    public async Task Should_answer_after_its_latency()
    {
        var answer = Sandbox(new SandboxOptions { Latency = TimeSpan.FromMilliseconds(100) }).Send(Caught.Push(), CancellationToken.None);

        _clock.Advance(TimeSpan.FromMilliseconds(99));
        answer.IsCompleted.ShouldBeFalse();
        _inbox.Since(0).ShouldBeEmpty();

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        (await answer.WaitAsync(InboxHost.Patience)).ShouldBeOfType<ProviderResult.Accepted>();
        _inbox.Since(0).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_unavailable_for_its_share_of_calls()
    {
        var sandbox = Sandbox(new SandboxOptions { FailureShare = 0.1 });

        var unavailable = 0;
        for (var call = 0; call < 1_000; call++)
            unavailable += await sandbox.Send(Caught.Push(), CancellationToken.None) is ProviderResult.Unavailable ? 1 : 0;

        unavailable.ShouldBeInRange(70, 130);
        _inbox.Since(0)[0].Number.ShouldBe(1_000 - unavailable);
    }

    SandboxProvider Sandbox(SandboxOptions options) => new("sandbox", "push", options, _inbox, _clock, new Random(4711));
}
