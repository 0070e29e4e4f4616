using MassTransit;
using NotificationBus.Host.Settings;
using NotificationBus.Intake;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// The application of a message by the user of the broker who has published it, as RabbitMQ has checked (rabbitmq.com, "Validated
/// User-ID"). A message without one may be anybody's. The header of the host is believed when its own user published it, and from nobody
/// else.
/// </summary>
sealed class BrokerUsers(HostSettings settings, BrokerConnections broker) : IMessageApplications
{
    // The exchanges of what MassTransit publishes itself, to which services may not.
    const string Faults = "MassTransit:Fault--";

    readonly ApplicationUsers _users = ApplicationUsers.Of(settings);
    readonly string _host = broker.Address.User;

    /// <inheritdoc />
    public string Unknown => settings.Intake.Application;

    /// <inheritdoc />
    public void Sign(SendContext message)
    {
        if (message.Headers.TryGetHeader(ApplicationHeader.Name, out _) && message.TryGetPayload(out RabbitMqSendContext? sent))
            sent.BasicProperties.UserId = _host;
    }

    /// <inheritdoc />
    /// <remarks>Permissions are given for exchanges; the default one, with which operators move messages, leads to all queues.</remarks>
    public bool IsBetweenHosts(ReceiveContext message) =>
        !message.TryGetPayload(out RabbitMqBasicConsumeContext? received)
        || received.Exchange.Length == 0
        || received.Exchange.StartsWith(Faults, StringComparison.Ordinal)
        || received.Exchange == message.InputAddress.Segments[^1];

    /// <inheritdoc />
    public string Of(ReceiveContext message)
    {
        if (!message.TryGetPayload(out RabbitMqBasicConsumeContext? received) || received.Properties.UserId is not { Length: > 0 } user)
            return Unknown;

        return user == _host ? ApplicationHeader.Read(message) ?? Unknown : _users.OfBusUser(user) ?? Unknown;
    }
}
