using System.Security.Authentication;
using System.Text.RegularExpressions;

using NotificationBus.Host.Settings;

using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Declares every queue once before the bus starts. A queue that exists with other arguments may drop messages, and MassTransit
/// would only say so in a log while it tries again for ever; here the host stops and names queue and argument.
/// </summary>
sealed partial class QueueCheck(HostSettings settings, BrokerConnections broker, BrokerTopology topology, PolicyCheck policies, TimeProvider clock, ILogger<QueueCheck> log)
{
    // A new queue shows its policies after the five seconds in which the broker gathers figures. Later the host finds out while it runs.
    const int MostLooks = 10;

    static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>Waits for the broker, then declares.</summary>
    /// <exception cref="SettingsException">The broker does not answer, refuses us, or has a queue declared otherwise.</exception>
    public async Task EnsureReady(CancellationToken cancellationToken)
    {
        await using var connection = await Connect(cancellationToken);
        if (settings.IsWorker)
            await DeclareAll(connection, cancellationToken);
        for (var look = 0; look < MostLooks; look++)
        {
            if (await policies.Find(cancellationToken) is { Count: > 0 } harmful)
                throw new SettingsException(string.Join(Environment.NewLine, harmful.Values.Select(harm => $"RabbitMQ: {harm}")));
            if (policies.HasSeenAll)
                break;

            await Task.Delay(RetryInterval, clock, cancellationToken);
        }
    }

    /// <summary>Declares every queue, exchange and binding. Where they are there it changes nothing.</summary>
    /// <exception cref="SettingsException">The broker has a queue declared otherwise, or does not let us.</exception>
    public async Task DeclareAll(IConnection connection, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        foreach (var (queue, arguments) in topology.Queues)
            await Declare(channel, queue, arguments, cancellationToken);

        await topology.DeclareExchanges(channel, cancellationToken);
    }

    static async Task Declare(IChannel channel, string queue, IReadOnlyDictionary<string, object> arguments, CancellationToken cancellationToken)
    {
        try
        {
            await channel.QueueDeclareAsync(
                queue, durable: true, exclusive: false, autoDelete: false,
                arguments.ToDictionary(argument => argument.Key, argument => (object?)argument.Value, StringComparer.Ordinal), cancellationToken: cancellationToken);
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
                    throw new SettingsException($"ConnectionStrings:RabbitMq: no broker answers at {broker.Address}");

                Waiting(broker.Address);
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
        AuthenticationException certificate => $"the broker's certificate is not trusted ({certificate.Message.TrimEnd('.')}); name its authority in RabbitMq:TrustedCertificate",
        _ => Refusal(exception.InnerException),
    };

    [LoggerMessage(LogLevel.Information, "Waiting for RabbitMQ at {Address}")]
    partial void Waiting(BrokerAddress address);

    [GeneratedRegex(@"inequivalent arg '(?<argument>[^']+)' for .*: received ((?<needed>none)|(the value )?'(?<needed>[^']*)'.*?) but current is ((?<current>none)|(the value )?'(?<current>[^']*)')", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Inequivalent();
}
