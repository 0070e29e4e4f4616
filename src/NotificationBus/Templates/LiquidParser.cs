using System.Text.Encodings.Web;
using Fluid;
using Fluid.Ast;
using Fluid.Values;

namespace NotificationBus.Templates;

/// <summary>
/// Liquid with the tags that are needed: no files, no text that is kept without a limit. Variables are strict: see
/// <see cref="VariableExpression"/>.
/// </summary>
sealed class LiquidParser : FluidParser
{
    // They write into memory that nobody bounds, or look for files.
    static readonly string[] NotOffered = ["include", "ifchanged", "tablerow", "liquid"];

    readonly Dictionary<string, Partial> _partials = new(StringComparer.OrdinalIgnoreCase);

    public LiquidParser()
    {
        foreach (var tag in NotOffered)
            RegisteredTags.Remove(tag);
        RegisterIdentifierBlock("capture", (name, statements, _, _, context) => Filling.Of(context).Capture(name, statements));
        RegisteredTags["render"] = RegisteredTags["render"]
            .Then(
                (context, statement) =>
                {
                    var tag = context.Scanner.Buffer.LastIndexOf("{%", context.Scanner.Cursor.Offset - 1, StringComparison.Ordinal);
                    return Resolve((RenderStatement)statement, tag);
                }
            );

        Primary.Parser = Primary.Parser!.Then(VariableExpression.In);
        foreach (var (name, operation) in RegisteredOperators.ToList())
            RegisteredOperators[name] = (left, right) => operation(new PlainExpression(left), new PlainExpression(right));
        var contains = RegisteredOperators["contains"];
        RegisteredOperators["contains"] = (left, right) => contains(new SearchedExpression(left), right);
    }

    /// <summary>Declares a partial, so that a template may name it before it is parsed.</summary>
    public Partial Declare(string name) => _partials[name] = new Partial();

    Statement Resolve(RenderStatement render, int at)
    {
        if (!_partials.TryGetValue(render.Path, out var partial))
            throw new TemplateSyntaxException($"there is no partial '{render.Path}' in the folder _layout", at);

        if (render.With is not null || render.For is not null)
            throw new TemplateSyntaxException("a partial is given its values by name: {% render 'detail', label: \"Total\" %}", at);

        return partial.Constant is { } text ? new TextSpanStatement(text) : new PartialStatement(partial, render.AssignStatements);
    }
}

/// <summary>A file of the folder <c>_layout</c>, once it is parsed.</summary>
sealed class Partial
{
    public IFluidTemplate? Template { get; set; }

    /// <summary>A text that is put into the template as it is, in place of a file.</summary>
    public string? Constant { get; set; }
}

/// <summary><c>{% render 'detail', label: "Order", value: orderId %}</c>.</summary>
sealed class PartialStatement(Partial partial, IReadOnlyList<AssignStatement> parameters) : Statement
{
    public override ValueTask<Completion> WriteToAsync(TextWriter writer, TextEncoder encoder, TemplateContext context)
    {
        context.IncrementSteps();
        Filling.Of(context).WritePartial(partial.Template!, parameters, writer);
        return Normal();
    }
}

/// <summary>
/// A variable by its path. What is not set in the template is looked for in the data. What is nowhere is an error that names it; a variable
/// of the data may be asked for first.
/// </summary>
sealed class VariableExpression(MemberExpression member) : Expression
{
    public override ValueTask<FluidValue> EvaluateAsync(TemplateContext context)
    {
        var segments = member.Segments;
        var value = context.GetValue(Name(segments[0]));
        var next = 1;
        if (value.IsNil())
            (value, next) = (context.Model, 0);

        for (; next < segments.Count; next++)
        {
            value = Filling.Result(segments[next].ResolveAsync(value, context));
            if (value.IsNil())
                throw new TemplateException($"'{string.Join('.', segments.Take(next + 1).Select(Name))}' is missing");
        }

        return value;
    }

    // In {% for line in lines offset: continue %} it is a word and no variable.
    public static Expression In(Expression expression) =>
        expression is MemberExpression { Segments: not [IdentifierSegment { Identifier: "continue" }] } member
            ? new VariableExpression(member)
            : expression;

    static string Name(MemberSegment segment) => segment is IdentifierSegment identifier ? identifier.Identifier : "[…]";
}

/// <summary>What an operator compares.</summary>
sealed class PlainExpression(Expression operand) : Expression
{
    public override ValueTask<FluidValue> EvaluateAsync(TemplateContext context) =>
        Variable.PlainOf(Filling.Result(operand.EvaluateAsync(context)));
}

/// <summary>
/// What <c>contains</c> looks through. Each element is a step: within a loop, two lists would be multiplied without a bound.
/// </summary>
sealed class SearchedExpression(Expression operand) : Expression
{
    public override ValueTask<FluidValue> EvaluateAsync(TemplateContext context)
    {
        var value = Filling.Result(operand.EvaluateAsync(context));
        if (value.Type == FluidValues.Array)
        {
            for (var elements = value.ToNumberValue(); elements > 0; elements--)
                context.IncrementSteps();
        }

        return value;
    }
}
