using System.Text.Json;
using NotificationBus.Channels.Sms;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Model;
using NotificationBus.Templates;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>/v1/templates</c>: the categories that have texts, and what one says with the data given, on every channel and in every language.
/// Nothing is sent.
/// </summary>
static class TemplatesApi
{
    // Who looks for what was deployed before that has the table template_deployment.
    const int MostVersions = 50;

    public static void MapTemplates(this IEndpointRouteBuilder routes)
    {
        routes
            .MapRead("/v1/templates", List)
            .Describe("listTemplates", "Templates", "Lists the categories that have texts, and the version of each.")
            .Answers<TemplateList>()
            .Refuses();
        routes
            .MapRead("/v1/templates/{category}/versions", Versions)
            .Describe(
                "listTemplateVersions",
                "Templates",
                "Lists the versions of the texts of a category in the order in which they were deployed, the newest first."
            )
            .Answers<TemplateVersions>()
            .Refuses(404);
        routes
            .MapRead("/v1/templates/{category}/versions/{version}", Version)
            .Describe("getTemplateVersion", "Templates", "Returns the texts of one version as they were written.")
            .Answers<TemplateVersionTexts>()
            .Refuses(404);
        routes
            .MapPost("/v1/templates/preview", Preview)
            .Describe("previewTemplates", "Templates", "Fills every text of a category with data given, and sends nothing.")
            .Takes<PreviewRequest>()
            .Answers<TemplatePreview>()
            .Refuses(404, 413, 415, 429);
    }

    static IResult List(HttpRequest request, ITemplates templates)
    {
        var own = templates.For(request.HttpContext.ActsFor());
        return Results.Ok(
            new TemplateList([
                .. own.Categories.Order(StringComparer.Ordinal).Select(category => new TemplateCategory(category, own.VersionOf(category))),
            ])
        );
    }

    static async Task<IResult> Versions(
        string category,
        ITemplates templates,
        ITemplateVersions versions,
        CancellationToken cancellationToken
    )
    {
        var found = await versions.Of(category, MostVersions, cancellationToken);
        return found.Count > 0 || templates.Categories.Contains(category)
            ? Results.Ok(
                new TemplateVersions(
                    category,
                    [
                        .. found.Select(one => new DeployedVersion(
                            one.Version,
                            one.Since,
                            one.Until,
                            one.Used,
                            one.Used >= ITemplateVersions.MostCounted,
                            one.Application
                        )),
                    ]
                )
            )
            : Problems.Unknown("category", category, templates.Categories);
    }

    static async Task<IResult> Version(
        string category,
        string version,
        HttpRequest request,
        ITemplateVersions versions,
        CancellationToken cancellationToken
    ) =>
        await versions.TextsOf(category, version, request.HttpContext.Sight().Application, cancellationToken) is { } texts
            ? Results.Ok(new TemplateVersionTexts(category, version, texts))
            : Problems.UnknownTemplateVersion(category);

    static async Task<IResult> Preview(HttpRequest request, ITemplates templates, ChannelSet channels)
    {
        var (asked, refusal) = await JsonBody.Read<PreviewRequest>(request);
        if (refusal is not null)
            return refusal;
        if (asked!.Data.ValueKind != JsonValueKind.Object)
            return Problems.Validation("data", "must be an object");
        templates = templates.For(request.HttpContext.ActsFor());
        if (!templates.Categories.Contains(asked.Category))
            return Problems.Unknown("category", asked.Category, templates.Categories);

        var texts = templates
            .SourcesOf(asked.Category)
            .Select(source => Fill(asked, templates, channels.Find(source.Channel)!, source))
            .Concat(
                channels.All.Where(channel => channel.Parts.Count == 0).Select(channel => Fill(asked, templates, channel, source: null))
            )
            .OrderBy(text => text.Channel, StringComparer.Ordinal)
            .ThenBy(text => text.Language, StringComparer.Ordinal)
            .ToList();
        return Results.Ok(new TemplatePreview(asked.Category, templates.VersionOf(asked.Category), texts));
    }

    static PreviewedText Fill(PreviewRequest asked, ITemplates templates, IChannel channel, TemplateSource? source)
    {
        try
        {
            var content = templates.Render(asked.Category, channel, source?.Language, asked.RecipientName, asked.Data);
            return new PreviewedText(channel.Name, source?.Language, source?.Name, source?.Version)
            {
                Parts = [.. content.Parts.Select(part => new PreviewedPart(part.Name, part.Text))],
                Encoding = (content as SmsContent)?.Encoding,
                Segments = (content as SmsContent)?.Segments,
            };
        }
        catch (TemplateException exception)
        {
            return new PreviewedText(channel.Name, source?.Language, source?.Name, source?.Version) { Error = exception.Message };
        }
    }
}

/// <summary>The categories that have texts.</summary>
sealed record TemplateList(IReadOnlyList<TemplateCategory> Categories);

/// <summary>A category that has texts.</summary>
/// <param name="Category">The category.</param>
/// <param name="TemplateVersion">The version of all its templates together; null when nobody knows.</param>
sealed record TemplateCategory(string Category, string? TemplateVersion);

/// <summary>The versions of the texts of a category.</summary>
/// <param name="Category">The category.</param>
/// <param name="Versions">Each time another one was deployed, the newest first, at most 50.</param>
sealed record TemplateVersions(string Category, IReadOnlyList<DeployedVersion> Versions);

/// <summary>A version of the texts of a category, while it was the one that was deployed last.</summary>
/// <param name="Version">The version of all its templates together: <c>templateVersion</c> of notifications.</param>
/// <param name="Since">When a host that plans had loaded it first.</param>
/// <param name="Until">When another one was loaded; null while none was.</param>
/// <param name="Used">How many notifications were planned with it; null when to count them would have taken too long.</param>
/// <param name="UsedMore">True when there are more: no more than 10,000 are counted.</param>
/// <param name="Application">The application that has it of its own; null for all.</param>
sealed record DeployedVersion(string Version, DateTimeOffset Since, DateTimeOffset? Until, int? Used, bool UsedMore, string? Application);

/// <summary>The texts of a version.</summary>
/// <param name="Category">The category.</param>
/// <param name="Version">The version.</param>
/// <param name="Texts">The templates, the partials (<c>_layout</c>) and the brand (<c>_brand</c>), by name.</param>
sealed record TemplateVersionTexts(string Category, string Version, IReadOnlyList<TemplateText> Texts);

/// <summary>A request for a preview.</summary>
sealed record PreviewRequest
{
    /// <summary>The category, whose templates are filled.</summary>
    public required string Category { get; init; }

    /// <summary>The values the templates may use, a JSON object.</summary>
    public required JsonElement Data { get; init; }

    /// <summary>The name the templates greet the person by.</summary>
    public string? RecipientName { get; init; }
}

/// <summary>A category as it would be sent.</summary>
/// <param name="Category">The category.</param>
/// <param name="TemplateVersion">The version of all its templates together, as notifications that are planned now have it.</param>
/// <param name="Texts">The texts, by channel and language.</param>
sealed record TemplatePreview(string Category, string? TemplateVersion, IReadOnlyList<PreviewedText> Texts);

/// <summary>One text of a preview.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Language">The language of the template; null for a channel that sends data.</param>
/// <param name="Template">The template.</param>
/// <param name="TemplateVersion">The version of the template.</param>
sealed record PreviewedText(string Channel, string? Language, string? Template, string? TemplateVersion)
{
    /// <summary>The reason why it cannot be filled.</summary>
    public string? Error { get; init; }

    /// <summary>The parts as they would be sent.</summary>
    public IReadOnlyList<PreviewedPart>? Parts { get; init; }

    /// <summary>The alphabet of a text message.</summary>
    public SmsEncoding? Encoding { get; init; }

    /// <summary>The number of parts in which a text message is sent, and billed.</summary>
    public int? Segments { get; init; }
}

/// <summary>One part of a text.</summary>
/// <param name="Name">The name, such as <c>subject</c>.</param>
/// <param name="Text">The text.</param>
sealed record PreviewedPart(string Name, string Text);
