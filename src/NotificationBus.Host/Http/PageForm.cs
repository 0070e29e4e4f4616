using System.Net.Mime;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace NotificationBus.Host.Http;

/// <summary>
/// The forms of our own pages, which anybody may send: a few short fields, written as a browser writes them. Whatever else comes is none of
/// them, and is read no further.
/// </summary>
static class PageForm
{
    static readonly FormOptions Limits = new()
    {
        ValueCountLimit = 16,
        KeyLengthLimit = 100,
        ValueLengthLimit = 16 * 1024,
    };

    /// <summary>Reads a form, if it is one that a page of ours gave to whoever sends it; else null.</summary>
    public static async Task<IFormCollection?> Read(HttpContext context, IAntiforgery antiforgery)
    {
        if (
            !MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type)
            || !type.MediaType.Equals(MediaTypeNames.Application.FormUrlEncoded, StringComparison.OrdinalIgnoreCase)
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        )
            return null;

        try
        {
            var form = await context.Request.ReadFormAsync(Limits, context.RequestAborted);
            return await antiforgery.IsRequestValidAsync(context) ? form : null;
        }
        catch (Exception exception)
            when (exception is InvalidDataException or IOException or BadHttpRequestException or AntiforgeryValidationException)
        {
            return null;
        }
    }
}
