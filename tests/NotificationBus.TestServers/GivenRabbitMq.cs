namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A broker that runs elsewhere. AMQP cannot create virtual hosts, so all tests share the one they were given.</summary>
sealed class GivenRabbitMq(Uri uri) : IBroker
{
    public Task<Uri> CreateVirtualHost() => Task.FromResult(uri);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
