namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A RabbitMQ the tests may use, started by us or given by whoever runs them.</summary>
interface IBroker : IAsyncDisposable
{
    /// <summary>A virtual host for one test class, so that tests do not see each other's queues.</summary>
    Task<Uri> CreateVirtualHost();
}
