using MassTransit;
using NotificationBus.Embedded;
using NotificationBus.Model;

namespace NotificationBus.Tests.TestKit;

/// <summary>
/// Lets MassTransit's test harness look into the store. The repository of the flow only makes steps; nobody there asks for sagas.
/// </summary>
sealed class StoredSagas(InMemoryNotificationStore store, WatchedStore watched)
    : ILoadSagaRepository<NotificationState>,
        IQuerySagaRepository<NotificationState>
{
    public async Task<NotificationState> Load(Guid correlationId) => (await store.Load(correlationId, CancellationToken.None))!;

    public async Task<IEnumerable<Guid>> Find(ISagaQuery<NotificationState> query)
    {
        var holds = query.GetFilter();
        var found = new List<Guid>();
        foreach (var id in watched.Written)
        {
            if (await store.Load(id, CancellationToken.None) is { } notification && holds(notification))
                found.Add(id);
        }

        return found;
    }

    public void Probe(ProbeContext context) => context.CreateScope("stored-sagas");
}
