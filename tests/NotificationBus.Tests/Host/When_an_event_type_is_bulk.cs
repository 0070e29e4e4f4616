using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Host;

public sealed class When_an_event_type_is_bulk : IAsyncLifetime
{
    readonly RunningHost _host = new() { Settings = ["--EventTypes:order-shipped:Lane=Bulk"] };
    readonly Pulse _pulse = new();

    public async ValueTask InitializeAsync() => await _host.InitializeAsync();

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("order-shipped", "notifications-bulk")]
    [InlineData("payment-reminder-due", "notifications")]
    public async Task Should_come_through_a_queue_of_its_own(string name, string saga)
    {
        var wire = new Wire(_pulse);
        using var watched = _host.Bus.ConnectReceiveObserver(wire);

        var self = (await _host.Post(Occurrence.AddressOf(name), Occurrence.ByName[name])).Self;

        (await _host.Outcome(self)).GetProperty("status").GetString().ShouldBe("delivered");
        // The command and the result do not leave the process.
        await _pulse.Until(() => wire.Handled.Count == 1);
        wire.Handled.Select(message => message.Place).ShouldBe([saga]);
    }
}
