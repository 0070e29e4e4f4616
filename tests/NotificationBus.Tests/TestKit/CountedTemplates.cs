using System.Text.Json;
using NotificationBus.Model;
using NotificationBus.Templates;

namespace NotificationBus.Tests.TestKit;

/// <summary>Counts how often a template is filled, until the test says that none can be.</summary>
sealed class CountedTemplates(ITemplates templates) : ITemplates
{
    int _filled;

    public TemplateException? Failure { get; set; }

    /// <summary>What is deployed: what the templates say from then on.</summary>
    public Func<Content, Content>? Deployed { get; set; }

    public int Filled => Volatile.Read(ref _filled);

    public IReadOnlyCollection<string> Categories => templates.Categories;

    public bool Has(string category, string channel) => templates.Has(category, channel);

    public IReadOnlyList<TemplateSource> SourcesOf(string category) => templates.SourcesOf(category);

    public TemplateSource? SourceOf(string category, string channel, string? locale) => templates.SourceOf(category, channel, locale);

    public string? VersionOf(string category) => templates.VersionOf(category);

    public Content Render(string category, IChannel channel, string? locale, string? recipientName, JsonElement data)
    {
        Interlocked.Increment(ref _filled);
        if (Failure is not null)
            throw Failure;

        var content = templates.Render(category, channel, locale, recipientName, data);
        return Deployed is { } deployed ? deployed(content) : content;
    }
}
