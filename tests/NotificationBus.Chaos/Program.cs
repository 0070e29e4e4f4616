using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using NotificationBus.Chaos;
using NotificationBus.IntegrationTests.Servers;

var which = new Argument<string?>("situation")
{
    Description = "quick: a selection with small counts, at most 4 minutes on 2 cores; full: all; or the name of one",
    Arity = ArgumentArity.ZeroOrOne,
};
var count = new Option<int?>("--count") { Description = "How many notifications" };
var every = new Option<TimeSpan?>("--every")
{
    Description = "How long between two blows, or how long one lasts: 3s, 500ms, 2m",
    CustomParser = Duration,
};
var list = new Option<bool>("--list") { Description = "Names the situations" };
var file = new Option<string>("--json")
{
    Description = "Where the figures go",
    DefaultValueFactory = _ => Path.Combine(Repository.Root, "artifacts", "chaos.json"),
};
var root = new RootCommand(
    "Kills, freezes and misleads NotificationBus on private servers, and counts what was lost and what was sent twice. "
        + "Ends with 1 when a limit was broken."
)
{
    which,
    count,
    every,
    list,
    file,
};

root.SetAction(
    async (parsed, _) =>
    {
        if (parsed.GetValue(list))
        {
            foreach (var situation in Catalogue.Situations)
                Console.WriteLine($"{situation.Name, -34} {(situation.Quick is null ? "     " : "quick")}  {situation.What}");
            return 0;
        }

        var name = parsed.GetValue(which);
        var program = Catalogue
            .Situations.Where(situation => name == "full" || situation.Name == name || (name == "quick" && situation.Quick is not null))
            .Select(situation => (situation, name == "quick" ? situation.Quick! : situation.Full))
            .Select(chosen =>
                (chosen.situation, new Dose(parsed.GetValue(count) ?? chosen.Item2.Count, parsed.GetValue(every) ?? chosen.Item2.Every))
            )
            .ToList();
        if (program.Count == 0)
        {
            await Console.Error.WriteLineAsync(
                $"Say quick, full, or one of {string.Join(", ", Catalogue.Situations.Select(situation => situation.Name))}."
            );
            return 2;
        }

        await using var runner = new Runner(Console.Out);
        var figures = await runner.Run(program, parsed.GetValue(file)!);
        return figures.All(f => f.Passed) ? 0 : 1;
    }
);
return await root.Parse(args).InvokeAsync();

static TimeSpan? Duration(ArgumentResult result)
{
    var text = result.Tokens[0].Value;
    (string Unit, double Seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60)];
    foreach (var (unit, seconds) in units)
    {
        if (
            text.EndsWith(unit, StringComparison.Ordinal)
            && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
        )
            return TimeSpan.FromSeconds(number * seconds);
    }

    result.AddError($"'{text}' is no duration such as 3s, 500ms or 2m");
    return null;
}
