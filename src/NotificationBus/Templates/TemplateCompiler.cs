using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Fluid;

namespace NotificationBus.Templates;

/// <summary>
/// Makes parts of files: Liquid, as Fluid reads it, with everything taken away that is not needed. What can be checked without the
/// variables is checked here.
/// </summary>
sealed partial class TemplateCompiler
{
    // A part of a million characters is written in fewer.
    const int MostSteps = 1_000_000;

    static readonly HtmlEncoder Html = HtmlEncoder.Create(InText());

    readonly LiquidParser _parser = new();

    // Partials count their depth themselves, and loops are as deep as the file says.
    readonly TemplateOptions _options = new()
    {
        StrictVariables = true,
        StrictFilters = true,
        MaxSteps = MostSteps,
        MaxRecursion = 0,
        TimeZone = TimeZoneInfo.Utc,
    };

    public TemplateCompiler(IEnumerable<TemplateFile> layouts, BrandOptions? brand = null, TimeProvider? clock = null)
    {
        brand ??= new BrandOptions();
        _options.Now = (clock ?? TimeProvider.System).GetUtcNow;
        TemplateFilters.AddTo(_options.Filters);

        _parser.Declare("brand-name").Constant = brand.NameHtml;
        _parser.Declare("brand-mark").Constant = brand.MarkHtml;
        _parser.Declare("brand-color").Constant = brand.Color;
        foreach (var (file, partial) in layouts.Select(file => (file, _parser.Declare(file.Name))).ToList())
            partial.Template = Compile(file, file.Read().TrimEnd(), line: 1, isHtml: true);
    }

    public CompiledPart Compile(TemplateFile file, TemplateSection section)
    {
        var template = Compile(file, section.Text, section.Line, section.Part.IsHtml);
        return new CompiledPart(section.Part.Name, template, section.Part.IsHtml ? Html : NullEncoder.Default, _options);
    }

    public static string List(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));

    IFluidTemplate Compile(TemplateFile file, string source, int line, bool isHtml)
    {
        // What is in a comment is not compiled; it still takes its place.
        var checkedSource = NotCompiled().Replace(source, text => Blank(text.Value));
        try
        {
            if (isHtml)
                CheckLinks(NotCompiled().Replace(source, AsPrinted));
            var template = _parser.Parse(source);
            new TemplateCheck(checkedSource, _options.Filters).VisitTemplate(template);
            return template;
        }
        catch (TemplateSyntaxException e)
        {
            throw ErrorAt(e.Message, e.Offset, e);
        }
        catch (ParseException e)
        {
            var wrong = Explain(checkedSource, e);
            throw ErrorAt(wrong.Message, wrong.Offset, e);
        }

        TemplateException ErrorAt(string reason, int offset, Exception inner)
        {
            var before = source.AsSpan(0, Math.Clamp(offset, 0, source.Length));
            return file.Error(reason, line + before.Count('\n'), inner, column: before.Length - before.LastIndexOf('\n'));
        }
    }

    // The text between {% raw %} and {% endraw %} is printed, and a link may begin in it. No variable does: its braces are text.
    static string AsPrinted(Match text)
    {
        var raw = text.Groups["raw"];
        var (begin, end) = (raw.Index - text.Index, raw.Index - text.Index + raw.Length);
        return raw.Success ? Blank(text.Value[..begin]) + raw.Value.Replace('{', '}') + Blank(text.Value[end..]) : Blank(text.Value);
    }

    static string Blank(string text) => string.Concat(text.Select(c => c == '\n' ? c : ' '));

    static void CheckLinks(string source)
    {
        foreach (Match variable in VariableInLink().Matches(source))
        {
            var tag = variable.Groups["tag"];
            if (!Checked().IsMatch(tag.Value))
                throw new TemplateSyntaxException(
                    "a variable in a link must be written {{ … | link }}: it could bring javascript:",
                    tag.Index
                );
        }
    }

    /// <summary>Fluid tells where it gave up: for a block that is never closed, that is the end of the file.</summary>
    TemplateSyntaxException Explain(string source, ParseException exception)
    {
        if (Handlebars().Match(source) is { Success: true } old)
            return new TemplateSyntaxException($"'{old.Value}' is Handlebars, and templates are Liquid", old.Index);

        var open = new Stack<(string Name, int At)>();
        foreach (Match tag in Tag().Matches(source))
        {
            var name = tag.Groups["name"].Value;
            if (tag.Groups["end"].Success)
            {
                if (!(open.TryPop(out var block) && block.Name == name))
                    return new TemplateSyntaxException($"'end{name}' closes nothing that is open", tag.Index);
            }
            else if (name is "if" or "unless" or "case" or "for" or "capture")
            {
                open.Push((name, tag.Index));
            }
            else if (name is not ("else" or "elsif" or "when") && !_parser.RegisteredTags.ContainsKey(name))
            {
                return new TemplateSyntaxException($"there is no tag '{name}'; there are {List(_parser.RegisteredTags.Keys)}", tag.Index);
            }
        }

        var (reason, place) = (exception.Message, Position().Match(exception.Message));
        if (reason.Contains("' was expected", StringComparison.Ordinal) && open.TryPop(out var unclosed))
            return new TemplateSyntaxException($"'{unclosed.Name}' is never closed", unclosed.At);

        return place.Success
            ? new TemplateSyntaxException(reason[..place.Index], OffsetOf(source, Number("line"), Number("column")))
            : new TemplateSyntaxException(reason.Split('\n')[0], 0);

        int Number(string group) => int.Parse(place.Groups[group].Value);
    }

    static int OffsetOf(string source, int line, int column)
    {
        var offset = 0;
        for (; line > 1; line--)
            offset = source.IndexOf('\n', offset) + 1;
        return offset + column - 1;
    }

    // Letters of all languages as they are. What a browser might take for the end of an attribute is escaped as well.
    static TextEncoderSettings InText()
    {
        var settings = new TextEncoderSettings(UnicodeRanges.All);
        settings.ForbidCharacters('=', '`');
        return settings;
    }

    [GeneratedRegex(
        @"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}|\{%-?\s*raw\s*-?%\}(?<raw>.*?)\{%-?\s*endraw\s*-?%\}|\{%-?\s*#[^%]*%\}",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline | RegexOptions.NonBacktracking
    )]
    private static partial Regex NotCompiled();

    [GeneratedRegex(@"\{%-?\s*(?<end>end)?(?<name>\w+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\{\{\{|\{\{~?[#/>!&^]", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Handlebars();

    [GeneratedRegex(
        @"\b(href|src|action|background|poster)\s*=\s*[""']?\s*(?<tag>\{\{[^{}]*\}\}|\{\{|\{%)",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking
    )]
    private static partial Regex VariableInLink();

    [GeneratedRegex(@"\|\s*link\s*-?\}\}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Checked();

    [GeneratedRegex(@" at \((?<line>\d+):(?<column>\d+)\)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Position();
}
