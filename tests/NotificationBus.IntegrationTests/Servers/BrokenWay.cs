using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>The way to a broker, which breaks where a test wants it: just as somebody begins to consume.</summary>
sealed class BrokenWay : IAsyncDisposable
{
    // The method frame of basic.consume begins with its class and its number (AMQP 0-9-1, 1.8.3.3).
    static readonly byte[] Consume = [0, 60, 0, 20];

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentDictionary<TcpClient, Task> _connections = new();
    readonly Uri _broker;
    readonly Task _accepting;
    int _breaks;

    public BrokenWay(Uri broker)
    {
        _broker = broker;
        _listener.Start();
        Uri = new UriBuilder(broker) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        _accepting = Accept();
    }

    /// <summary>The broker, this way.</summary>
    public Uri Uri { get; }

    /// <summary>How often it has yet to break.</summary>
    public int BreaksLeft => Math.Max(0, Volatile.Read(ref _breaks));

    /// <summary>Breaks all connections there are, and that many of the next ones as soon as one of them begins to consume.</summary>
    public void Break(int nextOnes)
    {
        Volatile.Write(ref _breaks, nextOnes);
        foreach (var client in _connections.Keys)
            client.Client.Close(0);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        foreach (var client in _connections.Keys)
            client.Dispose();
        await Task.WhenAll([_accepting, .. _connections.Values]);
        _listener.Dispose();
    }

    async Task Accept()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _connections[client] = Connect(client);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException) { }
    }

    async Task Connect(TcpClient client)
    {
        await Task.Yield();
        using var broker = new TcpClient();
        try
        {
            client.NoDelay = broker.NoDelay = true;
            await broker.ConnectAsync(_broker.Host, _broker.Port);
            await Task.WhenAny(
                Pass(client.GetStream(), broker.GetStream(), BreaksHere),
                Pass(broker.GetStream(), client.GetStream(), _ => false)
            );
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException or InvalidOperationException) { }
        finally
        {
            client.Dispose();
            _connections.TryRemove(client, out _);
        }
    }

    bool BreaksHere(ReadOnlyMemory<byte> bytes) => bytes.Span.IndexOf(Consume) >= 0 && Interlocked.Decrement(ref _breaks) >= 0;

    static async Task Pass(NetworkStream from, NetworkStream to, Predicate<ReadOnlyMemory<byte>> breaksAt)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReadAsync(buffer) is var read and > 0 && !breaksAt(buffer.AsMemory(0, read)))
                await to.WriteAsync(buffer.AsMemory(0, read));
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException) { }
    }
}
