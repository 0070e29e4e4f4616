using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NotificationBus.Access;
using NotificationBus.Contents;
using NotificationBus.Erasures;
using NotificationBus.Failures;
using NotificationBus.Intake;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Repairs;
using NotificationBus.Sending;
using NotificationBus.Subscriptions;
using NotificationBus.Telemetry;
using NotificationBus.Templates;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Registration of the record in PostgreSQL.</summary>
public static class PostgresSetup
{
    // Calls are gathered, so that few connections carry much; and many hosts share what the server has, 100 by default.
    const int UsualPoolSize = 20;

    // What operators ask is planned for what they ask.
    internal const string Operators = "operators";
    internal const int OperatorsPoolSize = 5;

    // Two listen all the time, one to operators and one to what is scheduled, and somebody has to work.
    const int SmallestPool = 3;

    // All statements of the hot path. Planning one of them costs the server more than executing it for a few rows.
    const int PreparedStatements = 64;

    /// <summary>Keeps the record in PostgreSQL.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="connectionString">
    /// Where it is. Without <c>Maximum Pool Size</c> a host opens at most 20 connections, 5 more for operators, 3 for the console, and one
    /// each for what it listens to. Behind a pooler such as PgBouncer: one that pools sessions, not transactions.
    /// </param>
    /// <param name="replica">Where lists and the console are read, as long as it is in step; null for the same place.</param>
    public static IServiceCollection AddPostgresStore(this IServiceCollection services, string connectionString, string? replica = null)
    {
        CheckPoolSize(connectionString, SmallestPool, "a host listens on two connections");
        services.AddSingleton(_ => DataSource(connectionString));
        services.AddKeyedSingleton(Operators, (_, _) => OperatorsDataSource(connectionString));
        services.AddDbContextFactory<NotificationBusDbContext>(
            (provider, options) =>
                options
                    .UseNpgsql(provider.GetRequiredKeyedService<NpgsqlDataSource>(Operators))
                    // There is no snapshot of the model to compare with: migrations are SQL files, and the model is what operators ask.
                    // What has a limit and no order is one row, or is only counted.
                    .ConfigureWarnings(warnings =>
                        warnings.Ignore(RelationalEventId.PendingModelChangesWarning, CoreEventId.RowLimitingOperationWithoutOrderByWarning)
                    )
        );

        services.AddSingleton(provider => new ReadPools(
            provider.GetRequiredKeyedService<NpgsqlDataSource>(Operators),
            connectionString,
            string.IsNullOrWhiteSpace(replica) ? null : replica
        ));
        services.AddSingleton<Replica>();
        services.AddHostedService(provider => provider.GetRequiredService<Replica>());
        services.AddSingleton<PostgresReads>();
        services.AddMetrics();
        services.TryAddSingleton<FlowMetrics>();
        services.AddSingleton<DeadConnections>();
        services.AddRecordClock();
        services.AddSingleton<Schema>();
        services.AddSingleton<IStartWarnings, PostgresWarnings>();
        services.AddSingleton<Partitions>();
        services.AddSingleton<Retention>();
        services.AddHostedService<PartitionUpkeep>();
        services.AddSingleton<PublishedMessages>();
        services.AddHostedService(provider => provider.GetRequiredService<PublishedMessages>());
        services.AddSingleton<IOutgoingMessages, PostgresOutgoingMessages>();
        services.AddSingleton<PostgresNotificationStore>();
        services.AddSingleton<INotificationStore>(provider => provider.GetRequiredService<PostgresNotificationStore>());
        services.AddSingleton<IEarlierNotifications>(provider => provider.GetRequiredService<PostgresNotificationStore>());
        services.AddSingleton<IContentStore, PostgresContents>();
        services.AddSingleton<IUnfinishedNotifications, PostgresUnfinishedNotifications>();
        services.AddSingleton<IWithdrawals, PostgresWithdrawals>();
        services.AddSingleton<ISubscriptions, PostgresSubscriptions>();
        services.AddSingleton<IWebhookDeliveries, PostgresWebhookDeliveries>();
        services.AddSingleton<IEventStreams, PostgresEventStreams>();
        services.AddSingleton<PostgresAttemptLedger>();
        services.AddSingleton<IAttemptLedger>(provider => provider.GetRequiredService<PostgresAttemptLedger>());
        services.AddSingleton<ISuppressions, PostgresSuppressions>();
        services.AddSingleton<IDailyCounts, PostgresDailyCounts>();
        services.AddSingleton<PostgresProviderHealth>();
        services.AddSingleton<IProviderHealth>(provider => provider.GetRequiredService<PostgresProviderHealth>());
        services.AddSingleton<IControls, PostgresControls>();
        services.AddSingleton<IAccessKeys, PostgresAccessKeys>();
        services.AddSingleton<IIntakeRows, PostgresIntakeRows>();
        services.AddSingleton<IFailedMessages, PostgresFailedMessages>();
        services.AddSingleton<IPoisonMessages, PostgresPoisonMessages>();
        services.AddSingleton<IHeldDeliveries, PostgresHeldDeliveries>();
        services.AddSingleton<IRepairs, PostgresRepairs>();
        services.AddSingleton<ITemplateVersions, PostgresTemplateVersions>();
        services.AddSingleton<ITraffic, PostgresTraffic>();
        services.AddSingleton<IErasures, PostgresErasures>();
        services.AddSingleton<ICaughtDeliveries, PostgresCaughtDeliveries>();
        services.AddSingleton<INotificationQueries, PostgresNotificationQueries>();
        services.AddSingleton<PostgresLedger>();
        services.AddSingleton<IUnrecordedNotifications>(provider => provider.GetRequiredService<PostgresLedger>());
        services.AddSingleton<INotificationLedger>(provider => provider.GetRequiredService<PostgresLedger>());
        services.AddSingleton<IRecordReadings, PostgresReadings>();
        services.AddHealthChecks().AddCheck<PostgresHealthCheck>("postgres", tags: ["ready"], timeout: TimeSpan.FromSeconds(2));
        if (!string.IsNullOrWhiteSpace(replica))
            services.AddHealthChecks().AddCheck<Replica>("postgres-replica", tags: ["ready"]);
        return services;
    }

    /// <summary>Has the host take what producers publish by SQL. It listens for that on one more connection.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="connectionString">The one of <see cref="AddPostgresStore"/>.</param>
    public static IServiceCollection AddIntakeRows(this IServiceCollection services, string connectionString)
    {
        CheckPoolSize(connectionString, SmallestPool + 1, "with Intake:Sql:Enabled a host listens on three connections");
        return services;
    }

    /// <summary>The flow counts by the database's clock; providers, whose vendors have clocks of their own, by this host's.</summary>
    static void AddRecordClock(this IServiceCollection services)
    {
        var own =
            services
                .LastOrDefault(service => service.ServiceType == typeof(TimeProvider) && !service.IsKeyedService)
                ?.ImplementationInstance as TimeProvider
            ?? TimeProvider.System;
        services.AddKeyedSingleton(OwnClock.Key, own);
        services.AddSingleton(new RecordClock(own));
        services.AddSingleton<TimeProvider>(provider => provider.GetRequiredService<RecordClock>());
        services.AddSingleton<ClockWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<ClockWatch>());
    }

    static void CheckPoolSize(string connectionString, int least, string listens)
    {
        var size = new NpgsqlConnectionStringBuilder(connectionString) is { Pooling: true } pool ? pool.MaxPoolSize : UsualPoolSize;
        if (size < least)
            throw new SettingsException(
                $"ConnectionStrings:Postgres: Maximum Pool Size={size} is too small; {listens} all the time and works on others, "
                    + $"so that {least} is the least (default {UsualPoolSize})"
            );
    }

    /// <summary>For the statements of the flow, which are few and always the same.</summary>
    static NpgsqlDataSource DataSource(string connectionString)
    {
        // By itself it is named by the connection string, which would be a label of its metrics.
        var builder = new NpgsqlDataSourceBuilder(connectionString) { Name = "flow" };
        var settings = builder.ConnectionStringBuilder;
        if (!IsWritten(connectionString, "Maximum Pool Size"))
            settings.MaxPoolSize = UsualPoolSize;
        if (!IsWritten(connectionString, "Max Auto Prepare"))
            settings.MaxAutoPrepare = PreparedStatements;
        settings.NoResetOnClose = true;
        PreferPrimary(connectionString, settings);
        builder.BeginForTheFlow();
        return builder.Build();
    }

    static NpgsqlDataSource OperatorsDataSource(string connectionString)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString) { Name = "operators" };
        var settings = builder.ConnectionStringBuilder;
        settings.MinPoolSize = 0;
        settings.MaxPoolSize = Math.Min(OperatorsPoolSize, settings.MaxPoolSize);
        // What a session is reset to is what the server says, and not what it began with.
        settings.NoResetOnClose = true;
        PreferPrimary(connectionString, settings);
        builder.BeginForOperators();
        return builder.Build();
    }

    /// <summary>Of several servers only one takes what a host writes.</summary>
    internal static void PreferPrimary(string connectionString, NpgsqlConnectionStringBuilder settings)
    {
        if (settings.Host?.Contains(',', StringComparison.Ordinal) == true && !IsWritten(connectionString, "Target Session Attributes"))
            settings.TargetSessionAttributes = "primary";
    }

    static bool IsWritten(string connectionString, string setting)
    {
        var written = new DbConnectionStringBuilder { ConnectionString = connectionString };
        return written.ContainsKey(setting)
            || written.ContainsKey(setting.Replace(" ", "", StringComparison.Ordinal).Replace("Maximum", "Max", StringComparison.Ordinal));
    }
}

/// <summary>Ready means that the database answers, and lets the host write.</summary>
sealed class PostgresHealthCheck(NpgsqlDataSource database, RecordClock clock) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            if (await connection.WhyOnlyReads(cancellationToken) is { } reason)
            {
                database.Clear();
                return HealthCheckResult.Unhealthy($"PostgreSQL at {connection.Host}:{connection.Port} {reason}");
            }

            return HealthCheckResult.Healthy(
                string.Join("; ", new[] { clock.Disagreement, clock.JumpedAhead }.OfType<string>()) is { Length: > 0 } clocks
                    ? clocks
                    : null
            );
        }
        catch (OnlyReadsException exception)
        {
            return HealthCheckResult.Unhealthy($"PostgreSQL at {exception.Message}", exception);
        }
        catch (NpgsqlException exception)
        {
            return HealthCheckResult.Unhealthy("PostgreSQL does not answer", exception);
        }
    }
}
