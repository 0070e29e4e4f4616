using System.Collections.Frozen;
using System.Text.Json;
using NotificationBus.Model;

namespace NotificationBus.Templates;

/// <summary>
/// Templates from files, <c>{category}/{channel}.{language}.liquid</c>. All of them are parsed when the host starts, so that a broken one
/// stops the host and not a notification. Instances are immutable and safe for any number of threads.
/// </summary>
/// <remarks>
/// <para>
/// The language is the exact tag, else the tag with its end cut off, else the default language: <c>th-TH</c>, <c>th</c>, <c>en</c>.
/// </para>
/// <para>A variable may be asked for (<c>if</c>, <c>default</c>) whether it is there or not; printing or looping over a missing one is an
/// error that names it. Filters are those of <see cref="TemplateFilters"/>.</para>
/// <para>A part ends at 1,048,576 characters and 1,000,000 steps, the parts of a template together at 10,000 rounds of loops and 1,048,576
/// captured characters, partials at a depth of 10. There is no limit in time.</para>
/// </remarks>
public sealed class LiquidTemplates : ITemplates
{
    readonly Dictionary<(string Category, string Channel), Languages> _templates;
    readonly FrozenSet<string> _withoutTemplates;
    readonly string _defaultLanguage;
    readonly FrozenDictionary<string, (string Version, IReadOnlyList<TemplateSource> Sources)> _sources;
    readonly IReadOnlyList<TemplateText> _around;

    LiquidTemplates(
        Dictionary<(string Category, string Channel), Languages> templates,
        IEnumerable<IChannel> channels,
        string defaultLanguage,
        IReadOnlyList<TemplateText> around
    )
    {
        _templates = templates;
        _around = around;
        _withoutTemplates = channels
            .Where(channel => channel.Parts.Count == 0)
            .Select(channel => channel.Name)
            .ToFrozenSet(StringComparer.Ordinal);
        _defaultLanguage = defaultLanguage;
        _sources = templates
            .GroupBy(entry => entry.Key.Category, entry => entry.Value, StringComparer.Ordinal)
            .ToFrozenDictionary(
                category => category.Key,
                category =>
                {
                    IReadOnlyList<TemplateSource> sources =
                    [
                        .. category
                            .SelectMany(languages => languages.Values)
                            .Select(template => template.Source)
                            .OrderBy(source => source.Name, StringComparer.Ordinal),
                    ];
                    return (TemplateVersion.Of(sources.SelectMany(source => (string[])[source.Name, source.Version])), sources);
                },
                StringComparer.Ordinal
            );
        Categories = [.. templates.Keys.Select(key => key.Category).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <inheritdoc />
    public IReadOnlyCollection<string> Categories { get; }

    /// <inheritdoc />
    public bool Has(string category, string channel) => _withoutTemplates.Contains(channel) || _templates.ContainsKey((category, channel));

    /// <summary>Reads and compiles every template of one folder.</summary>
    /// <inheritdoc cref="Load(IEnumerable{string}, IEnumerable{IChannel}, string, BrandOptions, TimeProvider)"/>
    public static LiquidTemplates Load(string folder, IEnumerable<IChannel> channels, string defaultLanguage = "en") =>
        Load([folder], channels, defaultLanguage);

    /// <summary>Reads and compiles every template. A file overrides the file of the same name in an earlier folder.</summary>
    /// <param name="folders">The shipped templates first, then the company's own.</param>
    /// <param name="channels">The channels there are: what parts their templates must have.</param>
    /// <param name="defaultLanguage">The language every template must be written in; others are optional.</param>
    /// <param name="brand">Who writes the e-mails.</param>
    /// <param name="clock">What <c>now</c> is, in a template.</param>
    /// <exception cref="TemplateException">A file is wrong; the message names the file, the line and, within a tag, the column.</exception>
    public static LiquidTemplates Load(
        IEnumerable<string> folders,
        IEnumerable<IChannel> channels,
        string defaultLanguage = "en",
        BrandOptions? brand = null,
        TimeProvider? clock = null
    )
    {
        var files = TemplateFile.Find(folders);
        var channelsByName = channels.ToDictionary(channel => channel.Name, StringComparer.Ordinal);
        var layouts = files.Where(file => file.IsLayout).ToList();
        brand ??= new BrandOptions();
        var compiler = new TemplateCompiler(layouts, brand, clock);
        // Nobody can tell which of them a template uses without filling it.
        var around = TemplateVersion.Of([.. layouts.SelectMany(layout => (string[])[layout.Name, layout.Read()]), .. brand.Texts]);
        var templates = new Dictionary<(string, string), Languages>();

        foreach (var file in files.Where(file => !file.IsLayout))
        {
            var channel =
                channelsByName.GetValueOrDefault(file.Channel)
                ?? throw file.Error($"there is no channel '{file.Channel}'; there are {string.Join(", ", channelsByName.Keys)}");

            if (channel.Parts.Count == 0)
                throw file.Error($"the channel '{channel.Name}' sends the data of the event and has no templates");

            if (!templates.TryGetValue((file.Category, file.Channel), out var languages))
                templates.Add((file.Category, file.Channel), languages = new Languages(StringComparer.OrdinalIgnoreCase));

            var sections = file.SectionsFor(channel);
            languages[file.Language] = new Template(
                new TemplateSource(
                    $"{file.Category}/{file.Channel}.{file.Language}",
                    file.Channel,
                    file.Language,
                    TemplateVersion.Of([around, .. sections.SelectMany(section => (string[])[section.Part.Name, section.Text])])
                ),
                [.. sections.Select(section => compiler.Compile(file, section))],
                file.Read()
            );
        }

        foreach (var ((category, channel), languages) in templates)
        {
            if (!languages.ContainsKey(defaultLanguage))
            {
                throw new TemplateException(
                    $"{category}/{channel}.{defaultLanguage}.liquid is missing: everybody whose language has no template is written to "
                        + $"in '{defaultLanguage}'"
                );
            }
        }

        return new LiquidTemplates(
            templates,
            channelsByName.Values,
            defaultLanguage,
            [
                .. layouts.Select(layout => new TemplateText($"{layout.Category}/{layout.Name}", layout.Read())),
                new TemplateText("_brand", string.Join('\n', brand.Texts)),
            ]
        );
    }

    /// <inheritdoc />
    public IReadOnlyList<TemplateSource> SourcesOf(string category) => _sources.TryGetValue(category, out var known) ? known.Sources : [];

    /// <inheritdoc />
    public IReadOnlyList<TemplateText> TextsOf(string category) =>
        [
            .. _templates
                .Where(entry => entry.Key.Category == category)
                .SelectMany(entry => entry.Value.Values)
                .Select(template => new TemplateText(template.Source.Name, template.Text))
                .Concat(_around)
                .OrderBy(text => text.Name, StringComparer.Ordinal),
        ];

    /// <inheritdoc />
    public string? VersionOf(string category) => _sources.TryGetValue(category, out var known) ? known.Version : null;

    /// <inheritdoc />
    public TemplateSource? SourceOf(string category, string channel, string? locale) =>
        _templates.TryGetValue((category, channel), out var languages) ? Find(languages, locale).Source : null;

    /// <inheritdoc />
    public Content Render(string category, IChannel channel, string? locale, string? recipientName, JsonElement data)
    {
        if (channel.Parts.Count == 0)
            return channel.Carry(data);

        var template = Find(category, channel.Name, locale);
        try
        {
            var variables = Variable.Root(data, recipientName);
            var numbers = LocalNumbers.Of(template.Source.Language, locale);
            var limits = new Limits();
            var parts = new Dictionary<string, string>(template.Parts.Count, StringComparer.Ordinal);
            foreach (var part in template.Parts)
                parts.Add(part.Name, part.Fill(variables, numbers, limits));

            var content = channel.Fill(parts);
            content.FilledWith = [.. template.Parts.Select(part => new ContentPart(part.Name, parts[part.Name]))];
            return content;
        }
        catch (TemplateException e)
        {
            throw new TemplateException($"{template.Source.Name}: {e.Message}", e);
        }
    }

    Template Find(string category, string channel, string? locale)
    {
        if (!_templates.TryGetValue((category, channel), out var languages))
            throw new TemplateException($"there is no template for '{category}' on the channel '{channel}'");

        return Find(languages, locale);
    }

    Template Find(Languages languages, string? locale)
    {
        // zh-Hant-TW, zh-Hant, zh: what is most specific comes last in the tag.
        var byTag = languages.GetAlternateLookup<ReadOnlySpan<char>>();
        for (
            var tag = locale.AsSpan(0, Math.Min(locale?.Length ?? 0, EventRules.LongestLanguageTag));
            !tag.IsEmpty;
            tag = tag[..Math.Max(tag.LastIndexOf('-'), 0)]
        )
        {
            if (byTag.TryGetValue(tag, out var template))
                return template;
        }

        return languages[_defaultLanguage];
    }

    sealed class Languages(IEqualityComparer<string> comparer) : Dictionary<string, Template>(comparer);

    sealed record Template(TemplateSource Source, IReadOnlyList<CompiledPart> Parts, string Text);
}
