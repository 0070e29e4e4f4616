namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A PostgreSQL the tests may use, started by us or given by whoever runs them.</summary>
interface IDatabaseServer : IAsyncDisposable
{
    /// <summary>Creates a database for one test and gives its connection string.</summary>
    /// <param name="template">The name of the database it is a copy of; without one it is empty.</param>
    Task<string> CreateDatabase(string? template = null);
}
