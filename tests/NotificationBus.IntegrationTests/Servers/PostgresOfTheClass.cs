namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// A PostgreSQL that the tests of one class kill and freeze, one after the other, each in a database of its own. Started by the first that
/// asks.
/// </summary>
public sealed class PostgresOfTheClass : IAsyncDisposable
{
    readonly Lazy<Task<PostgresServer>> _server = new(PostgresServer.Start);

    internal Task<PostgresServer> Server => _server.Value;

    public async ValueTask DisposeAsync()
    {
        if (_server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await Server).DisposeAsync();
    }
}
