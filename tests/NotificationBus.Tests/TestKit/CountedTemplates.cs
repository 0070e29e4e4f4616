using System.Text.Json;

using NotificationBus.Sending;
using NotificationBus.Templates;

namespace NotificationBus.Tests.TestKit;

/// <summary>Counts how often a template is filled.</summary>
sealed class CountedTemplates(ITemplates templates) : ITemplates
{
    int _filled;

    public int Filled => Volatile.Read(ref _filled);

    public IReadOnlyCollection<string> Categories => templates.Categories;

    public bool Has(string category, string channel) => templates.Has(category, channel);

    public Content Render(string category, IChannel channel, string? locale, string? recipientName, JsonElement data)
    {
        Interlocked.Increment(ref _filled);
        return templates.Render(category, channel, locale, recipientName, data);
    }
}
