using System.Threading.Channels;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Deletes outgoing messages the broker has confirmed: those of many steps with one statement, after the steps have gone on. A
/// crash before the deletion costs a second publish under the same id, nothing more.
/// </summary>
public sealed partial class PublishedMessages(NpgsqlDataSource database, ILogger<PublishedMessages> log) : BackgroundService
{
    const int BatchSize = 1000;

    // Bounded, so that a database that cannot follow slows the steps down instead of filling the memory.
    readonly Channel<Guid> _confirmed = Channel.CreateBounded<Guid>(new BoundedChannelOptions(100_000) { SingleReader = true });

    /// <summary>Has the messages deleted soon.</summary>
    public async ValueTask Forget(IReadOnlyCollection<Guid> messageIds)
    {
        foreach (var id in messageIds)
            await _confirmed.Writer.WriteAsync(id);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Ends when the host stops, and only after it deleted what is there: the bus has stopped before.
        using var stop = stoppingToken.Register(() => _confirmed.Writer.TryComplete());
        while (await _confirmed.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var batch = new List<Guid>();
            while (batch.Count < BatchSize && _confirmed.Reader.TryRead(out var id))
                batch.Add(id);

            try
            {
                await Delete(batch);
            }
            catch (NpgsqlException exception)
            {
                // The dispatch publishes these once more, and they come back here.
                NotDeleted(exception, batch.Count);
            }
        }
    }

    async Task Delete(List<Guid> ids)
    {
        await using var command = database.CreateCommand("DELETE FROM outgoing_message WHERE message_id = ANY(@ids)");
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. ids]));
        await command.ExecuteNonQueryAsync();
    }

    [LoggerMessage(LogLevel.Warning, "{Count} published messages could not be deleted and will be published once more")]
    partial void NotDeleted(Exception exception, int count);
}
