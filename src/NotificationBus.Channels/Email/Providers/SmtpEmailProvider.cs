using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text;
using NotificationBus.Channels.Email.Smtp;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Email.Providers;

/// <summary>The protection of the connection to the server.</summary>
public enum SmtpSecurity
{
    /// <summary>Starts in plain text and must change to TLS before anything is said; usually port 587.</summary>
    StartTls,

    /// <summary>TLS from the first byte; usually port 465.</summary>
    ImplicitTls,

    /// <summary>No protection, for a server on this machine or a mail catcher; usually port 25 or 1025.</summary>
    None,
}

/// <summary>An SMTP server that relays our mail: <c>Providers:{account}</c>.</summary>
public sealed class SmtpOptions : IValidatableObject
{
    /// <summary>The server. Required. With TLS its certificate must be for this name.</summary>
    [Required(ErrorMessage = "must be set to the name of the server, such as smtp.example.com")]
    public string Host { get; set; } = "";

    /// <summary>The port, 1 to 65535. Default: 587 for StartTls, 465 for ImplicitTls (RFC 8314), 25 for None.</summary>
    [Range(1, 65535, ErrorMessage = "must be from {1} to {2}")]
    public int? Port { get; set; }

    /// <summary>StartTls, ImplicitTls or None. Default StartTls, which is required and never falls back to plain text.</summary>
    [EnumDataType(typeof(SmtpSecurity), ErrorMessage = "must be StartTls, ImplicitTls or None")]
    public SmtpSecurity Security { get; set; } = SmtpSecurity.StartTls;

    /// <summary>
    /// Allows <c>Security: None</c> to a server that is not on this machine, such as a mail catcher in the same container network.
    /// Default false. A password is refused even then.
    /// </summary>
    public bool AllowPlaintext { get; set; }

    /// <summary>A PEM file with the only authorities to trust. Default: those of the machine.</summary>
    [PemFile]
    public string? TrustedCertificate { get; set; }

    /// <summary>The user who signs in. Default: nobody does.</summary>
    public string? Username { get; set; }

    /// <summary>The password of <see cref="Username"/>; never logged.</summary>
    public string? Password { get; set; }

    /// <summary>The sender's mailbox, in the envelope and in the header; where bounces go. Required.</summary>
    [Required(ErrorMessage = "must be set to the mailbox that sends, such as shop@example.com")]
    public string From { get; set; } = "";

    /// <summary>The sender's name as readers see it. Default: none.</summary>
    public string? FromName { get; set; }

    /// <summary>The domain after the @ of every Message-ID. Default: the domain of the mailbox that sends.</summary>
    public string? MessageIdDomain { get; set; }

    /// <summary>Signs every mail by DKIM. Default: none is signed, because most relays sign themselves.</summary>
    public SmtpDkimOptions? Dkim { get; set; }

    /// <summary>
    /// The longest each step may take: waiting for a free connection, connecting, each command. Default 15 s, from 1 s to 5 min. RFC 5321
    /// 4.5.3.2 asks for minutes, for clients with nobody else to turn to; before the final dot another provider or another try costs
    /// nothing. All steps before the final dot together get three times as long.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00", ErrorMessage = "must be from {1} to {2}")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The longest the server may take to answer the final dot. Default 2 min, from 1 min to 10 min. RFC 5321 4.5.3.2.6 asks for 10 min,
    /// because whoever leaves earlier cannot know whether the mail went out. Two are enough for filters of today and do not keep a
    /// connection and a message of the bus for so long; set 10 min where a duplicate is worse than a wait.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "00:10:00", ErrorMessage = "must be from {1} to {2}")]
    public TimeSpan FinalDotTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The most connections this process opens to the server. Default 4, from 1 to 100; many servers refuse more than 10 of one client.
    /// </summary>
    [Range(1, 100, ErrorMessage = "must be from {1} to {2}")]
    public int MaxConnections { get; set; } = 4;

    internal TimeSpan UntilFinalDot => 3 * Timeout;

    internal int EffectivePort =>
        Port
        ?? Security switch
        {
            SmtpSecurity.StartTls => 587,
            SmtpSecurity.ImplicitTls => 465,
            _ => 25,
        };

    internal bool IsLoopback =>
        Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    // An empty value is what an environment file leaves behind when nothing is meant.
    internal bool SignsIn => !string.IsNullOrEmpty(Username);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Uri.CheckHostName(Host) == UriHostNameType.Unknown)
            yield return new ValidationResult("must be a host name or an IP address, without port and scheme", [nameof(Host)]);

        if ((Security, EffectivePort) is (SmtpSecurity.StartTls or SmtpSecurity.None, 465))
            yield return new ValidationResult(
                $"Port 465 speaks TLS from the first byte, but Security is {Security}: use ImplicitTls, or port 587 with StartTls",
                [nameof(Port), nameof(Security)]
            );

        if ((Security, EffectivePort) is (SmtpSecurity.ImplicitTls, 25 or 587))
            yield return new ValidationResult(
                $"Port {EffectivePort} starts in plain text, but Security is ImplicitTls: use StartTls, or port 465",
                [nameof(Port), nameof(Security)]
            );

        if (Security == SmtpSecurity.None && !IsLoopback && !AllowPlaintext)
            yield return new ValidationResult(
                "None is only for a host on this machine (localhost, 127.0.0.1, ::1), unless AllowPlaintext is true",
                [nameof(Security)]
            );

        if (Security == SmtpSecurity.None && !IsLoopback && SignsIn)
            yield return new ValidationResult(
                "a password is only sent over TLS or to this machine: set Security to StartTls or ImplicitTls, or remove Username",
                [nameof(Security), nameof(Username)]
            );

        if (SignsIn == string.IsNullOrEmpty(Password))
            yield return new ValidationResult("must be set together, or neither of them", [nameof(Username), nameof(Password)]);

        if (HasNul(Username) || HasNul(Password))
            yield return new ValidationResult("must not contain NUL", [nameof(Username), nameof(Password)]);

        foreach (var wrong in EmailRules.CheckSender(From, FromName))
            yield return wrong;

        if (!string.IsNullOrEmpty(MessageIdDomain) && Uri.CheckHostName(MessageIdDomain) != UriHostNameType.Dns)
            yield return new ValidationResult("must be a domain, such as example.com", [nameof(MessageIdDomain)]);

        foreach (var wrong in Dkim?.Check() ?? [])
            yield return wrong;
    }

    static bool HasNul(string? value) => value is not null && value.Contains('\0', StringComparison.Ordinal);
}

/// <summary>
/// The key that mails are signed with by DKIM (RFC 6376): <c>Providers:{account}:Dkim</c>. Its public half stands in the DNS.
/// </summary>
public sealed class SmtpDkimOptions
{
    /// <summary>The domain that signs; for DMARC that of the sender, or one above it. Needed to sign.</summary>
    public string Domain { get; set; } = "";

    /// <summary>The selector: the public key stands at <c>{selector}._domainkey.{domain}</c>. Needed to sign.</summary>
    public string Selector { get; set; } = "";

    /// <summary>
    /// The file with the private key, PEM: RSA of at least 1024 bits or Ed25519, without a password. Needed to sign, unless <see
    /// cref="Key"/> is set.
    /// </summary>
    public string? KeyFile { get; set; }

    /// <summary>The content of such a file, where secrets come from the environment; never logged. Default: none.</summary>
    public string? Key { get; set; }

    // An empty value is what an environment file leaves behind when nothing is meant.
    internal bool Signs => !string.IsNullOrEmpty(Domain + Selector + KeyFile + Key);

    internal IEnumerable<ValidationResult> Check()
    {
        if (!Signs)
            yield break;

        if (Uri.CheckHostName(Domain) != UriHostNameType.Dns)
            yield return new ValidationResult("must be the domain that signs, such as example.com", [Name(nameof(Domain))]);

        if (Uri.CheckHostName(Selector) != UriHostNameType.Dns)
            yield return new ValidationResult("must be the selector of the key, such as notify", [Name(nameof(Selector))]);

        if (DkimSignature.Read(this, TimeProvider.System) is null)
        {
            yield return new ValidationResult(
                "must be a private key in PEM form, without a password: RSA of at least 1024 bits, or Ed25519",
                [Name(string.IsNullOrEmpty(Key) ? nameof(KeyFile) : nameof(Key))]
            );
        }
    }

    static string Name(string property) => $"{nameof(SmtpOptions.Dkim)}:{property}";
}

/// <summary>Hands mail to an SMTP server, over connections that are kept for the next mail.</summary>
public sealed class SmtpEmailProvider : IProvider, IAsyncDisposable
{
    // Servers that greylist are set to a minute or more: sooner is in vain.
    static readonly TimeSpan Greylisted = TimeSpan.FromMinutes(1);

    readonly SmtpOptions _options;
    readonly TimeProvider _clock;
    readonly SmtpConnections _connections;
    readonly DkimSignature? _signature;
    readonly string _server;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="options">The server; validated by whoever bound it.</param>
    /// <param name="clock">Dates the mail and ends what takes too long.</param>
    public SmtpEmailProvider(string name, SmtpOptions options, TimeProvider clock)
    {
        Name = name;
        _options = options;
        _clock = clock;
        _connections = new SmtpConnections(options, clock);
        _signature = options.Dkim is { Signs: true } dkim
            ? DkimSignature.Read(dkim, clock) ?? throw new ArgumentException("there is no key", nameof(options))
            : null;
        _server = $"{options.Host}:{options.EffectivePort}";
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public string Channel => "email";

    /// <inheritdoc />
    public TimeSpan LongestCall => _options.UntilFinalDot + _options.FinalDotTimeout;

    /// <inheritdoc />
    public int MostConcurrentCalls => _options.MaxConnections;

    /// <inheritdoc />
    /// <remarks>A cancelled send answers too, because it knows whether the mail can have gone out.</remarks>
    public async Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken)
    {
        var content = (EmailContent)delivery.Content;
        var sender = EmailSender.Of(delivery, _options.From, _options.FromName);
        var domain = string.IsNullOrEmpty(_options.MessageIdDomain) ? sender.Domain : _options.MessageIdDomain;
        if (Refuse(delivery, content, sender, domain) is { } refused)
            return refused;

        var from = MimeMail.Mailbox(sender.Name, sender.From);
        var to = MimeMail.Mailbox(EmailRules.NameOf(delivery.RecipientName), delivery.Address);
        var message = MimeMail.Compose(delivery, domain, from, to, _clock.GetUtcNow());
        _signature?.Sign(message);
        try
        {
            var mail = new Mail(message, from, to) { Copies = [.. (content.Cc ?? []).Select(copy => MimeMail.Mailbox(name: null, copy))] };
            return Translate(await _connections.Send(mail, cancellationToken), delivery);
        }
        catch (SmtpException broken)
        {
            return Translate(broken, Masking.Of(delivery));
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _connections.DisposeAsync();

    static ProviderResult.Rejected? Refuse(Delivery delivery, EmailContent content, EmailSender sender, string domain) =>
        EmailRules.Refuse(delivery, content, sender)
        ?? (EmailRules.BreaksOut(domain) ? new ProviderResult.Rejected("MessageIdDomain has more than one line") : null);

    /// <summary>
    /// Decides when to come back to a server that greylists. What would be late by then may be lucky at once: not every such answer is
    /// greylisting.
    /// </summary>
    TimeSpan? Later(DateTimeOffset? expiresAt) => expiresAt < _clock.GetUtcNow() + 2 * Greylisted ? null : Greylisted;

    ProviderResult Translate(SmtpException broken, Masking masking)
    {
        var reason = masking.Clean($"{_server}: {broken.Message}");
        return broken.Step == SmtpStep.FinalDot ? new ProviderResult.InDoubt(reason)
            : broken.IsTooFast ? new ProviderResult.Throttled(reason)
            : broken.NeedsMending ? new ProviderResult.Misconfigured(reason)
            : new ProviderResult.Unavailable(reason);
    }

    ProviderResult Translate(SmtpAnswer answer, Delivery delivery)
    {
        var (step, reply) = answer;
        var isTaken = step == SmtpStep.FinalDot && reply.Code / 100 == 2;
        if (isTaken && reply.Enhanced is not { Class: not 2 })
            return new ProviderResult.Accepted(reply.Text.Length == 0 ? null : Masking.Of(delivery).Clean(reply.Text))
            {
                Remark = answer.RefusedCopies == 0 ? null : $"{_server} took {answer.RefusedCopies} of the copies (cc) for nobody",
            };

        // Servers like to repeat whom they refuse, and what.
        var reason = Masking.Of(delivery).Clean($"{_server} answered {reply.Codes} to {step.InWords()}: {reply.Text}".TrimEnd(' ', ':'));
        if (isTaken)
            return new ProviderResult.InDoubt($"{reason} (the two codes contradict each other)");

        return reply.Class switch
        {
            4 when reply.IsTooFast => new ProviderResult.Throttled(reason),
            // Greylisting, a full mailbox: this recipient, later, whichever step it is said at. 421 is the server itself.
            4 when reply.Code != 421 && step is SmtpStep.Sender or SmtpStep.Recipient or SmtpStep.Data or SmtpStep.FinalDot =>
                new ProviderResult.Unavailable(reason, Later(delivery.ExpiresAt), OnlyThisDelivery: true),
            4 => new ProviderResult.Unavailable(reason),
            5 when IsOurFault(reply) => new ProviderResult.Misconfigured(
                $"{reason} (check Username, Password and From, and SPF, DKIM and DMARC of the sender's domain)"
            )
            {
                MayBeSender = !IsSignIn(reply),
            },
            // Nor is the sender to blame for a recipient whose mailbox asks for more than the server can (RFC 6531, section 3.5).
            5 when step == SmtpStep.Sender && (reply.Enhanced is (5, 6, _) || !Ascii.IsValid(delivery.Address)) =>
                new ProviderResult.Declined(reason),
            5 when step == SmtpStep.Sender && !IsTooBig(reply) => new ProviderResult.Misconfigured($"{reason} (check From)")
            {
                MayBeSender = true,
            },
            5 when IsWrongAddress(reply) => new ProviderResult.Rejected(reason, AddressIsWrong: true),
            // What it is, not for whom: another server may think otherwise.
            5 when step != SmtpStep.Recipient || IsTooBig(reply) || reply.Enhanced is (5, 6 or 7, _) => new ProviderResult.Declined(reason),
            5 => new ProviderResult.Rejected(reason),
            // Neither yes nor no. Before the final dot the server has nothing it could send.
            _ when step == SmtpStep.FinalDot => new ProviderResult.InDoubt(reason),
            _ => new ProviderResult.Unavailable(reason),
        };
    }

    // Signing in, encryption, a sender the server or the recipient's server does not let us use: RFC 4954, RFC 7372, RFC 7505, Exchange.
    static bool IsOurFault(SmtpReply reply) =>
        IsSignIn(reply) || reply.Enhanced is (5, 7, 8 or 9 or 10 or 11 or 57 or 60) or (5, 7, >= 20 and <= 27) or (5, 1, 7 or 8);

    static bool IsSignIn(SmtpReply reply) => reply.Code is 530 or 534 or 535 or 538;

    static bool IsTooBig(SmtpReply reply) => reply.Enhanced is (5, 3, 4) || (reply.Enhanced is null && reply.Code == 552);

    // Not 5.2.2: a full mailbox is emptied again.
    static bool IsWrongAddress(SmtpReply reply) => reply.Enhanced is (5, 1, 1 or 2 or 3 or 6 or 10) or (5, 2, 1);
}
