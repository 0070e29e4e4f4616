using System.Data.Common;

using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

using NotificationBus.Failures;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Saga.Persistence;
using NotificationBus.Sending;
using NotificationBus.Sending.Accounts;
using NotificationBus.Sending.Controls;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Registration of the record in PostgreSQL.</summary>
public static class PostgresSetup
{
    // Calls are gathered, so that few connections carry much; and many hosts share what the server has, 100 by default.
    const int UsualPoolSize = 20;

    /// <summary>Keeps the record in PostgreSQL.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="connectionString">Where it is. Without <c>Maximum Pool Size</c> a host opens at most 20 connections, and one each for what it listens to.</param>
    public static IServiceCollection AddPostgresStore(this IServiceCollection services, string connectionString)
    {
        services.AddSingleton(_ => DataSource(connectionString));
        services.AddDbContextFactory<NotificationBusDbContext>((provider, options) => options
            .UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>())
            // There is no snapshot of the model to compare with: migrations are SQL files, and the model is one view.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning)));

        services.AddSingleton<Schema>();
        services.AddSingleton<PublishedMessages>();
        services.AddHostedService(provider => provider.GetRequiredService<PublishedMessages>());
        services.AddSingleton<IOutgoingMessages, PostgresOutgoingMessages>();
        services.AddSingleton<PostgresNotificationStore>();
        services.AddSingleton<INotificationStore>(provider => provider.GetRequiredService<PostgresNotificationStore>());
        services.AddSingleton<IUnfinishedNotifications, PostgresUnfinishedNotifications>();
        services.AddSingleton<PostgresAttemptLedger>();
        services.AddSingleton<IAttemptLedger>(provider => provider.GetRequiredService<PostgresAttemptLedger>());
        services.AddSingleton<ISuppressions, PostgresSuppressions>();
        services.AddSingleton<PostgresProviderHealth>();
        services.AddSingleton<IProviderHealth>(provider => provider.GetRequiredService<PostgresProviderHealth>());
        services.AddSingleton<IControls, PostgresControls>();
        services.AddSingleton<IFailedMessages, PostgresFailedMessages>();
        services.AddSingleton<ISuspects, PostgresSuspects>();
        services.AddSingleton<INotificationQueries, PostgresNotificationQueries>();
        services.AddHealthChecks().AddCheck<PostgresHealthCheck>("postgres", tags: ["ready"], timeout: TimeSpan.FromSeconds(2));
        return services;
    }

    static NpgsqlDataSource DataSource(string connectionString)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        var written = new DbConnectionStringBuilder { ConnectionString = connectionString };
        if (!written.ContainsKey("Maximum Pool Size") && !written.ContainsKey("MaxPoolSize"))
            builder.ConnectionStringBuilder.MaxPoolSize = UsualPoolSize;
        return builder.Build();
    }
}

/// <summary>Ready means that the database answers.</summary>
sealed class PostgresHealthCheck(NpgsqlDataSource database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = database.CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (NpgsqlException exception)
        {
            return HealthCheckResult.Unhealthy("PostgreSQL does not answer", exception);
        }
    }
}
