using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace NotificationBus.Tests.Host;

/// <summary>Keeps what a host logs, from warnings up and what it announces.</summary>
sealed class KeptLog : ILoggerProvider, ILogger
{
    readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

    public void Dispose() { }
}

static class Logs
{
    /// <summary>Waits for a line that a host logs.</summary>
    public static async Task<string> Line(this RunningHost host, Func<string, bool> wanted)
    {
        var waiting = Stopwatch.StartNew();
        while (waiting.Elapsed < RunningHost.Patience)
        {
            if (host.Logged.FirstOrDefault(wanted) is { } line)
                return line;

            await Task.Delay(5);
        }

        throw new TimeoutException($"The host did not log what was awaited, but:\n{string.Join('\n', host.Logged)}");
    }
}
