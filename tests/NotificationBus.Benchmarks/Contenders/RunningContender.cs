using System.Globalization;

namespace NotificationBus.Benchmarks.Contenders;

/// <summary>A contender's process.</summary>
sealed class RunningContender(int id, Func<Task<int>> terminate, Func<string> lastWords, IAsyncDisposable process) : IAsyncDisposable
{
    public int Id => id;

    /// <summary>Where it takes calls; null for one that takes none.</summary>
    public Uri? Address { get; init; }

    /// <summary>What it has allocated since it was started; null for one that does not say so.</summary>
    public Func<Task<long>>? AllocatedBytes { get; init; }

    /// <summary>What it wrote last, for the reader of a failure.</summary>
    public string LastWords => lastWords();

    /// <summary>Asks it to end, and waits until it has.</summary>
    public Task<int> Terminate() => terminate();

    /// <summary>The most memory it used so far, in MB.</summary>
    public double PeakMegabytes() => Megabytes("VmHWM:");

    /// <summary>The memory it uses now, in MB.</summary>
    public double Megabytes() => Megabytes("VmRSS:");

    public ValueTask DisposeAsync() => process.DisposeAsync();

    double Megabytes(string name)
    {
        var line = File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
