using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Channels.Http;
using AuthenticationException = MailKit.Security.AuthenticationException;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>
/// One conversation with the server, for one mail after another. MailKit speaks; whether a mail was sent, what <see cref="SmtpDialogue"/>
/// has heard decides.
/// </summary>
sealed class SmtpConnection : IDisposable
{
    /// <summary>QUIT is a courtesy; nobody waits long to be polite.</summary>
    static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    /// <summary>The most times one connection is told that its password is wrong.</summary>
    const int MostRefusals = 2;

    readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    readonly SmtpOptions _options;
    readonly TimeProvider _clock;
    readonly SmtpDialogue _dialogue;
    readonly SmtpClient _client;
    string? _distrust;

    SmtpConnection(SmtpOptions options, X509Certificate2Collection? trusted, TimeProvider clock)
    {
        (_options, _clock) = (options, clock);
        _dialogue = new SmtpDialogue(_socket);
        _client = new Client(_dialogue, trusted) { ServerCertificateValidationCallback = IsTrusted };
    }

    /// <summary>
    /// True when the server hung up or said something nobody asked for. It costs no round trip; a peer that vanished without a
    /// word is only noticed by asking.
    /// </summary>
    public bool IsStale => _dialogue.HasMore || !_client.IsConnected || _socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Connects, encrypts and signs in as the options ask.</summary>
    /// <param name="options">The server.</param>
    /// <param name="trusted">The only authorities to trust; null for those of the machine.</param>
    /// <param name="clock">Ends a farewell that takes too long.</param>
    /// <param name="patience">Gives up.</param>
    /// <exception cref="SmtpException">It did not come that far.</exception>
    public static async Task<SmtpConnection> Open(
        SmtpOptions options,
        X509Certificate2Collection? trusted,
        TimeProvider clock,
        SmtpPatience patience
    )
    {
        var connection = new SmtpConnection(options, trusted, clock);
        try
        {
            await connection.Try(SmtpStep.Connect, connection.Connect, patience);
            if (options.SignsIn)
                await connection.SignIn(patience);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Hands one mail over and returns the server's last word about it.</summary>
    /// <param name="mail">The mail and its envelope.</param>
    /// <param name="patience">Gives up; after the final dot that leaves a doubt.</param>
    /// <exception cref="SmtpException">The connection broke; nobody took the mail unless it was at the final dot.</exception>
    public async Task<SmtpAnswer> Send(Mail mail, SmtpPatience patience)
    {
        // RFC 6531, section 3.2: a server that does not offer it takes no such mailbox.
        if (!Ascii.IsValid(mail.To.Address) && !_client.Capabilities.HasFlag(SmtpCapabilities.UTF8))
            return new SmtpAnswer(SmtpStep.Recipient, SmtpReply.Of(553, ["5.6.7 the server takes no mailbox with letters beyond ASCII"]));

        var copies = mail.Copies.Where(copy => Ascii.IsValid(copy.Address) || _client.Capabilities.HasFlag(SmtpCapabilities.UTF8)).ToList();
        await Try(
            SmtpStep.Sender,
            token => _client.SendAsync(MimeMail.Format, mail.Message, mail.From, [mail.To, .. copies], token, _dialogue),
            patience
        );
        return _dialogue.Answer! with { RefusedCopies = mail.Copies.Count - copies.Count + _dialogue.RefusedCopies };
    }

    /// <summary>Says goodbye if the server still listens, and closes.</summary>
    public async Task Quit()
    {
        try
        {
            using var patience = new CancellationTokenSource(Farewell, _clock);
            await _client.DisconnectAsync(quit: true, patience.Token);
        }
        catch (Exception gone)
            when (gone is IOException or SocketException or SmtpException or ObjectDisposedException or InvalidOperationException)
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
        _client.Dispose();
        _socket.Dispose();
    }

    async Task Connect(CancellationToken cancellationToken)
    {
        await _socket.ConnectAsync(_options.Host, _options.EffectivePort, cancellationToken);
        // An address literal is right on every machine (RFC 5321 4.1.4); its host name is often no domain name. A zone such as fe80::1%eth0
        // means nothing on another machine.
        _client.LocalDomain = new IPAddress(((IPEndPoint)_socket.LocalEndPoint!).Address.GetAddressBytes()).ToString();
        _dialogue.Take(_options.Security == SmtpSecurity.ImplicitTls ? SmtpStep.Encryption : SmtpStep.Greeting);
        await _client.ConnectAsync(
            _socket,
            _options.Host,
            _options.EffectivePort,
            _options.Security switch
            {
                SmtpSecurity.StartTls => SecureSocketOptions.StartTls,
                SmtpSecurity.ImplicitTls => SecureSocketOptions.SslOnConnect,
                _ => SecureSocketOptions.None,
            },
            cancellationToken
        );
    }

    bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors != SslPolicyErrors.None)
        {
            var statuses = chain?.ChainStatus.Select(status => $", {status.Status}") ?? [];
            _distrust = $"the server's certificate is refused: {errors}{string.Concat(statuses)}";
        }

        return errors == SslPolicyErrors.None;
    }

    async Task SignIn(SmtpPatience patience)
    {
        if (!_client.IsSecure && !_options.IsLoopback)
            throw new SmtpException(SmtpStep.SignIn, "a password is only sent over TLS") { NeedsMending = true };

        // Some servers offer a mechanism that this user, or they themselves, do not know after all: what one is refused for the next may be
        // taken for.
        SmtpReply? refusal = null;
        var refused = 0;
        foreach (var mechanism in Mechanisms())
        {
            try
            {
                await Try(SmtpStep.SignIn, token => _client.AuthenticateAsync(mechanism, token), patience);
            }
            catch (SmtpException) when (refusal is not null)
            {
                // Some leave after the first refusal.
                break;
            }

            if (_client.IsAuthenticated)
                return;

            var reply = _dialogue.Answer!.Reply;
            if (reply.Code / 100 != 5)
                throw SmtpException.Of(SmtpStep.SignIn, reply);
            // That the password is wrong says more than that a mechanism is not known.
            if (refusal?.Code != 535)
                refusal = reply;
            // Every mail would try them all again, and servers lock out who is wrong too often. 504 is no look at the password (RFC 4954).
            if (reply.Code != 504 && ++refused == MostRefusals)
                break;
        }

        throw refusal is not null
            ? SmtpException.Of(SmtpStep.SignIn, refusal)
            : new SmtpException(SmtpStep.SignIn, "the server offers neither AUTH PLAIN nor AUTH LOGIN, and no SCRAM")
            {
                NeedsMending = true,
            };
    }

    /// <summary>
    /// The best of those by which the server never sees the password; then the others in the order in which they are offered.
    /// </summary>
    IEnumerable<SaslMechanism> Mechanisms()
    {
        var offered = _client
            .AuthenticationMechanisms.Select(name => name.ToUpperInvariant())
            .Distinct(StringComparer.Ordinal)
            .Select(name => Mechanism(name, _options.Username!, _options.Password ?? ""))
            .OfType<SaslMechanism>()
            .ToLookup(mechanism => mechanism is SaslMechanismScramBase);
        return [.. offered[true].OrderByDescending(Strength).Take(1), .. offered[false]];
    }

    static int Strength(SaslMechanism scram) =>
        scram switch
        {
            SaslMechanismScramSha512 => 512,
            SaslMechanismScramSha256 => 256,
            _ => 1,
        };

    static SaslMechanism? Mechanism(string name, string user, string password) =>
        name switch
        {
            "SCRAM-SHA-512" => new SaslMechanismScramSha512(user, password),
            "SCRAM-SHA-256" => new SaslMechanismScramSha256(user, password),
            "SCRAM-SHA-1" => new SaslMechanismScramSha1(user, password),
            "PLAIN" => new SaslMechanismPlain(user, password),
            "LOGIN" => new SaslMechanismLogin(user, password),
            _ => null,
        };

    /// <summary>Does what ends with an answer of the server, whichever it is.</summary>
    /// <exception cref="SmtpException">It ended without one.</exception>
    async Task Try(SmtpStep step, Func<CancellationToken, Task> act, SmtpPatience patience)
    {
        _dialogue.Begin(patience, step);
        try
        {
            await act(patience.Token);
        }
        catch (Exception answered)
            when (_dialogue.Answer is not null
                && answered is SmtpCommandException or ServiceNotAuthenticatedException or AuthenticationException
            )
        {
            // What was answered, the dialogue has heard.
        }
        catch (Exception broken) when (broken is not SmtpException)
        {
            throw Broken(broken, patience);
        }
        finally
        {
            _dialogue.End();
        }
    }

    // None of MailKit's words: they repeat the server's last reply, which may name the recipient of another mail, or the password.
    SmtpException Broken(Exception broken, SmtpPatience patience) =>
        broken switch
        {
            _ when patience.Token.IsCancellationRequested => new SmtpException(_dialogue.Step, patience.Reason, broken),
            SslHandshakeException when _distrust is not null => new SmtpException(SmtpStep.Encryption, _distrust, broken)
            {
                NeedsMending = true,
            },
            SslHandshakeException { InnerException: { } cause } => new SmtpException(SmtpStep.Encryption, cause.Message, broken)
            {
                NeedsMending = cause is System.Security.Authentication.AuthenticationException,
            },
            SmtpProtocolException => new SmtpException(_dialogue.Step, "the server closed the connection", broken),
            NotSupportedException when _dialogue.Step == SmtpStep.Hello => new SmtpException(
                SmtpStep.Encryption,
                "the server does not offer STARTTLS, and Security: StartTls never falls back to plain text",
                broken
            )
            {
                NeedsMending = true,
            },
            _ => new SmtpException(_dialogue.Step, (broken.InnerException as SocketException ?? broken).Message, broken),
        };

    /// <summary>MailKit's client, trusting whom we trust.</summary>
    sealed class Client(SmtpDialogue dialogue, X509Certificate2Collection? trusted) : SmtpClient(dialogue)
    {
        // Only the recipient's own mailbox decides: a copy that nobody takes must not cost him his mail.
        protected override void OnRecipientNotAccepted(MimeKit.MimeMessage message, MimeKit.MailboxAddress mailbox, SmtpResponse response)
        {
            if (dialogue.IsRefused)
                base.OnRecipientNotAccepted(message, mailbox, response);
        }

        protected override SslClientAuthenticationOptions GetSslClientAuthenticationOptions(
            string host,
            RemoteCertificateValidationCallback remoteCertificateValidationCallback
        ) =>
            new()
            {
                TargetHost = host,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateChainPolicy = TrustedAuthorities.Only(trusted),
                RemoteCertificateValidationCallback = remoteCertificateValidationCallback,
            };
    }
}

/// <summary>A mail with its envelope.</summary>
sealed record Mail(MimeKit.MimeMessage Message, MimeKit.MailboxAddress From, MimeKit.MailboxAddress To)
{
    /// <summary>Mailboxes that are sent a copy.</summary>
    public IReadOnlyList<MimeKit.MailboxAddress> Copies { get; init; } = [];
}
