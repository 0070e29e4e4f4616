using Fluid;
using Fluid.Filters;
using Fluid.Values;

namespace NotificationBus.Templates;

/// <summary>
/// Filters that a template may use: those of Liquid that write no more than they were given, and <c>money</c>, <c>localNumber</c>,
/// <c>link</c> and <c>shorten</c>. None joins what was escaped with what was not.
/// </summary>
static class TemplateFilters
{
    static readonly string[] Standard =
    [
        "abs",
        "at_least",
        "at_most",
        "ceil",
        "divided_by",
        "floor",
        "minus",
        "modulo",
        "plus",
        "round",
        "times",
        "capitalize",
        "downcase",
        "escape",
        "lstrip",
        "rstrip",
        "strip",
        "strip_newlines",
        "upcase",
        "url_encode",
        "date",
        "first",
        "last",
        "size",
    ];

    public static void AddTo(FilterCollection filters)
    {
        var fluid = filters.ToDictionary(StringComparer.Ordinal);
        filters.Clear();
        foreach (var name in Standard)
        {
            var filter = fluid[name];
            filters.AddFilter(
                name,
                (input, arguments, context) => filter(input is Variable variable ? variable.ForFilter(context) : input, arguments, context)
            );
        }

        filters.AddFilter("default", Default);
        filters.AddFilter("link", (input, _, _) => LinkText.Of(input));
        filters.AddFilter("localNumber", (input, _, context) => MoneyText.OfNumber(input, Filling.Of(context).Numbers));
        filters.AddFilter("money", (input, arguments, context) => MoneyText.Of(input, arguments, Filling.Of(context).Numbers));
        filters.AddFilter("newline_to_br", (input, _, context) => WrittenText.WithLines(input, Filling.Of(context).Encoder));
        filters.AddFilter("shorten", (input, arguments, _) => WrittenText.Shorten(input, arguments));
    }

    // A number is printed as it was sent, and is never taken for empty.
    static ValueTask<FluidValue> Default(FluidValue input, FilterArguments arguments, TemplateContext context) =>
        input.Type == FluidValues.Number ? input : MiscFilters.Default(Variable.PlainOf(input), arguments, context);
}
