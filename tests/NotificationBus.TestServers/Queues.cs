using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>The queues of a virtual host.</summary>
static class Queues
{
    /// <summary>How many messages wait in these queues; none in one that is not there.</summary>
    public static async Task<long> Messages(Uri virtualHost, params IReadOnlyList<string> queues)
    {
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        return await Messages(connection, queues);
    }

    /// <summary>The same over a connection there is, for whoever looks again and again.</summary>
    public static async Task<long> Messages(IConnection connection, params IReadOnlyList<string> queues)
    {
        var found = 0L;
        foreach (var queue in queues)
        {
            // Asking for a queue that is not there closes the channel.
            await using var channel = await connection.CreateChannelAsync();
            try
            {
                found += (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
            }
            catch (OperationInterruptedException exception) when (exception.ShutdownReason?.ReplyCode == Constants.NotFound) { }
        }

        return found;
    }
}
