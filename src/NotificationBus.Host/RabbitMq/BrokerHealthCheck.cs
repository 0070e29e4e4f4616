using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Ready means that the broker answers. MassTransit judges by the queues it listens on; a host that is only API has none, and would
/// stay ready without a broker. The check keeps one connection, so that asking often costs nothing.
/// </summary>
sealed class BrokerHealthCheck(BrokerConnections broker) : IHealthCheck, IAsyncDisposable
{
    readonly SemaphoreSlim _oneAtATime = new(1);

    IConnection? _connection;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            if (_connection is not { IsOpen: true })
                await Connect(cancellationToken);

            return HealthCheckResult.Healthy();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy("RabbitMQ does not answer", exception);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
            await connection.DisposeAsync();
        _oneAtATime.Dispose();
    }

    async Task Connect(CancellationToken cancellationToken)
    {
        if (_connection is { } lost)
        {
            _connection = null;
            await lost.DisposeAsync();
        }

        _connection = await broker.Open("readiness", cancellationToken);
    }
}
