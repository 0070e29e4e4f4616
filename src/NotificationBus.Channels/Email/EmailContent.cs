using NotificationBus.Sending;

namespace NotificationBus.Channels.Email;

/// <summary>An e-mail: one subject and the same text twice, as HTML and plain.</summary>
/// <param name="Subject">One line.</param>
/// <param name="Html">The body with variables escaped.</param>
/// <param name="Text">The body for readers without HTML.</param>
public sealed record EmailContent(string Subject, string Html, string Text) : Content
{
    /// <inheritdoc />
    public override IEnumerable<string> Texts => [Subject, Text];
}
