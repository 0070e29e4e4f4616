using System.Security.Authentication;
using System.Text.RegularExpressions;
using NotificationBus.Host.Settings;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Declares every queue once before the bus starts. A queue that exists with other arguments may drop messages, and MassTransit
/// would only say so in a log while it tries again for ever; here the host stops and names queue and argument.
/// </summary>
sealed partial class QueueCheck(
    HostSettings settings,
    BrokerConnections broker,
    BrokerTopology topology,
    PolicyCheck policies,
    TimeProvider clock,
    ILogger<QueueCheck> log
)
{
    // A new queue shows its policies after the five seconds in which the broker gathers figures. Later the host finds out while it runs.
    const int MostLooks = 10;

    static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>Waits for the broker, then declares.</summary>
    /// <exception cref="SettingsException">The broker does not answer, refuses us, or has something declared otherwise.</exception>
    public async Task EnsureReady(CancellationToken cancellationToken)
    {
        await using var connection = await Connect(cancellationToken);
        if (settings.IsWorker && await DeclareAll(connection, cancellationToken) is { Count: > 0 } refused)
            throw new SettingsException(string.Join(Environment.NewLine, refused.Select(refusal => refusal.Reason)));
        for (var look = 0; look < MostLooks; look++)
        {
            if (await policies.Find(cancellationToken) is { Count: > 0 } harmful)
                throw new SettingsException(string.Join(Environment.NewLine, harmful.Values.Select(harm => $"RabbitMQ: {harm}")));
            if (policies.HasSeenAll)
                break;

            await Task.Delay(RetryInterval, clock, cancellationToken);
        }
    }

    /// <summary>
    /// Declares every queue, exchange and binding. Where they are there it changes nothing, and what the broker refuses keeps nothing else
    /// from being declared; only where the user may not, the others of that kind are left alone: rights are given by patterns, and each
    /// refusal is in the broker's log.
    /// </summary>
    /// <returns>What is refused.</returns>
    public async Task<IReadOnlyList<Refusal>> DeclareAll(IConnection connection, CancellationToken cancellationToken)
    {
        var refused = new List<Refusal>();
        foreach (var kind in topology.Declarations)
        {
            var rest = new Queue<Declaration>(kind);
            while (await DeclareUntilRefused(connection, rest, cancellationToken) is { } refusal)
            {
                refused.Add(refusal);
                if (!refusal.IsBroken)
                    break;
            }
        }

        return refused;
    }

    /// <summary>Declares one after the other, until one is refused: the broker closes the channel then.</summary>
    static async Task<Refusal?> DeclareUntilRefused(IConnection connection, Queue<Declaration> rest, CancellationToken cancellationToken)
    {
        if (rest.Count == 0)
            return null;

        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        while (rest.TryDequeue(out var next))
        {
            try
            {
                await next.Declare(channel, cancellationToken);
            }
            catch (OperationInterruptedException exception) when (RefusalOf(next.What, exception.ShutdownReason) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    /// <summary>Reads what the broker says of one declaration; null when it is about the connection.</summary>
    static Refusal? RefusalOf(string what, ShutdownEventArgs? reason) =>
        reason?.ReplyCode switch
        {
            Constants.PreconditionFailed => new Refusal(
                what,
                $"RabbitMQ: {what} exists with another {Difference(reason.ReplyText)}; "
                    + $"{(IsQueue(what) ? "move its messages away, " : "")}delete it and start again",
                IsBroken: true
            ),
            Constants.AccessRefused => new Refusal(
                what,
                $"ConnectionStrings:RabbitMq: the user may not declare {what}; grant configure, write and read",
                IsBroken: false
            ),
            Constants.NotFound or Constants.ResourceLocked => new Refusal(
                what,
                $"RabbitMQ: {what} cannot be declared: {reason.ReplyText}",
                IsBroken: true
            ),
            _ => null,
        };

    static bool IsQueue(string what) => what.StartsWith("queue", StringComparison.Ordinal);

    /// <summary>
    /// The broker says: inequivalent arg 'x-delivery-limit' for queue 'q' in vhost '/': received '100000' but current is '20'.
    /// </summary>
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
        var giveUp = clock.Steady() + settings.Postgres.StartTimeout;
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
                if (clock.Steady() >= giveUp)
                    throw new SettingsException($"ConnectionStrings:RabbitMq: no broker answers at {broker.Address}");

                WaitingForBroker(broker.Address);
                await Task.Delay(RetryInterval, clock, cancellationToken);
            }
        }
    }

    /// <summary>Finds what does not get better by waiting. The client wraps it sometimes, and sometimes not.</summary>
    static string? Refusal(Exception? exception) =>
        exception switch
        {
            null => null,
            AuthenticationFailureException or PossibleAuthenticationFailureException => "the broker refuses the user or the password",
            OperationInterruptedException { ShutdownReason.ReplyCode: Constants.NotAllowed or Constants.AccessRefused } =>
                "the broker has no such virtual host, or does not let the user in; rabbitmqctl add_vhost and set_permissions mend that, "
                    + "or name another one after the port",
            AuthenticationException certificate => $"the broker's certificate is not trusted ({certificate.Message.TrimEnd('.')}); "
                + "name its authority in RabbitMq:TrustedCertificate",
            _ => Refusal(exception.InnerException),
        };

    [LoggerMessage(LogLevel.Information, "Waiting for RabbitMQ at {Address}")]
    partial void WaitingForBroker(BrokerAddress address);

    [GeneratedRegex(
        @"inequivalent arg '(?<argument>[^']+)' for .*: received ((?<needed>none)|(the value )?'(?<needed>[^']*)'.*?) but current is "
            + @"((?<current>none)|(the value )?'(?<current>[^']*)')",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Inequivalent();
}
