using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace NotificationBus.Tests.Channels.Http;

/// <summary>
/// A server of HTTP/2 that says goodbye (GOAWAY, RFC 9113, section 6.8) to the first request of its first connection, and answers 200 over
/// every later one. Byte for byte: a server that is made to answer does not leave in the middle.
/// </summary>
sealed class LeavingHttp2Server : IAsyncDisposable
{
    const int PrefaceLength = 24;
    const byte Data = 0x0,
        Headers = 0x1,
        Settings = 0x4,
        GoAway = 0x7;
    const byte EndStream = 0x1,
        EndHeaders = 0x4,
        Acknowledged = 0x1;

    // HPACK's static table: ":status: 200".
    const byte Ok = 0x88;

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _end = new();
    readonly List<int> _requests = [];
    readonly int _lastProcessed;
    readonly Task _accepting;

    /// <summary>Listens.</summary>
    /// <param name="lastProcessed">The last request that it says it may have processed: 0 for none, 1 for the first.</param>
    public LeavingHttp2Server(int lastProcessed)
    {
        _lastProcessed = lastProcessed;
        _listener.Start();
        _accepting = Accept();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/send");

    /// <summary>How many requests came over each connection.</summary>
    public IReadOnlyList<int> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    async Task Accept()
    {
        var conversations = new List<Task>();
        try
        {
            for (var connection = 0; ; connection++)
                conversations.Add(Converse(await _listener.AcceptTcpClientAsync(_end.Token), connection));
        }
        finally
        {
            await Task.WhenAll(conversations).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task Converse(TcpClient client, int connection)
    {
        using var _ = client;
        var stream = client.GetStream();
        lock (_requests)
            _requests.Add(0);
        await stream.ReadExactlyAsync(new byte[PrefaceLength], _end.Token);
        await Write(stream, Settings, flags: 0, id: 0, []);
        while (true)
        {
            var head = new byte[9];
            await stream.ReadExactlyAsync(head, _end.Token);
            var (type, flags, id) = (head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)));
            await stream.ReadExactlyAsync(new byte[head[0] << 16 | head[1] << 8 | head[2]], _end.Token);
            if (type == Settings && (flags & Acknowledged) == 0)
                await Write(stream, Settings, Acknowledged, id: 0, []);
            if (type == Headers)
            {
                lock (_requests)
                    _requests[connection]++;
            }

            if (type is not (Headers or Data) || (flags & EndStream) == 0)
                continue;

            // When the whole request is there: what was written has left the client for certain.
            if (connection > 0)
            {
                await Write(stream, Headers, EndHeaders | EndStream, id, [Ok]);
                continue;
            }

            var goodbye = new byte[8];
            BinaryPrimitives.WriteInt32BigEndian(goodbye, _lastProcessed);
            await Write(stream, GoAway, flags: 0, id: 0, goodbye);
            client.Client.Shutdown(SocketShutdown.Send);
        }
    }

    async Task Write(Stream stream, byte type, byte flags, int id, byte[] payload)
    {
        byte[] frame = [0, 0, (byte)payload.Length, type, flags, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), id);
        await stream.WriteAsync(frame, _end.Token);
    }
}
