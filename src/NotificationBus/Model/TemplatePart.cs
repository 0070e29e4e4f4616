namespace NotificationBus.Model;

/// <summary>One text of a template, such as the subject of an e-mail.</summary>
/// <param name="Name">The word behind <c>---</c> in the template file.</param>
/// <param name="IsHtml">True when variables must be HTML-escaped. Plain parts are not escaped.</param>
public sealed record TemplatePart(string Name, bool IsHtml = false)
{
    /// <summary>True when it is one line, such as a subject.</summary>
    public bool IsOneLine { get; init; }

    /// <summary>The most characters of it when a producer gives it; a template has limits of its own.</summary>
    public int Longest { get; init; } = 20_000;
}
