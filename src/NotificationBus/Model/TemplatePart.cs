namespace NotificationBus.Model;

/// <summary>One text of a template, such as the subject of an e-mail.</summary>
/// <param name="Name">The word behind <c>---</c> in the template file.</param>
/// <param name="IsHtml">True when variables must be HTML-escaped. Plain parts are not escaped.</param>
public sealed record TemplatePart(string Name, bool IsHtml = false);
