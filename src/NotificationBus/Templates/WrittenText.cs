using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

using HandlebarsDotNet;

namespace NotificationBus.Templates;

/// <summary>
/// Helpers for what a person wrote. <c>{{shorten text 150}}</c> prints as much of it as there is room for, in UTF-16 characters, which is what an SMS
/// that is not all of GSM-7 counts: an emoji takes two or more. With <c>unit="octets"</c> it counts what it takes in the JSON that goes to a vendor. <c>{{lineBreaks text}}</c> keeps its lines: Outlook knows no <c>white-space</c>.
/// </summary>
static class WrittenText
{
    public static string Shorten(in Arguments arguments)
    {
        // Parameters that have a name come last, all in one.
        if (arguments.Length - (arguments.Hash.Count > 0 ? 1 : 0) != 2 || arguments[0] is not Variable variable
            || !int.TryParse($"{arguments[1]}", NumberStyles.None, CultureInfo.InvariantCulture, out var longest) || longest == 0)
            throw new TemplateException("{{shorten …}} needs a variable and the most characters, such as {{shorten text 150}}");

        return arguments.Hash.TryGetValue("unit", out var unit) && unit is "octets"
            ? ShortText.Of(variable.Text(), longest, Octets)
            : ShortText.Of(variable.Text(), longest);
    }

    static int Octets(string text) => JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.Length;

    public static void WriteLines(in EncodedTextWriter writer, in Arguments arguments, bool isHtml)
    {
        if (arguments.Length != 1 || arguments[0] is not Variable variable)
            throw new TemplateException("{{lineBreaks …}} needs one variable");

        var rest = variable.Text().ReplaceLineEndings("\n").Split('\n');
        for (var index = 0; index < rest.Length; index++)
        {
            if (index > 0)
                writer.Write(isHtml ? "<br>\n" : "\n", encode: false);
            writer.Write(rest[index], encode: isHtml);
        }
    }
}
