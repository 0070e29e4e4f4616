using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Load;
using NotificationBus.IntegrationTests.Servers;
using RabbitMQ.Client;

namespace NotificationBus.Benchmarks.Measures;

/// <summary>What became of messages that were all due at the same moment.</summary>
/// <param name="Messages">How many.</param>
/// <param name="Seconds">From that moment until the last was published, confirmed and forgotten.</param>
/// <param name="PerSecond">How many of them a second.</param>
/// <param name="PeakMegabytes">The most memory the host used.</param>
sealed record ScheduledFigures(int Messages, double Seconds, double PerSecond, double PeakMegabytes);

/// <summary>
/// Scheduled messages, written into <c>outgoing_message</c> with SQL, of the size of a command, due at the same moment. They go into a
/// queue nobody works on, so that nothing but the scheduler is measured.
/// </summary>
static class Scheduled
{
    const string Queue = "bench-scheduled";
    const int BodyBytes = 800;

    static readonly TimeSpan UntilDue = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static async Task<ScheduledFigures> Run(OwnServers servers, int count)
    {
        await using var stand = await Stand.Open(servers, new NotificationBusContender());
        await stand.WarmUp(TimeSpan.FromSeconds(10));
        await using var connection = await new ConnectionFactory { Uri = stand.VirtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.ExchangeDeclareAsync(Queue, ExchangeType.Fanout, durable: true);
        await channel.QueueDeclareAsync(
            Queue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" }
        );
        await channel.QueueBindAsync(Queue, Queue, "");

        var due = Clock.Now + UntilDue;
        await stand.Record.Execute(
            $"""
            INSERT INTO outgoing_message (message_id, destination, content_type, message_types, body, due_at)
            SELECT gen_random_uuid(), 'exchange:{Queue}', 'application/octet-stream', 'urn:message:Scheduled',
                convert_to(repeat('x', {BodyBytes}), 'UTF8'), '{due:O}'
            FROM generate_series(1, {count})
            """
        );
        await stand.Record.Checkpoint();
        if (Clock.Now > due)
            throw new IncompleteException($"{count} messages were not written down within {UntilDue.TotalSeconds} s");

        while (await stand.Record.Scalar<bool>("SELECT EXISTS (SELECT FROM outgoing_message)"))
        {
            if (Clock.Now - due > Limit)
                throw new IncompleteException(
                    $"{await stand.Record.Scalar<long>("SELECT count(*) FROM outgoing_message")} of {count} scheduled messages were "
                        + $"still there {Limit.TotalMinutes} min after they were due"
                );
            await Task.Delay(50);
        }

        var seconds = (Clock.Now - due).TotalSeconds;
        var arrived = await channel.MessageCountAsync(Queue);
        return arrived < count
            ? throw new IncompleteException($"{arrived} of {count} scheduled messages arrived")
            : new ScheduledFigures(count, seconds, count / seconds, stand.Running.PeakMegabytes());
    }
}
