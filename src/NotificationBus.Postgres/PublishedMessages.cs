using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Outgoing;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Deletes outgoing messages the broker has confirmed: those of many steps with one statement, after the steps have gone on. A
/// crash before the deletion costs a second publish under the same id, nothing more.
/// </summary>
public sealed partial class PublishedMessages(NpgsqlDataSource database, ILogger<PublishedMessages> log) : BackgroundService
{
    const int BatchSize = 1000;

    // Nobody waits for the deletion: those of many steps go together.
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // Bounded, so that a database that cannot follow slows the steps down instead of filling the memory.
    readonly Channel<(Guid Token, int Revision)> _confirmed = Channel.CreateBounded<(Guid, int)>(
        new BoundedChannelOptions(100_000) { SingleReader = true }
    );

    /// <summary>Has the messages deleted soon.</summary>
    public async ValueTask Forget(IReadOnlyCollection<OutgoingMessage> messages)
    {
        foreach (var message in messages)
            await _confirmed.Writer.WriteAsync((message.Token, message.Revision));
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Ends when the host stops, and only after it deleted what is there: the bus has stopped before.
        using var stop = stoppingToken.Register(() => _confirmed.Writer.TryComplete());
        while (await _confirmed.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var batch = new List<(Guid, int)>();
            while (batch.Count < BatchSize && _confirmed.Reader.TryRead(out var message))
                batch.Add(message);

            try
            {
                await Delete(batch);
            }
            catch (NpgsqlException exception)
            {
                // The dispatch publishes these once more, and they come back here.
                NotDeleted(exception, batch.Count);
            }

            if (batch.Count < BatchSize)
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task Delete(List<(Guid Token, int Revision)> messages)
    {
        var command = new NpgsqlBatchCommand(
            """
            DELETE FROM outgoing_message o USING unnest(@tokens, @revisions) AS published (token, revision)
            WHERE o.message_id = published.token AND o.revision = published.revision
            """
        );
        command.Parameters.Add("tokens", messages, message => message.Token);
        command.Parameters.Add("revisions", messages, message => message.Revision);
        await database.Write(command, CancellationToken.None);
    }

    [LoggerMessage(LogLevel.Warning, "{Count} published messages could not be deleted and will be published once more")]
    partial void NotDeleted(Exception exception, int count);
}
