using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Tests.Saga.Persistence;

public sealed class When_many_inputs_were_taken
{
    [Fact]
    public void Should_remember_the_newest()
    {
        var notification = new NotificationState();
        var inputs = Enumerable.Range(0, 40).Select(_ => Guid.CreateVersion7()).ToList();
        foreach (var input in inputs)
            new NotificationStep(notification, input, []).After();

        notification.ProcessedMessageIds.ShouldBe(inputs.TakeLast(32));
        notification.Version.ShouldBe(40);
    }
}
