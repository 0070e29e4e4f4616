using System.Collections.Frozen;
using System.Text.Json;
using NotificationBus.Model;

namespace NotificationBus.Templates;

/// <summary>The texts for all, and those of the applications that have some of their own.</summary>
/// <param name="forAll">The texts for all.</param>
/// <param name="own">The texts of each application that has its own, with those for all where it has none.</param>
public sealed class TemplatesOfApplications(ITemplates forAll, IReadOnlyDictionary<string, ITemplates> own) : ITemplates
{
    readonly FrozenDictionary<string, ITemplates> _own = own.ToFrozenDictionary(StringComparer.Ordinal);

    /// <inheritdoc />
    public IReadOnlyCollection<string> Applications => _own.Keys;

    /// <inheritdoc />
    public IReadOnlyCollection<string> Categories => forAll.Categories;

    /// <inheritdoc />
    public ITemplates For(string? application) => _own.GetValueOrDefault(application ?? Model.Applications.Default) ?? forAll;

    /// <inheritdoc />
    public bool Has(string category, string channel) => forAll.Has(category, channel);

    /// <inheritdoc />
    public IReadOnlyList<TemplateSource> SourcesOf(string category) => forAll.SourcesOf(category);

    /// <inheritdoc />
    public IReadOnlyList<TemplateText> TextsOf(string category) => forAll.TextsOf(category);

    /// <inheritdoc />
    public TemplateSource? SourceOf(string category, string channel, string? locale) => forAll.SourceOf(category, channel, locale);

    /// <inheritdoc />
    public string? VersionOf(string category) => forAll.VersionOf(category);

    /// <inheritdoc />
    public Content Render(string category, IChannel channel, string? locale, string? recipientName, JsonElement data) =>
        forAll.Render(category, channel, locale, recipientName, data);
}
