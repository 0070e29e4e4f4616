using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Chaos.Witnesses;

/// <summary>A provider that speaks as much SMTP (RFC 5321) as a client needs, and remembers Message-IDs.</summary>
sealed class MailWitness : IAsyncDisposable
{
    readonly Witness _witness;
    readonly int _port = FreePort.Take();
    readonly TcpListener _listener;
    readonly CancellationTokenSource _end = new();
    readonly ConcurrentDictionary<Task, bool> _conversations = new();
    readonly Task _accepting;

    public MailWitness(Witness witness)
    {
        _witness = witness;
        _listener = new TcpListener(IPAddress.Loopback, _port);
        _listener.Start();
        _accepting = Accept();
    }

    /// <summary>How long it thinks between the final dot and its answer.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>What a host needs to know to send mail here.</summary>
    public Dictionary<string, string> Settings =>
        new(StringComparer.Ordinal)
        {
            ["Providers:mail:Type"] = "smtp",
            ["Providers:mail:Host"] = "127.0.0.1",
            ["Providers:mail:Port"] = $"{_port}",
            ["Providers:mail:Security"] = "None",
            ["Providers:mail:From"] = "shop@example.com",
            ["Providers:mail:Timeout"] = "00:00:03",
            ["Providers:mail:FinalDotTimeout"] = "00:01:00",
            ["Providers:mail:MaxConnections"] = "32",
        };

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_conversations.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    async Task Accept()
    {
        while (true)
            _conversations.TryAdd(Converse(await _listener.AcceptTcpClientAsync(_end.Token)), value: true);
    }

    async Task Converse(TcpClient client)
    {
        using var connection = client;
        connection.NoDelay = true;
        await using var stream = connection.GetStream();
        using var reader = new StreamReader(stream, Encoding.Latin1);
        await Say(stream, "220 chaos ESMTP");
        while (await reader.ReadLineAsync(_end.Token) is { } line)
        {
            var verb = line.Split(' ', ':')[0].ToUpperInvariant();
            switch (verb)
            {
                case "EHLO":
                    await Say(stream, "250-chaos\r\n250 8BITMIME");
                    break;
                case "DATA":
                    await Say(stream, "354 go on");
                    await TakeMail(stream, reader);
                    break;
                case "QUIT":
                    await Say(stream, "221 bye");
                    return;
                default:
                    await Say(stream, "250 OK");
                    break;
            }
        }
    }

    async Task TakeMail(Stream stream, StreamReader reader)
    {
        var delivery = Guid.Empty;
        while (await reader.ReadLineAsync(_end.Token) is { } line)
        {
            if (
                line.StartsWith("Message-ID: <", StringComparison.OrdinalIgnoreCase)
                && Guid.TryParse(line["Message-ID: <".Length..line.IndexOf('@', StringComparison.Ordinal)], out var id)
            )
                delivery = id;
            if (line != ".")
                continue;

            var call = _witness.Record("mail", delivery);
            call.Taken = true;
            await Task.Delay(Latency, _end.Token);
            await Say(stream, $"250 2.0.0 queued as {delivery:N}");
            call.Answered = Clock.Now;
            call.AnswerWritten = true;
            return;
        }
    }

    static async Task Say(Stream stream, string line) => await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"));
}
