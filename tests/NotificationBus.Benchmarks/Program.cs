using System.CommandLine;

using NotificationBus.Benchmarks;
using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Floor;
using NotificationBus.Benchmarks.Load;
using NotificationBus.Benchmarks.Textbook;
using NotificationBus.IntegrationTests.Servers;

var file = new Option<string>("--json") { Description = "Where the figures go", DefaultValueFactory = _ => Path.Combine(Repository.Root, "artifacts", "bench.json") };
var root = new RootCommand("Measures NotificationBus beside a floor and a textbook solution, on private servers. Ends with 1 when a contender lost something or did not end.")
{
    Measure("quick", "Saturation of all contenders, in three short rounds; at most 3 minutes on 2 cores", runner => runner.Saturate(rounds: 3, seconds: 5)),
    Measure("full", "Everything there is to measure", async runner => await runner.Saturate(rounds: 5, seconds: 12)),
    Inside(),
};
return await root.Parse(args).InvokeAsync();

Command Measure(string name, string what, Func<Runner, Task> measure)
{
    var command = new Command(name, what) { file };
    command.SetAction(async (parsed, _) =>
    {
        var report = new Report(Console.Out, parsed.GetValue(file)!);
        try
        {
            await using var servers = await Servers.Start();
            await measure(new Runner(servers, report));
            return 0;
        }
        catch (IncompleteException failed)
        {
            await Console.Error.WriteLineAsync($"\n{failed.Message}");
            return 1;
        }
    });
    return command;
}

// A contender that is written here runs as a process of its own: this one, once more.
static Command Inside()
{
    var name = new Argument<string>("name");
    var broker = new Argument<string>("broker");
    var database = new Argument<string>("database");
    var command = new Command("contender") { name, broker, database };
    command.Hidden = true;
    command.SetAction((parsed, _) => ContenderProcess.Run(() =>
    {
        var (virtualHost, record) = (new Uri(parsed.GetValue(broker)!), parsed.GetValue(database)!);
        return parsed.GetValue(name) == "floor" ? FloorFlow.Start(virtualHost, record) : TextbookProgram.Start(virtualHost, record);
    }));
    return command;
}
