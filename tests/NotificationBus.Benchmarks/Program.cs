using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using NotificationBus.Benchmarks;
using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Floor;
using NotificationBus.Benchmarks.Load;
using NotificationBus.Benchmarks.Measures;
using NotificationBus.Benchmarks.Micro;
using NotificationBus.Benchmarks.Textbook;
using NotificationBus.IntegrationTests.Servers;

const int StoredBefore = 1_000_000;
const int AtOnce = 100_000;
const int IntakeRounds = 6;
var intakeLength = SaturationLength.Long with { Round = TimeSpan.FromSeconds(8) };

var file = new Option<string>("--json")
{
    Description = "Where the figures go",
    DefaultValueFactory = _ => Path.Combine(Repository.Root, "artifacts", "bench.json"),
};
var howMany = new Option<int?>("--count") { Description = "How many notifications are stored, or arrive or are due at once" };
var root = new RootCommand(
    "Measures NotificationBus beside a floor and a textbook solution, on private servers. Ends with 1 when a contender "
        + "lost something or did not end."
)
{
    Measure(
        "quick",
        "Saturation of all contenders, in three short rounds; at most 3 minutes on 2 cores",
        (runner, _) => runner.Saturate(rounds: 3, SaturationLength.Short)
    ),
    Measure(
        "full",
        "Everything",
        async (runner, count) =>
        {
            await runner.MeasureLatency(await runner.Saturate(rounds: 5, SaturationLength.Long));
            await runner.MeasureStored(count ?? StoredBefore);
            await runner.MeasureFailures();
            await runner.MeasureSlowProvider();
            await runner.MeasureSpike(count ?? AtOnce);
            await runner.MeasureScheduled(count ?? AtOnce);
            await runner.MeasureIntake(IntakeRounds, intakeLength);
        }
    ),
    Saturate(),
    Measure(
        "latency",
        "From event to provider call, at shares of each contender's saturation, which is measured first",
        async (runner, _) => await runner.MeasureLatency(await runner.Saturate(rounds: 1, SaturationLength.Long))
    ),
    Measure(
        "stored",
        "NotificationBus with 1,000,000 notifications stored",
        (runner, count) => runner.MeasureStored(count ?? StoredBefore)
    ),
    Measure("failures", "NotificationBus while one of ten calls fails", (runner, _) => runner.MeasureFailures()),
    Measure("slow-provider", "NotificationBus while each call takes 100 ms", (runner, _) => runner.MeasureSlowProvider()),
    Measure("spike", "100,000 announcements at once while orders are placed", (runner, count) => runner.MeasureSpike(count ?? AtOnce)),
    Measure("scheduled", "100,000 scheduled messages due at once", (runner, count) => runner.MeasureScheduled(count ?? AtOnce)),
    TakeIn(),
    Micro(),
    Inside(),
};
return await root.Parse(args).InvokeAsync();

Command Saturate()
{
    var rounds = new Option<int>("--rounds") { Description = "How many", DefaultValueFactory = _ => 5 };
    var only = new Option<string?>("--only") { Description = "One contender alone, for a profile: floor, textbook or notificationbus" };
    var seconds = new Option<int>("--seconds")
    {
        Description = "About how long a round lasts",
        DefaultValueFactory = _ => (int)SaturationLength.Long.Round.TotalSeconds,
    };
    return MeasureWith(
        "saturation",
        "Saturation of all contenders, in five long rounds",
        [rounds, seconds, only],
        (runner, parsed) =>
            runner.Saturate(
                parsed.GetValue(rounds),
                SaturationLength.Long with
                {
                    Round = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                },
                parsed.GetValue(only)
            )
    );
}

Command TakeIn()
{
    var rounds = new Option<int>("--rounds") { Description = "How many", DefaultValueFactory = _ => IntakeRounds };
    var seconds = new Option<int>("--seconds")
    {
        Description = "How long a round lasts, at most 30: the worker's connections outlive no more",
        DefaultValueFactory = _ => (int)intakeLength.Round.TotalSeconds,
    };
    var warmUp = new Option<int>("--warm-up")
    {
        Description = "For how many seconds each is called before, at most 30",
        DefaultValueFactory = _ => (int)intakeLength.WarmUp.TotalSeconds,
    };
    return MeasureWith(
        "intake",
        "Calls over HTTP: NotificationBus with keys, without, and a bare endpoint that inserts one row",
        [rounds, seconds, warmUp],
        (runner, parsed) =>
            runner.MeasureIntake(
                parsed.GetValue(rounds),
                new SaturationLength(TimeSpan.FromSeconds(parsed.GetValue(warmUp)), TimeSpan.FromSeconds(parsed.GetValue(seconds)))
            )
    );
}

Command Measure(string name, string what, Func<Runner, int?, Task> measure) =>
    MeasureWith(name, what, [howMany], (runner, parsed) => measure(runner, parsed.GetValue(howMany)));

Command MeasureWith(string name, string what, Option[] options, Func<Runner, ParseResult, Task> measure)
{
    var command = new Command(name, what) { file };
    foreach (var option in options)
        command.Options.Add(option);

    command.SetAction(
        async (parsed, _) =>
        {
            var report = new Report(Console.Out, parsed.GetValue(file)!);
            try
            {
                await using var servers = await OwnServers.Start();
                await WriteAheadLog.Prepare(servers.Postgres);
                await measure(new Runner(servers, report), parsed);
                return 0;
            }
            catch (IncompleteException failed)
            {
                await Console.Error.WriteLineAsync($"\n{failed.Message}");
                return 1;
            }
        }
    );
    return command;
}

static Command Micro()
{
    var command = new Command("micro", "Planner, template and serializer, each by itself, in nanoseconds");
    command.SetAction(
        (_, _) =>
        {
            var artifacts = Path.Combine(Repository.Root, "artifacts", "micro");
            var summary = BenchmarkRunner.Run<HotPath>(DefaultConfig.Instance.WithArtifactsPath(artifacts));
            return Task.FromResult(summary.HasCriticalValidationErrors || !summary.Reports.All(report => report.Success) ? 1 : 0);
        }
    );
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
    command.SetAction(
        (parsed, _) =>
            ContenderProcess.Run(() =>
            {
                var (virtualHost, record) = (new Uri(parsed.GetValue(broker)!), parsed.GetValue(database)!);
                return parsed.GetValue(name) switch
                {
                    "floor" => FloorFlow.Start(virtualHost, record),
                    "bare" => BareEndpoint.Start(record),
                    _ => TextbookProgram.Start(virtualHost, record),
                };
            })
    );
    return command;
}
