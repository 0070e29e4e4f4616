using NotificationBus.Templates;

namespace NotificationBus.Embedded;

/// <summary>The texts of this process, in memory: there is one deployment of each.</summary>
public sealed class InMemoryTemplateVersions(InMemoryNotificationStore store, TimeProvider clock) : ITemplateVersions
{
    readonly Lock _lock = new();
    readonly Dictionary<(string Category, string Version), IReadOnlyList<TemplateText>> _texts = [];
    readonly List<(string Category, string? Application, string Version, DateTimeOffset Since)> _deployments = [];

    /// <inheritdoc />
    public Task Keep(IReadOnlyList<LoadedTexts> loaded, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var one in loaded)
            {
                _texts.TryAdd((one.Category, one.Version), one.Texts);
                if (
                    _deployments.FindLast(last => (last.Category, last.Application) == (one.Category, one.Application)).Version
                    != one.Version
                )
                    _deployments.Add((one.Category, one.Application, one.Version, clock.GetUtcNow()));
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<TemplateDeployment>> Of(string category, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var found = new List<TemplateDeployment>();
            for (var place = _deployments.Count - 1; place >= 0 && found.Count < limit; place--)
            {
                if (_deployments[place].Category == category)
                    found.Add(At(place));
            }

            return Task.FromResult<IReadOnlyList<TemplateDeployment>>(found);
        }
    }

    TemplateDeployment At(int place)
    {
        var (category, application, version, since) = _deployments[place];
        var later = _deployments.Skip(place + 1).Where(one => (one.Category, one.Application) == (category, application)).ToList();
        var again = later.Where(one => one.Version == version).Select(one => (DateTimeOffset?)one.Since).FirstOrDefault();
        return new TemplateDeployment(
            version,
            since,
            later.Select(one => (DateTimeOffset?)one.Since).FirstOrDefault(),
            Math.Min(store.CountOf(category, version, since, again), ITemplateVersions.MostCounted)
        )
        {
            Application = application,
        };
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<TemplateText>?> TextsOf(
        string category,
        string version,
        string? application,
        CancellationToken cancellationToken
    )
    {
        lock (_lock)
        {
            var mayBeSeen =
                application is null
                || _deployments.Exists(one =>
                    (one.Category, one.Version) == (category, version) && (one.Application is null || one.Application == application)
                );
            return Task.FromResult(mayBeSeen ? _texts.GetValueOrDefault((category, version)) : null);
        }
    }
}
