using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NotificationBus.Emulators;

/// <summary>A real server of files over loopback TCP: what stands where is up to the test, and it may hang.</summary>
sealed class HostedFiles : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _end = new();
    readonly ConcurrentDictionary<string, (string Status, string Headers, byte[] Body)> _files = new(StringComparer.Ordinal);
    readonly ConcurrentQueue<string> _asked = new();
    readonly ConcurrentBag<Task> _conversations = [];
    readonly Task _accepting;
    TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _now;
    int _most;

    public HostedFiles()
    {
        _listener.Start();
        Open();
        _accepting = Accept();
    }

    /// <summary>Every path that was asked for, in order.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    /// <summary>The most requests that it had at the same time.</summary>
    public int Most => _most;

    /// <summary>Called with each request before it is answered.</summary>
    public Action? Answering { get; set; }

    public Uri this[string path] => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}{path}");

    /// <summary>Says what stands at a path.</summary>
    public void Put(string path, byte[] body, string type = "application/pdf", string status = "200 OK", string headers = "") =>
        _files[path] = (status, $"Content-Type: {type}\r\n{headers}", body);

    /// <summary>From now on it reads requests, and answers nothing.</summary>
    public void Hang() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>It answers, also what it owes.</summary>
    public void Open() => _open.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_conversations).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    async Task Accept()
    {
        while (true)
            _conversations.Add(Converse(await _listener.AcceptSocketAsync(_end.Token)));
    }

    async Task Converse(Socket socket)
    {
        using var connection = socket;
        await using var stream = new NetworkStream(connection);
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        while (await reader.ReadLineAsync(_end.Token) is { Length: > 0 } request)
        {
            while (await reader.ReadLineAsync(_end.Token) is { Length: > 0 }) { }

            var path = request.Split(' ')[1];
            _asked.Enqueue(path);
            var now = Interlocked.Increment(ref _now);
            for (var most = _most; now > most && Interlocked.CompareExchange(ref _most, now, most) != most; most = _most) { }

            try
            {
                await _open.Task.WaitAsync(_end.Token);
                Answering?.Invoke();
                var (status, headers, body) = _files.GetValueOrDefault(path, ("404 Not Found", "", []));
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n{headers}\r\n"),
                    _end.Token
                );
                await stream.WriteAsync(body, _end.Token);
            }
            finally
            {
                Interlocked.Decrement(ref _now);
            }
        }
    }
}
