namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A PostgreSQL the tests may use, started by us or given by whoever runs them.</summary>
interface IDatabaseServer : IAsyncDisposable
{
    /// <summary>Creates an empty database for one test class and gives its connection string.</summary>
    Task<string> CreateDatabase();
}
