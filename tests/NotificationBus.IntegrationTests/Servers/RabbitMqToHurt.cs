namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// A RabbitMQ that tests kill and freeze, one after the other, each in a virtual host of its own. Started by the first that asks. The
/// classes that use it are one collection, because starting one takes longer than most of them.
/// </summary>
[CollectionDefinition(nameof(RabbitMqToHurt))]
public sealed class RabbitMqToHurt : ICollectionFixture<RabbitMqToHurt>, IAsyncDisposable
{
    readonly Lazy<Task<RabbitMqServer>> _server = new(() => RabbitMqServer.Start());

    internal Task<RabbitMqServer> Server => _server.Value;

    public async ValueTask DisposeAsync()
    {
        if (_server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await Server).DisposeAsync();
    }
}
