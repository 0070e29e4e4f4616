namespace NotificationBus.Host.RabbitMq;

/// <summary>Warnings about what everybody knows, or can read on the way to the broker.</summary>
sealed class UnsafeBroker(BrokerConnections broker) : IStartWarnings
{
    /// <inheritdoc />
    public Task<IReadOnlyList<string>> Find(bool isProduction, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>(isProduction ? [.. Of(broker.Address)] : []);

    internal static IEnumerable<string> Of(BrokerAddress address)
    {
        if (address.User == "guest")
            yield return "RabbitMQ is used as guest, whose password everybody knows; name a user of its own in "
                + "ConnectionStrings:RabbitMq (rabbitmqctl add_user)";
        if (address is { IsEncrypted: false, IsLoopback: false })
            yield return "ConnectionStrings:RabbitMq is not encrypted: passwords, and people's addresses, can be "
                + "read on the way; use amqps";
    }
}
