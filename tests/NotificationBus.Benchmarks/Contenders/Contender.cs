using System.Globalization;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Benchmarks.Contenders;

/// <summary>A program that turns events into deliveries, and how it is run.</summary>
abstract class Contender
{
    /// <summary>What the table calls it.</summary>
    public abstract string Name { get; }

    /// <summary>How many notifications a second to reckon with while it warms up. A guess: nothing is measured with it.</summary>
    public abstract int Expected { get; }

    /// <summary>Starts it on an empty virtual host and an empty database, and completes when it listens.</summary>
    public abstract Task<RunningContender> Start(Uri virtualHost, string database, IReadOnlyDictionary<string, string>? settings = null);
}

/// <summary>NotificationBus as it is deployed, with its default settings; only its log is quieter.</summary>
sealed class NotificationBusContender : Contender
{
    public override string Name => "notificationbus";

    public override int Expected => 500;

    public override async Task<RunningContender> Start(
        Uri virtualHost,
        string database,
        IReadOnlyDictionary<string, string>? settings = null
    )
    {
        var all = new Dictionary<string, string>(settings ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal)
        {
            ["Serilog:MinimumLevel:Default"] = "Warning",
        };
        var host = await HostProcess.Start(virtualHost, database, all);
        return new RunningContender(host.Id, host.Terminate, () => $"{host.Output}", host) { Address = host.Client.BaseAddress };
    }
}

/// <summary>A contender that is written here. It runs this program once more, in a process of its own.</summary>
abstract class OwnContender(IReadOnlyDictionary<string, string?> environment) : Contender
{
    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(1);

    /// <summary>Where it takes calls; null for one that takes none.</summary>
    protected virtual Uri? Address => null;

    public override async Task<RunningContender> Start(
        Uri virtualHost,
        string database,
        IReadOnlyDictionary<string, string>? settings = null
    )
    {
        if (settings is { Count: > 0 })
            throw new NotSupportedException($"{Name} has no settings.");

        var process = ChildProcess.Start(
            ["dotnet", typeof(OwnContender).Assembly.Location, "contender", Name, $"{virtualHost}", database],
            environment
        );
        try
        {
            await process.Line(line => line == ContenderProcess.Ready, StartLimit);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        var asked = 0;
        return new RunningContender(process.Id, () => process.Terminate(EndLimit), () => $"{process.Output}", process)
        {
            Address = Address,
            AllocatedBytes = async () =>
            {
                var answer = string.Create(CultureInfo.InvariantCulture, $"{ContenderProcess.Allocated} {++asked} ");
                process.Send(Signal.Continue);
                var line = await process.Line(line => line.StartsWith(answer, StringComparison.Ordinal), StartLimit);
                return long.Parse(line.AsSpan(answer.Length), CultureInfo.InvariantCulture);
            },
        };
    }
}

/// <summary>RabbitMQ.Client and Npgsql by hand, with the garbage collector set to what suits it best.</summary>
sealed class FloorContender()
    : OwnContender(
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["DOTNET_gcServer"] = "0",
            ["DOTNET_gcConcurrent"] = "0",
            ["DOTNET_GCgen0size"] = "0x8000000",
        }
    )
{
    public override string Name => "floor";

    public override int Expected => 1_500;
}

/// <summary>MassTransit as its documentation shows it, with the garbage collector a web project has.</summary>
sealed class TextbookContender() : OwnContender(new Dictionary<string, string?>(StringComparer.Ordinal) { ["DOTNET_gcServer"] = "1" })
{
    public override string Name => "textbook";

    public override int Expected => 100;
}

/// <summary>ASP.NET Core and one row for each call, with the garbage collector a web project has.</summary>
sealed class BareContender(int port)
    : OwnContender(
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["DOTNET_gcServer"] = "1",
            ["ASPNETCORE_URLS"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"),
        }
    )
{
    public BareContender()
        : this(FreePort.Take()) { }

    public override string Name => "bare";

    public override int Expected => 1_000;

    protected override Uri Address { get; } = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
}
