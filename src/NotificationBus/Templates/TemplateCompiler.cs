using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

using HandlebarsDotNet;
using HandlebarsDotNet.Features;
using HandlebarsDotNet.Helpers;
using HandlebarsDotNet.PathStructure;

namespace NotificationBus.Templates;

/// <summary>
/// Handlebars.Net with everything taken away that is not needed: no files, no reflection, no helpers but <c>money</c>,
/// <c>localNumber</c>, <c>link</c>, <c>shorten</c>, <c>lineBreaks</c> and the built-in ones, no raw output in HTML. What can be checked without the variables is checked here.
/// </summary>
sealed partial class TemplateCompiler
{
    const short DeepestPartial = 10;

    readonly IHandlebars _html = Create(escape: true);
    readonly IHandlebars _plain = Create(escape: false);
    readonly HashSet<string> _partials;

    public TemplateCompiler(IEnumerable<TemplateFile> layouts, BrandOptions? brand = null)
    {
        brand ??= new BrandOptions();
        var files = layouts.ToList();
        (string Name, string Html)[] ours = [("brand-name", brand.NameHtml), ("brand-mark", brand.MarkHtml), ("brand-color", brand.Color)];
        foreach (var (name, html) in ours)
            _html.RegisterTemplate(name, html);
        _partials = files.Select(file => file.Name).Concat(ours.Select(partial => partial.Name)).Append("@partial-block").ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
            _html.RegisterTemplate(file.Name, Compile(_html, file, file.Read().TrimEnd(), line: 1, isHtml: true));
    }

    public CompiledPart Compile(TemplateFile file, TemplateSection section)
    {
        var handlebars = section.Part.IsHtml ? _html : _plain;
        return new CompiledPart(section.Part.Name, Compile(handlebars, file, section.Text, section.Line, section.Part.IsHtml));
    }

    /// <summary>Our own words when they are in there: Handlebars wraps what fails inside a partial.</summary>
    public static string Reason(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is TemplateException)
                return e.Message;
        }

        return exception.GetBaseException().Message.Split('\n')[0];
    }

    static IHandlebars Create(bool escape)
    {
        var configuration = new HandlebarsConfiguration
        {
            FormatProvider = CultureInfo.InvariantCulture,
            TextEncoder = new HtmlEncoder(),
            NoEscape = !escape,
            // It would also refuse to ask for an optional variable with #if. VariableFormatter refuses to print a missing one instead.
            ThrowOnUnresolvedBindingExpression = false,
            PartialRecursionDepthLimit = DeepestPartial,
            PartialTemplateResolver = new NoOtherPartials(),
        };
        configuration.FormatterProviders.Add(new VariableFormatter());
        configuration.ObjectDescriptorProviders.Add(new VariablesOnly());
        configuration.HelperResolvers.Add(new NoOtherHelpers());
        configuration.CompileTimeConfiguration.ExpressionMiddleware.Add(new ReturnedContexts());
        configuration.CompileTimeConfiguration.Features.Add(new WithBlock());
        configuration.RegisterMissingHelperHook(blockHelperMissing: (_, options, _, _) => throw new UnknownHelperException(options.Name.TrimmedPath!));

        var handlebars = Handlebars.Create(configuration);
        handlebars.RegisterHelper("money", (_, arguments) => MoneyText.Of(arguments));
        handlebars.RegisterHelper("localNumber", (_, arguments) => MoneyText.NumberOf(arguments));
        handlebars.RegisterHelper("link", (_, arguments) => LinkText.Of(arguments));
        handlebars.RegisterHelper("shorten", (_, arguments) => WrittenText.Shorten(arguments));
        handlebars.RegisterHelper("lineBreaks", (writer, _, arguments) => WrittenText.WriteLines(writer, arguments, escape));
        return handlebars;
    }

    HandlebarsTemplate<TextWriter, object, object> Compile(IHandlebars handlebars, TemplateFile file, string source, int line, bool isHtml)
    {
        Check(file, source, line, isHtml);
        try
        {
            using var reader = new StringReader(source);
            return handlebars.Compile(reader);
        }
        catch (Exception e) when (e is TemplateException or HandlebarsException)
        {
            throw file.Error(Reason(e), line + LineOf(e, source), e);
        }
    }

    void Check(TemplateFile file, string source, int line, bool isHtml)
    {
        // What is in a comment is not compiled; its lines still count.
        source = Comment().Replace(source, comment => new string('\n', comment.Value.AsSpan().Count('\n')));
        Refuse(Decorator(), "decorators and inline partials are not offered");
        CheckBlocks(file, source, line);

        foreach (Match partial in Partial().Matches(source))
        {
            if (!_partials.Contains(partial.Groups["name"].Value))
                throw file.Error($"there is no partial '{partial.Groups["name"].Value}' in the folder _layout", line + LinesBefore(partial.Index));
        }

        if (!isHtml)
            return;

        Refuse(Raw(), "raw output is not offered: a variable could bring its own HTML");
        foreach (Match variable in VariableInLink().Matches(source))
        {
            if (!variable.Groups["checked"].Success)
                throw file.Error("a variable in a link must be written {{link …}}: it could bring javascript:", line + LinesBefore(variable.Index));
        }

        void Refuse(Regex pattern, string reason)
        {
            if (pattern.Match(source) is { Success: true } match)
                throw file.Error(reason, line + LinesBefore(match.Index));
        }

        int LinesBefore(int index) => source.AsSpan(0, index).Count('\n');
    }

    /// <summary>Handlebars.Net finds these as well, but does not tell where.</summary>
    static void CheckBlocks(TemplateFile file, string source, int line)
    {
        var open = new Stack<(string Name, int Line)>();
        foreach (Match tag in Tag().Matches(source))
        {
            var at = line + source.AsSpan(0, tag.Index).Count('\n');
            var name = tag.Groups["name"].Value;

            if (!tag.Groups["end"].Success)
                throw file.Error("'{{' without '}}'", at);

            if (tag.Groups["kind"].Value is "#" or "^" && name.Length > 0)
                open.Push((name, at));
            else if (tag.Groups["kind"].Value is "/" && !(open.TryPop(out var block) && block.Name.Equals(name, StringComparison.Ordinal)))
                throw file.Error($"'/{name}' closes nothing that is open", at);
        }

        if (open.TryPop(out var unclosed))
            throw file.Error($"'#{unclosed.Name}' is never closed", unclosed.Line);
    }

    /// <summary>Handlebars tells the line only in its message, and an unknown helper not at all.</summary>
    static int LineOf(Exception exception, string source)
    {
        var position = Position().Match(exception.Message);
        if (position.Success)
            return int.Parse(position.Groups["line"].Value);

        return exception.GetBaseException() is UnknownHelperException unknown
            ? source.AsSpan(0, Math.Max(source.IndexOf(unknown.Helper, StringComparison.Ordinal), 0)).Count('\n')
            : 0;
    }

    [GeneratedRegex(@"\{\{~?!--.*?--~?\}\}|\{\{~?![^-].*?\}\}", RegexOptions.ExplicitCapture | RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\{\{\{?~?\s*(?<kind>[#^/]?)>?\s*(?<name>[^\s{}~]*)([^{}""']|""[^""]*""|'[^']*')*(?<end>\}\})?", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\{\{~?#?>\s*(?<name>[^\s}~]*)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Partial();

    [GeneratedRegex(@"\{\{~?#?\s*\*", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Decorator();

    [GeneratedRegex(@"\{\{~?(\{|&)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Raw();

    [GeneratedRegex(@"\b(href|src|action|background|poster)\s*=\s*[""']?\s*\{\{(?<checked>~?\s*link\s)?", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex VariableInLink();

    [GeneratedRegex(@"Occured at: (?<line>\d+):", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Position();

    /// <summary>Handlebars.Net would look for <c>{{> ../../appsettings}}</c> in the file system.</summary>
    sealed class NoOtherPartials : IPartialTemplateResolver
    {
        public bool TryRegisterPartial(IHandlebars env, string? partialName, string? templatePath) => false;
    }

    /// <summary>Is asked while compiling for everything that looks like a helper, and while rendering for variables without arguments.</summary>
    sealed class NoOtherHelpers : IHelperResolver
    {
        public bool TryResolveHelper(PathInfo name, Type? targetType, [NotNullWhen(true)] out IHelperDescriptor<HelperOptions>? helper)
        {
            helper = null;
            return targetType is null ? false : throw new UnknownHelperException(name.TrimmedPath!);
        }

        public bool TryResolveBlockHelper(PathInfo name, [NotNullWhen(true)] out IHelperDescriptor<BlockHelperOptions>? helper) =>
            throw new UnknownHelperException(name.TrimmedPath!);
    }

    sealed class UnknownHelperException(string helper) : HandlebarsException($"there is no helper '{helper}'")
    {
        public string Helper => helper;
    }
}
