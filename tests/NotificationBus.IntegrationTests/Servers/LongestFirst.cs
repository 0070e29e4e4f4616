using NotificationBus.IntegrationTests.Servers;

using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>The classes that share a server they hurt come one after the other, and would keep everybody waiting if they began last.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    /// <inheritdoc />
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => collection.TestCollectionDisplayName == nameof(RabbitMqToHurt) ? 0 : 1)];
}
