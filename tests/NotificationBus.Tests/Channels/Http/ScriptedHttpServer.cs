using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace NotificationBus.Tests.Channels.Http;

/// <summary>A server that reads requests and answers them byte for byte as written, or does not.</summary>
sealed class ScriptedHttpServer : IScriptedServer
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _end = new();
    readonly ConcurrentBag<Task> _conversations = [];
    readonly Task _accepting;

    public ScriptedHttpServer()
    {
        _listener.Start();
        _accepting = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Url => new($"{(Certificate is null ? "http" : "https")}://127.0.0.1:{Port}/send");

    /// <summary>With it the server speaks TLS.</summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>Written when a request has been read. Without it the server is silent.</summary>
    public byte[]? Answer { get; set; }

    /// <summary>Whether the connection is reset after the answer, or instead of one.</summary>
    public bool Resets { get; set; }

    /// <summary>Whether the connection is reset at the first bytes, a request or not.</summary>
    public bool ResetsAtFirstBytes { get; set; }

    /// <summary>Head and body of each request, in order.</summary>
    public ConcurrentQueue<(string Head, string Body)> Requests { get; } = new();

    /// <summary>The body of each request, octet for octet.</summary>
    public ConcurrentQueue<byte[]> Bodies { get; } = new();

    public void Answers(string status, string body = "", string headers = "") =>
        Answer = Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}");

    public void BreaksOff(string status, string beginning)
    {
        Answer = Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {beginning.Length + 100}\r\n\r\n{beginning}");
        Resets = true;
    }

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
        {
            var socket = await _listener.AcceptSocketAsync(_end.Token);
            _conversations.Add(Converse(socket));
        }
    }

    async Task Converse(Socket socket)
    {
        using var connection = socket;
        Stream stream = new NetworkStream(connection);
        if (Certificate is not null)
        {
            var tls = new SslStream(stream);
            stream = tls;
            await tls.AuthenticateAsServerAsync(Certificate);
        }

        var received = new List<byte>();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, _end.Token);
            if (read == 0)
                return;
            if (ResetsAtFirstBytes)
            {
                connection.Close(0);
                return;
            }

            received.AddRange(buffer.AsSpan(0, read));
            if (Parse([.. received]) is not { } request)
                continue;

            Bodies.Enqueue(received[(received.ToArray().AsSpan().IndexOf("\r\n\r\n"u8) + 4)..].ToArray());
            received.Clear();
            // Read before the client goes on: the test may change them as soon as it has the answer.
            var (answer, resets) = (Answer, Resets);
            Requests.Enqueue(request);
            if (answer is not null)
                await stream.WriteAsync(answer, _end.Token);
            if (resets)
            {
                connection.Close(0);
                return;
            }
        }
    }

    static (string Head, string Body)? Parse(byte[] received)
    {
        var end = received.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return null;

        var head = Encoding.UTF8.GetString(received, 0, end);
        var length = head.Split("\r\n")
            .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(line => int.Parse(line["Content-Length:".Length..], System.Globalization.CultureInfo.InvariantCulture))
            .FirstOrDefault();
        return received.Length < end + 4 + length ? null : (head, Encoding.UTF8.GetString(received, end + 4, length));
    }
}
