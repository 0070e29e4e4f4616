using System.Text.Json;
using NotificationBus.Model;
using NotificationBus.Templates;

namespace NotificationBus.Tests.TestKit;

/// <summary>Counts how often a template is filled, until the test says that none can be.</summary>
sealed class CountedTemplates(ITemplates templates) : ITemplates
{
    int _filled;

    public TemplateException? Failure { get; set; }

    public int Filled => Volatile.Read(ref _filled);

    public IReadOnlyCollection<string> Categories => templates.Categories;

    public bool Has(string category, string channel) => templates.Has(category, channel);

    public Content Render(string category, IChannel channel, string? locale, string? recipientName, JsonElement data)
    {
        Interlocked.Increment(ref _filled);
        return Failure is null ? templates.Render(category, channel, locale, recipientName, data) : throw Failure;
    }
}
