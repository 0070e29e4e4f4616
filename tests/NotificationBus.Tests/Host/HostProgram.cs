using System.Collections.Concurrent;
using System.Diagnostics;

namespace NotificationBus.Tests.Host;

/// <summary>The built host as a process of its own, as whoever starts it sees it.</summary>
sealed class HostProgram : IAsyncDisposable
{
    readonly ConcurrentQueue<string> _output = new();
    readonly Process _process;

    HostProgram(Process process)
    {
        _process = process;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public IReadOnlyList<string> Output => [.. _output];

    public static HostProgram Start(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "NotificationBus.Host.dll"), "--Urls=http://127.0.0.1:0", .. args]
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        return new HostProgram(Process.Start(start)!);
    }

    /// <summary>Waits for a line of its output.</summary>
    public async Task<string> Line(Func<string, bool> wanted)
    {
        var waiting = Stopwatch.StartNew();
        while (waiting.Elapsed < RunningHost.Patience)
        {
            if (_output.FirstOrDefault(wanted) is { } line)
                return line;

            await Task.Delay(5);
        }

        throw new TimeoutException($"The host did not say what was awaited, but:\n{string.Join('\n', _output)}");
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task<int> ExitCode()
    {
        await _process.WaitForExitAsync().WaitAsync(RunningHost.Patience);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    void Keep(object sender, DataReceivedEventArgs written)
    {
        if (written.Data is { } line)
            _output.Enqueue(line);
    }
}
