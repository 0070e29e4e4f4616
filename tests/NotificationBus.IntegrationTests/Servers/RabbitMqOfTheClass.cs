namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A RabbitMQ that the tests of one class kill and freeze, one after the other, each in a virtual host of its own. Started by the first that asks.</summary>
public sealed class RabbitMqOfTheClass : IAsyncDisposable
{
    readonly Lazy<Task<RabbitMqServer>> _server = new(RabbitMqServer.Start);

    internal Task<RabbitMqServer> Server => _server.Value;

    public async ValueTask DisposeAsync()
    {
        if (_server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await Server).DisposeAsync();
    }
}
