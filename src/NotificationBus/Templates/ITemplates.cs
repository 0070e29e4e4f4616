using System.Text.Json;
using NotificationBus.Model;

namespace NotificationBus.Templates;

/// <summary>The texts, per category, channel and language.</summary>
public interface ITemplates
{
    /// <summary>The applications that have texts of their own.</summary>
    IReadOnlyCollection<string> Applications => [];

    /// <summary>The texts as an application has them: its own first, and those for all where it has none.</summary>
    /// <param name="application">The application; null for the default one.</param>
    ITemplates For(string? application) => this;

    /// <summary>The categories that have a template for at least one channel.</summary>
    IReadOnlyCollection<string> Categories { get; }

    /// <summary>
    /// True when the category has a template for that channel, in the default language for certain, or the channel needs none.
    /// </summary>
    bool Has(string category, string channel);

    /// <summary>All templates of a category, by channel and language. Empty when there are none, or nobody knows which.</summary>
    IReadOnlyList<TemplateSource> SourcesOf(string category) => [];

    /// <summary>All that <see cref="VersionOf"/> is the version of, as it is written: templates, partials, the brand.</summary>
    IReadOnlyList<TemplateText> TextsOf(string category) => [];

    /// <summary>
    /// The template that <see cref="Render"/> fills; null when there is none, as for a channel that sends data, or nobody knows which.
    /// </summary>
    TemplateSource? SourceOf(string category, string channel, string? locale) => null;

    /// <summary>
    /// The version of all templates of a category together: another one when any of them is another. Null when nobody knows.
    /// </summary>
    string? VersionOf(string category) => null;

    /// <summary>
    /// Fills the template of <paramref name="category"/> for a channel. The language is looked for from the exact tag to its
    /// language to the default language: <c>th-TH</c>, <c>th</c>, <c>en</c>.
    /// </summary>
    /// <param name="category">Kind of notification.</param>
    /// <param name="channel">The channel whose form is wanted.</param>
    /// <param name="locale">BCP 47 tag; null for the default language.</param>
    /// <param name="recipientName">Available to the template as <c>recipient.name</c>.</param>
    /// <param name="data">The variables, a JSON object. A channel without parts sends them as they are.</param>
    /// <exception cref="TemplateException">No such template, or a variable the template uses is missing.</exception>
    Content Render(string category, IChannel channel, string? locale, string? recipientName, JsonElement data);
}
