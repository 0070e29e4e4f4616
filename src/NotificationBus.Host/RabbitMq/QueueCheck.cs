using System.Text.RegularExpressions;

using NotificationBus.Host.Settings;
using NotificationBus.Messaging;
using NotificationBus.Sending;

using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Declares every queue once before the bus starts. A queue that exists with other arguments may drop messages, and MassTransit
/// would only say so in a log while it tries again for ever; here the host stops and names queue and argument.
/// </summary>
sealed partial class QueueCheck(HostSettings settings, ChannelSet channels, TimeProvider clock, ILogger<QueueCheck> log)
{
    static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>Waits for the broker, then declares.</summary>
    /// <exception cref="SettingsException">The broker does not answer, refuses us, or has a queue declared otherwise.</exception>
    public async Task EnsureReady(CancellationToken cancellationToken)
    {
        await using var connection = await Connect(cancellationToken);
        if (!settings.IsWorker)
            return;

        await Declare(connection, QueueArguments.DeadLetters, QueueArguments.OfDeadLetters);
        await Declare(connection, NotificationEndpoints.SagaQueue, QueueArguments.Working);
        foreach (var channel in channels.All)
            await Declare(connection, ChannelEndpoint.QueueOf(channel.Name), QueueArguments.Working);
    }

    static async Task Declare(IConnection connection, string queue, IReadOnlyDictionary<string, object> arguments)
    {
        // Its own channel: the broker closes the one on which a declaration fails.
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments.ToDictionary(argument => argument.Key, argument => (object?)argument.Value));
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: Constants.PreconditionFailed } reason)
        {
            throw new SettingsException($"RabbitMQ: queue '{queue}' exists with another {Difference(reason.ReplyText)}; move its messages away, delete it and start again");
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: Constants.AccessRefused })
        {
            throw new SettingsException($"ConnectionStrings:RabbitMq: the user may not declare queue '{queue}'; grant configure, write and read");
        }
    }

    /// <summary>The broker says: inequivalent arg 'x-delivery-limit' for queue 'q' in vhost '/': received '100000' but current is '20'.</summary>
    static string Difference(string brokersWords)
    {
        var match = Inequivalent().Match(brokersWords);
        return match.Success
            ? $"{match.Groups["argument"].Value}: needed is {match.Groups["needed"].Value}, it has {match.Groups["current"].Value}"
            : $"declaration ({brokersWords})";
    }

    async Task<IConnection> Connect(CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = new Uri(settings.ConnectionStrings.RabbitMq!), AutomaticRecoveryEnabled = false, ClientProvidedName = "NotificationBus start-up check" };
        var giveUp = clock.GetUtcNow() + settings.Postgres.StartTimeout;
        while (true)
        {
            try
            {
                return await factory.CreateConnectionAsync(cancellationToken);
            }
            catch (BrokerUnreachableException exception) when (exception.InnerException is AuthenticationFailureException or PossibleAuthenticationFailureException or OperationInterruptedException)
            {
                throw new SettingsException("ConnectionStrings:RabbitMq: the broker refuses the user, the password or the virtual host");
            }
            catch (BrokerUnreachableException) when (clock.GetUtcNow() < giveUp)
            {
                Waiting(factory.Endpoint.HostName, factory.Endpoint.Port);
                await Task.Delay(RetryInterval, clock, cancellationToken);
            }
            catch (BrokerUnreachableException)
            {
                throw new SettingsException($"ConnectionStrings:RabbitMq: no broker answers at {factory.Endpoint.HostName}:{factory.Endpoint.Port}");
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Waiting for RabbitMQ at {Host}:{Port}")]
    partial void Waiting(string host, int port);

    [GeneratedRegex(@"inequivalent arg '(?<argument>[^']+)'.*received (the value )?'?(?<needed>none|[^' ]+)'?.*but current is (the value )?'?(?<current>none|[^' ]+)'?", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Inequivalent();
}
