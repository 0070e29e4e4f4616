using NotificationBus.Benchmarks.Contenders;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Benchmarks.Measures;

/// <summary>What has been used up so far.</summary>
/// <param name="Program">Processor time of the contender's process.</param>
/// <param name="Broker">Processor time of all of RabbitMQ's processes.</param>
/// <param name="Database">Processor time of all of PostgreSQL's processes.</param>
/// <param name="Messages">Messages the broker has taken from publishers.</param>
/// <param name="Allocated">Bytes the contender has allocated; null when it does not say.</param>
sealed record Usage(TimeSpan Program, TimeSpan Broker, TimeSpan Database, long Messages, long? Allocated)
{
    public static async Task<Usage> Of(RunningContender contender, OwnServers servers) =>
        new(
            ProcessTree.ProcessorTime(contender.Id),
            ProcessTree.ProcessorTime(servers.Broker.Id),
            ProcessTree.ProcessorTime(servers.Postgres.Id),
            await servers.Broker.MessagesTaken(),
            contender.AllocatedBytes is { } allocated ? await allocated() : null
        );
}
