using System.Text.Encodings.Web;
using Fluid;
using Fluid.Ast;
using Fluid.Values;

namespace NotificationBus.Templates;

/// <summary>
/// The scope in which one part, or one partial in it, is filled. Each has its own, and it is never used again; a partial sees the data and
/// what it is given, and nothing that the page around it has set.
/// </summary>
sealed class Filling(Variable variables, TemplateOptions options, TextEncoder encoder, NumberStyle numbers, Limits limits)
    : TemplateContext(variables, options)
{
    const int DeepestPartial = 10;

    int _depth;

    /// <summary>What escapes the part's values.</summary>
    public TextEncoder Encoder => encoder;

    /// <summary>The style in which the text's readers write numbers.</summary>
    public NumberStyle Numbers => numbers;

    public Limits Limits => limits;

    public bool HasNoStepsLeft => _steps > MaxSteps;

    public static Filling Of(TemplateContext context) => (Filling)context;

    public void Write(IFluidTemplate template, TextWriter writer)
    {
        var writing = template.RenderAsync(writer, encoder, this);
        if (!writing.IsCompletedSuccessfully)
            writing.AsTask().GetAwaiter().GetResult();
    }

    public void WritePartial(IFluidTemplate partial, IReadOnlyList<AssignStatement> values, TextWriter writer)
    {
        if (_depth == DeepestPartial)
            throw new TemplateException($"partials in partials, more than {DeepestPartial} deep");

        var inner = new Filling(variables, Options, encoder, numbers, limits) { _depth = _depth + 1, _steps = _steps };
        try
        {
            foreach (var value in values)
                inner.SetValue(value.Identifier, Result(value.Value.EvaluateAsync(this)));
            inner.Write(partial, writer);
        }
        finally
        {
            _steps = inner._steps;
        }
    }

    /// <summary><c>{% capture name %}</c>, within the limits of the text.</summary>
    public ValueTask<Completion> Capture(string name, IReadOnlyList<Statement> statements)
    {
        var text = TextBuffer.Rent();
        try
        {
            var completion = Result(statements.RenderStatementsAsync(text, encoder, this));
            limits.Capture(text.Length);
            SetValue(name, new StringValue(text.ToString(), encode: false));
            return new ValueTask<Completion>(completion);
        }
        finally
        {
            text.Return();
        }
    }

    /// <summary>The result of what waits for nothing: all that a template reads is in memory.</summary>
    public static T Result<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();
}

/// <summary>What all parts of one template may take together.</summary>
sealed class Limits
{
    const int MostRounds = 10_000;

    int _rounds;
    int _captured;

    // Loops within loops multiply: without a bound, four lists of a thousand elements keep a worker busy for a year.
    public void Round()
    {
        if (++_rounds > MostRounds)
            throw new TemplateException($"loops of more than {MostRounds} rounds");
    }

    // A capture within a loop may double what it has captured before.
    public void Capture(int characters)
    {
        if ((_captured += characters) > TextBuffer.LongestText)
            throw new TemplateException($"captures of more than {TextBuffer.LongestText} characters");
    }
}
