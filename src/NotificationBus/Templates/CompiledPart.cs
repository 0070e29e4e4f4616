using System.Text;
using System.Text.Encodings.Web;
using Fluid;

namespace NotificationBus.Templates;

/// <summary>A part of a template, ready to be filled.</summary>
sealed class CompiledPart(string name, IFluidTemplate template, TextEncoder encoder, TemplateOptions options)
{
    public string Name => name;

    /// <exception cref="TemplateException">A variable is missing, or a tag cannot work with what it is given.</exception>
    public string Fill(Variable variables, NumberStyle numbers, Limits limits)
    {
        var text = TextBuffer.Rent();
        var filling = new Filling(variables, options, encoder, numbers, limits);
        try
        {
            filling.Write(template, text);
            return Whole(text.ToString());
        }
        catch (Exception e) when (e is not (TemplateException or OutOfMemoryException))
        {
            // Its own words could be those of a value.
            throw new TemplateException(
                filling.HasNoStepsLeft
                    ? $"more than {options.MaxSteps} steps"
                    : $"a filter or a tag cannot work with what it is given ({e.GetType().Name})",
                e
            );
        }
        finally
        {
            text.Return();
        }
    }

    // A filter may cut a character in half, and each writer would put something else in its place.
    static string Whole(string text) =>
        text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;
}
