using System.Reflection;
using Microsoft.Extensions.Logging;
using NotificationBus.Channels;
using NotificationBus.Host;
using NotificationBus.Postgres;
using NotificationBus.Telemetry;

namespace NotificationBus.Tests.Host;

/// <summary>
/// The messages of the log, all of them. The id of an event is made of its name by the compiler, and its name is that of the method: so
/// two situations of one name would be one event to whoever counts them.
/// </summary>
public sealed class The_log
{
    static readonly MethodInfo[] Messages =
    [
        .. new[] { typeof(FlowMetrics), typeof(ChannelSetup), typeof(PostgresOptions), typeof(NotificationHost) }
            .SelectMany(type => type.Assembly.GetTypes())
            .SelectMany(type =>
                type.GetMethods(
                    BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly
                )
            )
            .Where(method => method.GetCustomAttribute<LoggerMessageAttribute>() is not null),
    ];

    [Fact]
    public void Should_have_one_event_for_each_situation()
    {
        Messages.Length.ShouldBeGreaterThan(50);

        Messages
            .GroupBy(message => message.Name, StringComparer.Ordinal)
            .Where(same => same.Count() > 1)
            .Select(same => $"{same.Key}: {string.Join(", ", same.Select(message => message.DeclaringType!.Name))}")
            .ShouldBeEmpty();
    }

    [Fact]
    public void Should_name_the_notification_of_every_delivery() =>
        Messages
            .Where(message => Names(message, "deliveryId") && !Names(message, "notificationId"))
            .Select(message => $"{message.DeclaringType!.Name}.{message.Name}")
            .ShouldBeEmpty();

    static bool Names(MethodInfo message, string parameter) => message.GetParameters().Any(named => named.Name == parameter);
}
