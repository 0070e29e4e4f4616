using System.Diagnostics;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// A program we started, in a session of its own, that ends with the test or with the test process, whichever ends first.
/// </summary>
sealed class ChildProcess : IAsyncDisposable
{
    // A machine with two cores that runs the servers and the host beside it may take minutes to publish some thousand events.
    static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(5);

    readonly Process _process;
    readonly string _name;

    ChildProcess(Process process, string name)
    {
        _process = process;
        _name = name;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Exit = ExitCode();
    }

    public int Id => _process.Id;

    public OutputTail Output { get; } = new();

    /// <summary>Completes with the exit code; 128 and the signal's number for a process that was killed.</summary>
    public Task<int> Exit { get; }

    /// <summary>Starts a program.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Added to our own; a null takes a variable away.</param>
    public static ChildProcess Start(IReadOnlyList<string> command, IReadOnlyDictionary<string, string?>? environment = null)
    {
        // The shell waits for a line before it becomes the program: by then the last will knows it, and without us the line never comes.
        var start = new ProcessStartInfo("sh")
        {
            ArgumentList = { "-c", "read -r go && exec setsid \"$@\" </dev/null", "sh" },
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in command)
            start.ArgumentList.Add(argument);
        foreach (var (variable, value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal))
            start.Environment[variable] = value;

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} did not start");
        LastWill.EndProcess(process.Id);
        process.StandardInput.WriteLine();
        process.StandardInput.Close();
        return new ChildProcess(process, Path.GetFileName(command[0]));
    }

    /// <summary>Runs a program to its end and gives what it wrote; a failure names it.</summary>
    public static async Task<string> Run(IReadOnlyList<string> command, IReadOnlyDictionary<string, string?>? environment = null)
    {
        await using var process = Start(command, environment);
        var exitCode = await process.Exit.WaitAsync(LongestRun);
        return exitCode == 0
            ? string.Join('\n', process.Output.Lines())
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {exitCode}:\n{process.Output}");
    }

    /// <summary>Waits for a line of output.</summary>
    public async Task<string> Line(Func<string, bool> wanted, TimeSpan within)
    {
        var line = Output.Line(wanted);
        await Until("the line awaited", within, () => Task.FromResult(line.IsCompleted));
        return await line;
    }

    /// <summary>Waits for a condition, and gives up with the process's last words when time is up or the process ends first.</summary>
    public async Task Until(string what, TimeSpan within, Func<Task<bool>> condition)
    {
        var waiting = Stopwatch.StartNew();
        while (!await condition())
        {
            if (Exit.IsCompleted)
                throw new InvalidOperationException($"{_name} ended with {await Exit} before {what}:\n{Output}");
            if (waiting.Elapsed > within)
                throw new TimeoutException($"{_name}: {what} did not come within {within}:\n{Output}");

            await Task.Delay(20);
        }
    }

    /// <summary>Sends a signal to the program alone.</summary>
    public void Send(Signal signal)
    {
        if (!Exit.IsCompleted)
            ProcessTree.Send(Id, signal);
    }

    /// <summary>Asks the program to end, waits until it has, and gives its exit code.</summary>
    public async Task<int> Terminate(TimeSpan within, Signal signal = Signal.Terminate)
    {
        Send(signal);
        try
        {
            return await Exit.WaitAsync(within);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{_name} did not end within {within} of {signal}:\n{Output}", late);
        }
    }

    /// <summary>Ends the program and all it started without a chance to tidy up, as a power cut would.</summary>
    public Task Kill()
    {
        if (!Exit.IsCompleted)
            ProcessTree.Kill(Id);

        return Exit.WaitAsync(TimeSpan.FromMinutes(2));
    }

    /// <summary>Stops the program and all it started where they are; connections stay open and silent.</summary>
    public void Freeze()
    {
        if (!Exit.IsCompleted)
            ProcessTree.Freeze(Id);
    }

    public void Thaw()
    {
        if (!Exit.IsCompleted)
            ProcessTree.Thaw(Id);
    }

    public async ValueTask DisposeAsync()
    {
        await Kill();
        _process.Dispose();
    }

    async Task<int> ExitCode()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    void Keep(object sender, DataReceivedEventArgs written)
    {
        if (written.Data is { } line)
            Output.Add(line);
    }
}
