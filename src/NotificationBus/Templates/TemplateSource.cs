namespace NotificationBus.Templates;

/// <summary>A template by its name and version.</summary>
/// <param name="Name">Its file without folder and ending, such as <c>order-placed/email.th</c>.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Language">The language it is written in, as its file says.</param>
/// <param name="Version">
/// A hash over its text, the partials and the brand: with another version it may say something else about the same data.
/// </param>
public sealed record TemplateSource(string Name, string Channel, string Language, string Version);
