using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace NotificationBus.Tests.Channels.Email;

/// <summary>An SMTP server over real TCP that answers what the test wrote down, and otherwise takes everything.</summary>
sealed class ScriptedSmtpServer : IAsyncDisposable
{
    /// <summary>As an answer: the server hangs up without a word.</summary>
    public const string HangUp = "(hang up)";

    /// <summary>As an answer: the server stays silent until the client leaves.</summary>
    public const string Silence = "(silence)";

    /// <summary>As an answer: the server says nothing yet and listens on; what it owes stands before the answer to a later step.</summary>
    public const string Later = "(later)";

    /// <summary>The step in which the message is complete.</summary>
    public const string FinalDot = ".";

    /// <summary>The step before the client says anything.</summary>
    public const string Greeting = "(greeting)";

    /// <summary>The step in which the message comes in; its only answer is <see cref="HangUp"/>.</summary>
    public const string Content = "(content)";

    // Nothing here waits for time to pass; this only makes a broken test end.
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _script = new(StringComparer.Ordinal);
    readonly ConcurrentQueue<string> _commands = new();
    readonly ConcurrentQueue<string> _mails = new();
    readonly ConcurrentDictionary<TcpClient, Task> _clients = new();
    readonly TaskCompletionSource _fellSilent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Task _accepting;
    int _connections;

    public ScriptedSmtpServer()
    {
        _listener.Start();
        _accepting = Accept();
    }

    /// <summary>Offered in EHLO; STARTTLS is added when there is a certificate.</summary>
    public List<string> Offers { get; } = ["SIZE 10000000", "8BITMIME"];

    /// <summary>With it the server speaks TLS: after STARTTLS, or from the first byte.</summary>
    public X509Certificate2? Certificate { get; set; }

    public bool ImplicitTls { get; set; }

    /// <summary>Told of every command before it is answered.</summary>
    public Action<string> Hears { get; set; } = _ => { };

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many times a client connected.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What clients said, over all connections, without the mails.</summary>
    public IReadOnlyList<string> Commands => [.. _commands];

    /// <summary>What came in up to its final dot, as it came over the wire: dots still stuffed.</summary>
    public IReadOnlyList<string> Mails => [.. _mails];

    /// <summary>Completes when the server should have answered and, as scripted, does not.</summary>
    public Task FellSilent => _fellSilent.Task.WaitAsync(Patience);

    /// <summary>Completes when every client there is has left.</summary>
    public Task ConnectionsEnded => Task.WhenAll(_clients.Values).WaitAsync(Patience);

    /// <summary>Answers a step, such as <c>MAIL</c>, with the next of these; the last one holds for good.</summary>
    public void Answer(string step, params string[] replies) => _script[step] = new ConcurrentQueue<string>(replies);

    /// <summary>Closes every connection there is, as a restart does.</summary>
    public async Task DropConnections()
    {
        var clients = _clients.ToArray();
        foreach (var (client, _) in clients)
            client.Client.Shutdown(SocketShutdown.Both);
        await Task.WhenAll(clients.Select(client => client.Value));
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        foreach (var client in _clients.Keys)
            client.Dispose();
        await Task.WhenAll([_accepting, .. _clients.Values]);
        _listener.Dispose();
    }

    async Task Accept()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref _connections);
                _clients[client] = Converse(client);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException) { }
    }

    async Task Converse(TcpClient client)
    {
        await Task.Yield();
        try
        {
            Stream stream = client.GetStream();
            if (ImplicitTls)
                stream = await Encrypt(stream);

            if (await Reply(stream, Greeting, "220 scripted.test ESMTP") is null)
                return;

            while (await ReadLine(stream) is { } command)
            {
                _commands.Enqueue(command);
                Hears(command);
                var verb = command.Split(' ')[0].ToUpperInvariant();
                var reply = await Reply(stream, verb, Usual(verb));
                if (reply is null || verb is "QUIT")
                    return;
                if (verb is "STARTTLS")
                    stream = await Encrypt(stream);
                if (verb is "DATA" && reply[0] is '3' && !await Receive(client, stream))
                    return;
            }
        }
        catch (Exception left) when (left is IOException or SocketException or ObjectDisposedException or AuthenticationException) { }
        finally
        {
            client.Dispose();
        }
    }

    async Task<bool> Receive(TcpClient client, Stream stream)
    {
        if (_script.ContainsKey(Content))
        {
            // A reset, because the client is still writing.
            await ReadLine(stream);
            client.LingerState = new LingerOption(enable: true, seconds: 0);
            return false;
        }

        var mail = new StringBuilder();
        while (await ReadLine(stream) is { } line)
        {
            if (line is FinalDot)
            {
                _mails.Enqueue(mail.ToString());
                return await Reply(stream, FinalDot, "250 2.0.0 Ok: queued as 4F1A") is not null;
            }

            mail.Append(line).Append("\r\n");
        }

        return false;
    }

    // What was answered; null when the client was left without an answer.
    async Task<string?> Reply(Stream stream, string step, string usual)
    {
        var reply = usual;
        if (_script.TryGetValue(step, out var replies) && !(replies.Count > 1 && replies.TryDequeue(out reply)))
            replies.TryPeek(out reply);

        if (reply is null or HangUp)
            return null;

        if (reply is Silence)
        {
            _fellSilent.TrySetResult();
            await ReadLine(stream);
            return null;
        }

        if (reply is Later)
            _fellSilent.TrySetResult();
        else
            await stream.WriteAsync(Encoding.UTF8.GetBytes(reply + "\r\n"));
        return reply;
    }

    string Usual(string verb) =>
        verb switch
        {
            "EHLO" => "250-scripted.test\r\n"
                + string.Concat(Offers.Concat(Certificate is null || ImplicitTls ? [] : ["STARTTLS"]).Select(offer => $"250-{offer}\r\n"))
                + "250 HELP",
            "STARTTLS" => "220 2.0.0 go ahead",
            "AUTH" => "235 2.7.0 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 2.0.0 bye",
            _ => "250 2.1.0 fine",
        };

    async Task<Stream> Encrypt(Stream stream)
    {
        SslStream tls;
        try
        {
            tls = new SslStream(stream);
        }
        catch (ArgumentException refused)
        {
            // A stream that is closed already can neither be read nor written, and is refused for that.
            throw new IOException("the client has left before the handshake", refused);
        }

        await tls.AuthenticateAsServerAsync(Certificate!);
        return tls;
    }

    // Only CRLF ends a line here: a client that sends a bare LF must not look right by accident.
    static async Task<string?> ReadLine(Stream stream)
    {
        var line = new List<byte>();
        var octet = new byte[1];
        while (await stream.ReadAsync(octet) == 1)
        {
            line.Add(octet[0]);
            if (line is [.., (byte)'\r', (byte)'\n'])
                return Encoding.Latin1.GetString([.. line], 0, line.Count - 2);
        }

        return null;
    }
}
