using System.Globalization;

using HandlebarsDotNet;

namespace NotificationBus.Templates;

/// <summary>
/// Helpers for what a person wrote. <c>{{short text 150}}</c> prints as much of it as there is room for, in UTF-16 characters, which is what an SMS
/// that is not all of GSM-7 counts: an emoji takes two or more. <c>{{lines text}}</c> keeps its lines: Outlook knows no <c>white-space</c>.
/// </summary>
static class WrittenText
{
    public static string Shorten(in Arguments arguments)
    {
        if (arguments.Length != 2 || arguments[0] is not Variable variable
            || !int.TryParse($"{arguments[1]}", NumberStyles.None, CultureInfo.InvariantCulture, out var longest) || longest == 0)
            throw new TemplateException("{{short …}} needs a variable and the most characters, such as {{short text 150}}");

        return ShortText.Of(variable.Text(), longest);
    }

    public static void WriteLines(in EncodedTextWriter writer, in Arguments arguments, bool isHtml)
    {
        if (arguments.Length != 1 || arguments[0] is not Variable variable)
            throw new TemplateException("{{lines …}} needs one variable");

        var rest = variable.Text().ReplaceLineEndings("\n").Split('\n');
        for (var index = 0; index < rest.Length; index++)
        {
            if (index > 0)
                writer.Write(isHtml ? "<br>\n" : "\n", encode: false);
            writer.Write(rest[index], encode: isHtml);
        }
    }
}
