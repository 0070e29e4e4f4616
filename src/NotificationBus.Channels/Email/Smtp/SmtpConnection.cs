using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

using NotificationBus.Channels.Email.Providers;
using NotificationBus.Channels.Http;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>One conversation with the server, for one mail after another.</summary>
sealed class SmtpConnection : IDisposable
{
    /// <summary>QUIT is a courtesy; nobody waits long to be polite.</summary>
    static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    static readonly ReadOnlyMemory<byte> Dot = ".\r\n"u8.ToArray();

    readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    readonly SmtpOptions _options;
    readonly X509Certificate2Collection? _trusted;
    readonly TimeProvider _clock;
    readonly List<string> _offers = [];
    Stream _stream = Stream.Null;
    SmtpReplyReader _replies = new(Stream.Null);
    bool _needsReset;

    SmtpConnection(SmtpOptions options, X509Certificate2Collection? trusted, TimeProvider clock)
    {
        _options = options;
        _trusted = trusted;
        _clock = clock;
    }

    /// <summary>
    /// True when the server hung up or said something nobody asked for. It costs no round trip; a peer that vanished without a
    /// word is only noticed by asking.
    /// </summary>
    public bool IsStale => _replies.HasMore || _socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Connects, encrypts and signs in as the options ask.</summary>
    /// <param name="options">The server.</param>
    /// <param name="trusted">The only authorities to trust; null for those of the machine.</param>
    /// <param name="clock">Ends steps that take too long.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SmtpException">It did not come that far.</exception>
    public static async Task<SmtpConnection> Open(
        SmtpOptions options, X509Certificate2Collection? trusted, TimeProvider clock, CancellationToken cancellationToken)
    {
        var connection = new SmtpConnection(options, trusted, clock);
        try
        {
            await connection.Connect(cancellationToken);
            if (options.Security == SmtpSecurity.ImplicitTls)
                await connection.Encrypt(cancellationToken);

            await connection.HearGreeting(cancellationToken);
            await connection.SayHello(cancellationToken);
            if (options.Security == SmtpSecurity.StartTls)
            {
                await connection.StartTls(cancellationToken);
                // What was offered before could have been written by anybody on the way (RFC 3207 4.2).
                await connection.SayHello(cancellationToken);
            }

            if (options.SignsIn)
                await connection.SignIn(cancellationToken);

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Hands one mail over and returns the server's last word about it.</summary>
    /// <param name="to">The recipient's mailbox.</param>
    /// <param name="message">The mail; its lines end with CRLF, the last one too.</param>
    /// <param name="beforeFinalDot">Gives up while the server cannot have the mail yet.</param>
    /// <param name="cancellationToken">Gives up on the answer to the final dot, and leaves a doubt.</param>
    /// <exception cref="SmtpException">The connection broke; nobody took the mail unless it was at the final dot.</exception>
    public async Task<SmtpAnswer> Send(string to, ReadOnlyMemory<byte> message, CancellationToken beforeFinalDot, CancellationToken cancellationToken)
    {
        // RFC 6531, section 3.2: a server that does not offer it takes no such mailbox.
        var isInternational = !Ascii.IsValid(to);
        if (isInternational && !Offers("SMTPUTF8"))
            return new SmtpAnswer(SmtpStep.Recipient, SmtpReply.Of(553, ["5.6.7 the server takes no mailbox with letters beyond ASCII"]));

        if (_needsReset)
            await Expect(250, SmtpStep.Reset, "RSET", beforeFinalDot);

        // Whatever ends this mail early, the next one starts from nothing.
        _needsReset = true;
        var size = Offers("SIZE") ? $" SIZE={message.Length.ToString(CultureInfo.InvariantCulture)}" : "";
        var sender = await Ask(SmtpStep.Sender, $"MAIL FROM:<{_options.From}>{size}{(isInternational ? " SMTPUTF8" : "")}", beforeFinalDot);
        if (!IsExpected(sender, 2))
            return new SmtpAnswer(SmtpStep.Sender, sender);

        var recipient = await Ask(SmtpStep.Recipient, $"RCPT TO:<{to}>", beforeFinalDot);
        if (!IsExpected(recipient, 2))
            return new SmtpAnswer(SmtpStep.Recipient, recipient);

        var data = await Ask(SmtpStep.Data, "DATA", beforeFinalDot);
        if (!IsExpected(data, 3))
            return new SmtpAnswer(SmtpStep.Data, data);

        await Within(_options.Timeout, SmtpStep.Content, token => Write(DotStuffing.Stuff(message), token), beforeFinalDot);
        // The dot is written alone: until it is, a broken connection means that nobody has the mail. A look costs nothing and
        // spares a doubt about every server that gave up on the message while it came in.
        if (IsStale)
            throw new SmtpException(SmtpStep.Content, "the server hung up or answered before the message was complete");

        var end = await Within(_options.FinalDotTimeout, SmtpStep.FinalDot, token => Exchange(Dot, token), cancellationToken);
        _needsReset = end.Code / 100 != 2;
        return new SmtpAnswer(SmtpStep.FinalDot, end);
    }

    /// <summary>Says goodbye if the server still listens, and closes.</summary>
    public async Task Quit()
    {
        try
        {
            using var patience = new CancellationTokenSource(Farewell, _clock);
            await Write("QUIT\r\n"u8.ToArray(), patience.Token);
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // It left first.
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Closes without a word.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    // A reply of the wrong kind, such as 250 to DATA, is answered like a refusal is: by ending the mail there.
    static bool IsExpected(SmtpReply reply, int hundred) => reply.Code / 100 == hundred;

    static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    async Task Connect(CancellationToken cancellationToken)
    {
        await Within(_options.Timeout, SmtpStep.Connect, token => _socket.ConnectAsync(_options.Host, _options.EffectivePort, token).AsTask(), cancellationToken);
        Use(new NetworkStream(_socket, ownsSocket: false));
    }

    void Use(Stream stream)
    {
        _stream = stream;
        _replies = new SmtpReplyReader(stream);
    }

    async Task HearGreeting(CancellationToken cancellationToken)
    {
        var greeting = await Within(_options.Timeout, SmtpStep.Greeting, _replies.Read, cancellationToken);
        if (greeting.Code != 220)
            throw Refusal(SmtpStep.Greeting, greeting);
    }

    async Task SayHello(CancellationToken cancellationToken)
    {
        // An address literal is right on every machine (RFC 5321 4.1.4); its host name is often no domain name.
        var local = ((IPEndPoint)_socket.LocalEndPoint!).Address;
        if (local.IsIPv4MappedToIPv6)
            local = local.MapToIPv4();
        // A zone such as fe80::1%eth0 means nothing on another machine.
        var literal = local.AddressFamily == AddressFamily.InterNetwork ? $"[{local}]" : $"[IPv6:{new IPAddress(local.GetAddressBytes())}]";

        var reply = await Expect(250, SmtpStep.Hello, $"EHLO {literal}", cancellationToken);
        _offers.Clear();
        _offers.AddRange(reply.Lines.Skip(1));
    }

    bool Offers(string keyword) => _offers.Exists(offer =>
        offer.Equals(keyword, StringComparison.OrdinalIgnoreCase) || offer.StartsWith(keyword + " ", StringComparison.OrdinalIgnoreCase));

    async Task StartTls(CancellationToken cancellationToken)
    {
        if (!Offers("STARTTLS"))
            throw new SmtpException(SmtpStep.Encryption, "the server does not offer STARTTLS, and Security: StartTls never falls back to plain text") { NeedsMending = true };

        await Expect(220, SmtpStep.Encryption, "STARTTLS", cancellationToken);
        // Bytes that came before the handshake would be read as if they had come after it.
        if (_replies.HasMore)
            throw new SmtpException(SmtpStep.Encryption, "the server sent more than its reply before the handshake");

        await Encrypt(cancellationToken);
    }

    async Task Encrypt(CancellationToken cancellationToken)
    {
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        Use(tls);
        var authentication = new SslClientAuthenticationOptions
        {
            TargetHost = _options.Host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = TrustedAuthorities.Only(_trusted),
        };
        await Within(_options.Timeout, SmtpStep.Encryption, token => tls.AuthenticateAsClientAsync(authentication, token), cancellationToken);
    }

    async Task SignIn(CancellationToken cancellationToken)
    {
        if (_stream is not SslStream && !_options.IsLoopback)
            throw new SmtpException(SmtpStep.SignIn, "a password is only sent over TLS") { NeedsMending = true };

        // Some servers offer a mechanism that this user, or they themselves, do not know after all: what one is refused for the next may be
        // taken for.
        SmtpReply? refusal = null;
        foreach (var mechanism in Mechanisms().Where(mechanism => mechanism is "PLAIN" or "LOGIN"))
        {
            SmtpReply reply;
            try
            {
                reply = await SignIn(mechanism, cancellationToken);
            }
            catch (SmtpException) when (refusal is not null)
            {
                // Some leave after the first refusal.
                break;
            }

            if (reply.Code == 235)
                return;
            if (reply.Code / 100 != 5)
                throw Refusal(SmtpStep.SignIn, reply);
            // That the password is wrong says more than that a mechanism is not known.
            if (refusal?.Code != 535)
                refusal = reply;
        }

        throw refusal is not null
            ? Refusal(SmtpStep.SignIn, refusal)
            : new SmtpException(SmtpStep.SignIn, "the server offers neither AUTH PLAIN nor AUTH LOGIN") { NeedsMending = true };
    }

    /// <summary>Signs in by one mechanism.</summary>
    /// <returns>The server's last word: 235 when it knows us now.</returns>
    async Task<SmtpReply> SignIn(string mechanism, CancellationToken cancellationToken)
    {
        var user = _options.Username!;
        var password = _options.Password ?? "";
        if (mechanism == "PLAIN")
            return await Ask(SmtpStep.SignIn, $"AUTH PLAIN {Base64($"\0{user}\0{password}")}", cancellationToken);

        var reply = await Ask(SmtpStep.SignIn, "AUTH LOGIN", cancellationToken);
        if (reply.Code == 334)
            reply = await Ask(SmtpStep.SignIn, Base64(user), cancellationToken);
        return reply.Code == 334 ? await Ask(SmtpStep.SignIn, Base64(password), cancellationToken) : reply;
    }

    /// <summary>
    /// The mechanisms in the order in which they are offered, on one line or several; <c>AUTH=</c> is how servers wrote it before RFC 2554,
    /// and some still do.
    /// </summary>
    IEnumerable<string> Mechanisms() => _offers
        .Where(offer => offer.StartsWith("AUTH ", StringComparison.OrdinalIgnoreCase) || offer.StartsWith("AUTH=", StringComparison.OrdinalIgnoreCase))
        .SelectMany(offer => offer["AUTH ".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(mechanism => mechanism.ToUpperInvariant())
        .Distinct(StringComparer.Ordinal);

    async Task<SmtpReply> Expect(int code, SmtpStep step, string command, CancellationToken cancellationToken)
    {
        var reply = await Ask(step, command, cancellationToken);
        return reply.Code == code ? reply : throw Refusal(step, reply);
    }

    // To AUTH never the server's words: some servers answer by repeating the command, and with it the password.
    static SmtpException Refusal(SmtpStep step, SmtpReply reply) => new(step, step == SmtpStep.SignIn
        ? $"the server answered {reply.Codes}; check Username and Password"
        : $"the server answered {reply.Codes} {reply.Text}".TrimEnd())
    {
        NeedsMending = step == SmtpStep.SignIn && reply.Code / 100 == 5,
        IsTooFast = reply.IsTooFast,
    };

    Task<SmtpReply> Ask(SmtpStep step, string command, CancellationToken cancellationToken)
    {
        // The last fence before the wire; whoever calls has refused such a value already.
        if (command.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
            throw new ArgumentException("A command is one line.", nameof(command));

        if (_replies.HasMore)
            throw new SmtpException(step, "the server sent an answer nobody asked for");

        return Within(_options.Timeout, step, token => Exchange(Encoding.UTF8.GetBytes(command + "\r\n"), token), cancellationToken);
    }

    async Task<SmtpReply> Exchange(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        await Write(octets, cancellationToken);
        return await _replies.Read(cancellationToken);
    }

    async Task Write(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(octets, cancellationToken);
        await _stream.FlushAsync(cancellationToken);
    }

    async Task<T> Within<T>(TimeSpan limit, SmtpStep step, Func<CancellationToken, Task<T>> act, CancellationToken cancellationToken)
    {
        T result = default!;
        await Within(limit, step, async Task (token) => result = await act(token), cancellationToken);
        return result;
    }

    async Task Within(TimeSpan limit, SmtpStep step, Func<CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(limit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await act(either.Token);
        }
        catch (OperationCanceledException given)
        {
            throw new SmtpException(step, cancellationToken.IsCancellationRequested ? SmtpException.OutOfTime : $"no answer within {limit}", given);
        }
        catch (Exception broken) when (broken is IOException or SocketException or AuthenticationException or InvalidDataException)
        {
            throw new SmtpException(step, (broken.InnerException as SocketException ?? broken).Message, broken) { NeedsMending = broken is AuthenticationException };
        }
    }
}
