using System.Text.Encodings.Web;
using System.Text.Json;
using Fluid;
using Fluid.Values;

namespace NotificationBus.Templates;

/// <summary>
/// Filters for what a person wrote. <c>{{ text | shorten: 150 }}</c> prints as much of it as there is room for, in UTF-16 characters, which
/// is what an SMS that is not all of GSM-7 counts: an emoji takes two or more. With <c>unit: "octets"</c> it counts what it takes in the
/// JSON that goes to a vendor. <c>{{ text | newline_to_br }}</c> keeps its lines: Outlook knows no <c>white-space</c>.
/// </summary>
static class WrittenText
{
    public static StringValue Shorten(FluidValue text, FilterArguments arguments)
    {
        if (arguments.At(0) is not NumberValue number || !number.IsInteger() || number.ToNumberValue() is < 1 or > int.MaxValue)
            throw new TemplateException("shorten needs the most characters, such as {{ text | shorten: 150 }}");

        var longest = (int)number.ToNumberValue();
        return new StringValue(
            arguments["unit"].ToStringValue() is "octets"
                ? ShortText.Of(text.ToStringValue(), longest, Octets)
                : ShortText.Of(text.ToStringValue(), longest)
        );
    }

    public static StringValue WithLines(FluidValue text, TextEncoder encoder)
    {
        var written = text.ToStringValue().ReplaceLineEndings("\n");
        return encoder == NullEncoder.Default
            ? new StringValue(written)
            : new StringValue(string.Join("<br>\n", written.Split('\n').Select(encoder.Encode)), encode: false);
    }

    static int Octets(string text) => JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.Length;
}
