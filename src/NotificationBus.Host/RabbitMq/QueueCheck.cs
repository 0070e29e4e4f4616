using System.Text.RegularExpressions;

using NotificationBus.Host.Settings;

using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Declares every queue once before the bus starts. A queue that exists with other arguments may drop messages, and MassTransit
/// would only say so in a log while it tries again for ever; here the host stops and names queue and argument.
/// </summary>
sealed partial class QueueCheck(HostSettings settings, BrokerConnections broker, BrokerTopology topology, TimeProvider clock, ILogger<QueueCheck> log)
{
    static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>Waits for the broker, then declares.</summary>
    /// <exception cref="SettingsException">The broker does not answer, refuses us, or has a queue declared otherwise.</exception>
    public async Task EnsureReady(CancellationToken cancellationToken)
    {
        await using var connection = await Connect(cancellationToken);
        if (!settings.IsWorker)
            return;

        await DeclareAll(connection, cancellationToken);
    }

    /// <summary>Declares every queue, exchange and binding. Where they are there it changes nothing.</summary>
    /// <exception cref="SettingsException">The broker has a queue declared otherwise, or does not let us.</exception>
    public async Task DeclareAll(IConnection connection, CancellationToken cancellationToken)
    {
        foreach (var (queue, arguments) in topology.Queues)
            await Declare(connection, queue, arguments);

        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await topology.DeclareExchanges(channel, cancellationToken);
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
    internal static string Difference(string brokersWords)
    {
        var match = Inequivalent().Match(brokersWords);
        return match.Success
            ? $"{match.Groups["argument"].Value}: needed is {match.Groups["needed"].Value}, it has {match.Groups["current"].Value}"
            : $"declaration ({brokersWords})";
    }

    async Task<IConnection> Connect(CancellationToken cancellationToken)
    {
        var factory = broker.Factory("start-up check");
        var giveUp = clock.GetUtcNow() + settings.Postgres.StartTimeout;
        while (true)
        {
            try
            {
                return await factory.OpenAndTry(cancellationToken);
            }
            catch (Exception exception) when (Refusal(exception) is { } refusal)
            {
                throw new SettingsException($"ConnectionStrings:RabbitMq: {refusal}");
            }
            catch (Exception exception) when (exception is BrokerUnreachableException or OperationInterruptedException)
            {
                if (clock.GetUtcNow() >= giveUp)
                    throw new SettingsException($"ConnectionStrings:RabbitMq: no broker answers at {factory.Endpoint.HostName}:{factory.Endpoint.Port}");

                Waiting(factory.Endpoint.HostName, factory.Endpoint.Port);
                await Task.Delay(RetryInterval, clock, cancellationToken);
            }
        }
    }

    /// <summary>What does not get better by waiting. The client wraps it sometimes, and sometimes not.</summary>
    static string? Refusal(Exception? exception) => exception switch
    {
        null => null,
        AuthenticationFailureException or PossibleAuthenticationFailureException => "the broker refuses the user or the password",
        OperationInterruptedException { ShutdownReason.ReplyCode: Constants.NotAllowed or Constants.AccessRefused } =>
            "the broker has no such virtual host, or does not let the user in; rabbitmqctl add_vhost and set_permissions mend that, or name another one after the port",
        _ => Refusal(exception.InnerException),
    };

    [LoggerMessage(LogLevel.Information, "Waiting for RabbitMQ at {Host}:{Port}")]
    partial void Waiting(string host, int port);

    [GeneratedRegex(@"inequivalent arg '(?<argument>[^']+)' for .*: received ((?<needed>none)|(the value )?'(?<needed>[^']*)'.*?) but current is ((?<current>none)|(the value )?'(?<current>[^']*)')", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Inequivalent();
}
