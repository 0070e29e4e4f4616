namespace NotificationBus.IntegrationTests.Servers;

/// <summary>What a person has to read when this machine lacks a server, and what to do about it.</summary>
static class ServersMissing
{
    public const string RabbitMq = "NOTIFICATIONBUS_TEST_RABBITMQ";
    public const string Postgres = "NOTIFICATIONBUS_TEST_POSTGRES";

    /// <summary>The folder with initdb and postgres of another version than the one that is installed.</summary>
    public const string PostgresPrograms = "NOTIFICATIONBUS_TEST_POSTGRES_PROGRAMS";

    const string Install =
        "Install them (Debian, Ubuntu: apt-get install rabbitmq-server postgresql; the tests start private ones and "
        + "never touch the machine's own)";

    public static Exception ToBeUsed(IEnumerable<string> servers) =>
        new InvalidOperationException(
            $"""
            The integration tests need {string.Join(" and ", servers)}, which this machine does not have.
            {Install},
            or name running ones:
              {RabbitMq}=amqp://an-administrator:password@host:5672 (with its management plug-in on port 15672)
              {Postgres}="Host=…;Username=somebody-who-may-create-databases;Password=…"
            """
        );

    public static Exception ToBeKilled(string server) =>
        new InvalidOperationException(
            $"This test kills, freezes or restarts a {server} of its own, which this machine does not have; "
                + $"one that is only named will not do.\n{Install}."
        );
}
