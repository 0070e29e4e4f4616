using System.Text.RegularExpressions;
using Fluid;
using Fluid.Ast;

namespace NotificationBus.Templates;

/// <summary>
/// Looks for what can be known to be wrong before there are variables. Fluid does not keep where an expression stands: the place is the
/// first of that name.
/// </summary>
sealed partial class TemplateCheck(string source, FilterCollection filters) : AstVisitor
{
    const int LongestRange = 10_000;

    protected override Expression VisitFilterExpression(FilterExpression filterExpression)
    {
        var name = filterExpression.Name;
        if (!filters.TryGetValue(name, out _))
        {
            throw Wrong(
                name == "raw"
                    ? "raw output is not offered: a variable could bring its own HTML"
                    : $"there is no filter '{name}'; there are {TemplateCompiler.List(filters.Select(filter => filter.Key))}",
                FilterNamed(name)
            );
        }

        // A width in it would be as wide as a variable wants.
        if (name == "date" && filterExpression.Parameters.Any(parameter => parameter.Expression is not LiteralExpression))
            throw Wrong("the form of a date must be written in the template", FilterNamed(name));

        return base.VisitFilterExpression(filterExpression);
    }

    protected override Expression VisitRangeExpression(RangeExpression rangeExpression) =>
        NumberOf(rangeExpression.To) - NumberOf(rangeExpression.From) < LongestRange
            ? rangeExpression
            : throw Wrong($"a range must be of two numbers less than {LongestRange} apart", source.IndexOf("..", StringComparison.Ordinal));

    static decimal? NumberOf(Expression expression) => (expression as LiteralExpression)?.Value.ToNumberValue();

    int FilterNamed(string name) =>
        Filter()
            .Matches(source)
            .Select(filter => filter.Groups["name"])
            .FirstOrDefault(filter => filter.Value.Equals(name, StringComparison.Ordinal))
            ?.Index
        ?? 0;

    static TemplateSyntaxException Wrong(string reason, int at) => new(reason, at);

    [GeneratedRegex(@"\|\s*(?<name>[\w-]+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Filter();
}
