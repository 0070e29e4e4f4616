using NotificationBus.Templates;

namespace NotificationBus.Embedded;

/// <summary>The texts of this process, in memory: there is one deployment of each.</summary>
public sealed class InMemoryTemplateVersions(InMemoryNotificationStore store, TimeProvider clock) : ITemplateVersions
{
    readonly Lock _lock = new();
    readonly Dictionary<(string Category, string Version), IReadOnlyList<TemplateText>> _texts = [];
    readonly Dictionary<string, List<(string Version, DateTimeOffset Since)>> _deployments = new(StringComparer.Ordinal);

    /// <inheritdoc />
    public Task Keep(IReadOnlyList<LoadedTexts> loaded, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var one in loaded)
            {
                _texts.TryAdd((one.Category, one.Version), one.Texts);
                if (!_deployments.TryGetValue(one.Category, out var all))
                    _deployments.Add(one.Category, all = []);
                if (all.Count == 0 || all[^1].Version != one.Version)
                    all.Add((one.Version, clock.GetUtcNow()));
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<TemplateDeployment>> Of(string category, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var all = _deployments.GetValueOrDefault(category) ?? [];
            return Task.FromResult<IReadOnlyList<TemplateDeployment>>([
                .. all.Select(
                        (one, place) =>
                            new TemplateDeployment(
                                one.Version,
                                one.Since,
                                place + 1 < all.Count ? all[place + 1].Since : null,
                                Used(category, all, place)
                            )
                    )
                    .Reverse()
                    .Take(limit),
            ]);
        }
    }

    int Used(string category, List<(string Version, DateTimeOffset Since)> all, int place)
    {
        var next = all.Skip(place + 1).Where(one => one.Version == all[place].Version).Select(one => (DateTimeOffset?)one.Since);
        return Math.Min(
            store.CountOf(category, all[place].Version, all[place].Since, next.FirstOrDefault()),
            ITemplateVersions.MostCounted
        );
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<TemplateText>?> TextsOf(string category, string version, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(_texts.GetValueOrDefault((category, version)));
    }
}
