namespace NotificationBus.Templates;

/// <summary>The texts that were deployed, each version as it was. Nothing here is on a notification's way.</summary>
public interface ITemplateVersions
{
    /// <summary>The most notifications of one deployment that are counted.</summary>
    public const int MostCounted = 10_000;

    /// <summary>Keeps what a host has loaded. What is on record already, and deployed last, stays as it is.</summary>
    Task Keep(IReadOnlyList<LoadedTexts> loaded, CancellationToken cancellationToken);

    /// <summary>The deployments of a category, for all and for applications that have their own, the newest first.</summary>
    /// <param name="category">The category.</param>
    /// <param name="limit">The most to return.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<TemplateDeployment>> Of(string category, int limit, CancellationToken cancellationToken);

    /// <summary>The texts of a version, by name; null when it is not on record.</summary>
    /// <param name="category">The category.</param>
    /// <param name="version">The version.</param>
    /// <param name="application">Whose they may be, beside those for all; null for anybody's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<TemplateText>?> TextsOf(string category, string version, string? application, CancellationToken cancellationToken);
}

/// <summary>The texts of a category, as a host has loaded them.</summary>
/// <param name="Category">The category.</param>
/// <param name="Version">The version of all of them together.</param>
/// <param name="Texts">The templates, the partials, and the brand, by name.</param>
public sealed record LoadedTexts(string Category, string Version, IReadOnlyList<TemplateText> Texts)
{
    /// <summary>The application that has them of its own; null for all.</summary>
    public string? Application { get; init; }
}

/// <summary>One text as it is written.</summary>
/// <param name="Name">Its file without the ending, such as <c>order-placed/email.th</c>.</param>
/// <param name="Text">What is in it.</param>
public sealed record TemplateText(string Name, string Text);

/// <summary>The time in which a version was the one that was deployed last.</summary>
/// <param name="Version">The version of all templates of the category together.</param>
/// <param name="Since">When a host that plans had loaded it first.</param>
/// <param name="Until">When another version was loaded; null while none was.</param>
/// <param name="Used">
/// The notifications that were planned with it then, or at most a day later on a host that was not yet started again; at most
/// <see cref="ITemplateVersions.MostCounted"/> are counted. Null when to count them would have taken too long.
/// </param>
public sealed record TemplateDeployment(string Version, DateTimeOffset Since, DateTimeOffset? Until, int? Used)
{
    /// <summary>The application that has it of its own; null for all.</summary>
    public string? Application { get; init; }
}
