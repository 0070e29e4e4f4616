using Fluid.Values;

namespace NotificationBus.Templates;

/// <summary><c>href="{{ url | link }}"</c> prints what is a web address, and refuses <c>javascript:</c> and everything else.</summary>
static class LinkText
{
    public static StringValue Of(FluidValue link) =>
        Uri.TryCreate(link.ToStringValue(), UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? new StringValue(uri.AbsoluteUri)
            : throw new TemplateException($"'{(link as Variable)?.Path ?? "link"}' is not a web address");
}
