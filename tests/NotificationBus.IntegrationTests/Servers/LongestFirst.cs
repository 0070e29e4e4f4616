using NotificationBus.IntegrationTests.Servers;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// Those that share a server they hurt come one after the other, and some wait for a host longer than they work: begun last, they would
/// keep everybody waiting.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    static readonly string[] Long =
    [
        nameof(RabbitMqToHurt),
        nameof(When_an_older_database_is_brought_up_to_date),
        nameof(When_a_message_ends_the_process),
        nameof(When_the_connection_breaks_as_a_host_begins_to_listen),
        nameof(When_a_mail_server_is_down_for_a_while),
        nameof(When_ten_thousand_messages_are_due_at_once),
    ];

    /// <inheritdoc />
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [
            .. testCollections.OrderByDescending(collection =>
                Long.Any(name => collection.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal))
            ),
        ];
}
