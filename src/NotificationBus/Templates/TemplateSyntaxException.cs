namespace NotificationBus.Templates;

/// <summary>The source of a template is wrong at a place of it.</summary>
sealed class TemplateSyntaxException(string message, int offset) : Exception(message)
{
    public int Offset => offset;
}
