using HandlebarsDotNet;

namespace NotificationBus.Templates;

/// <summary><c>href="{{link url}}"</c> prints a variable that is a web address, and refuses <c>javascript:</c> and everything else.</summary>
static class LinkText
{
    public static string Of(in Arguments arguments)
    {
        if (arguments.Length != 1 || arguments[0] is not Variable link)
            throw new TemplateException("{{link …}} needs one variable");

        return Uri.TryCreate(link.Text(), UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? uri.AbsoluteUri
            : throw new TemplateException($"'{link.Path}' is not a web address");
    }
}
