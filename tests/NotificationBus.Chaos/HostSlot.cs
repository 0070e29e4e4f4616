using System.Globalization;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Chaos;

/// <summary>A place for one host: what runs there may be killed, and another one started in its place.</summary>
sealed class HostSlot(string roles, Func<string, Task<HostProcess>> start) : IAsyncDisposable
{
    const int GaveUp = 3;

    HostProcess? _host;

    /// <summary>How often it was killed.</summary>
    public int Kills { get; private set; }

    /// <summary>Talks to whatever host runs here now.</summary>
    public HttpClient Client => _host?.Client ?? throw new ObjectDisposedException(roles, "no host runs here now");

    /// <summary>The most memory it used so far, in MB; 0 when nothing runs.</summary>
    public long PeakMegabytes()
    {
        try
        {
            var line = File.ReadLines($"/proc/{_host?.Id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Starts a host and completes when it is ready.</summary>
    public async Task Start() => _host = await start(roles);

    /// <summary>
    /// Starts another whenever the host gives up a connection or a queue, as whoever looks after it does, while something goes on.
    /// </summary>
    /// <returns>How often that was.</returns>
    /// <exception cref="InvalidOperationException">It ended in another way.</exception>
    public async Task<int> StartAgainWhile(Task something)
    {
        var times = 0;
        while (_host is { } host && await Task.WhenAny(host.Exit, something) != something)
        {
            if (await host.Exit is var exitCode and not GaveUp)
                throw new InvalidOperationException($"a host ended with {exitCode}:\n{LastWords()}");

            await End();
            await Start();
            times++;
        }

        return times;
    }

    /// <summary>Ends the host without a chance to tidy up.</summary>
    public async Task Kill()
    {
        if (_host is null)
            return;

        await _host.Kill();
        Kills++;
        await End();
    }

    /// <summary>Asks the host to end, waits until it has, and gives its exit code.</summary>
    public async Task<int> Terminate()
    {
        if (_host is null)
            return 0;

        var exitCode = await _host.Terminate();
        await End();
        return exitCode;
    }

    /// <summary>What the host wrote last, for the reader of a failure.</summary>
    public string LastWords() => _host?.Output.ToString() ?? "";

    public async ValueTask DisposeAsync() => await End();

    async Task End()
    {
        var host = _host;
        _host = null;
        if (host is not null)
            await host.DisposeAsync();
    }
}
