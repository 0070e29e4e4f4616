using System.Net.Sockets;
using System.Text;
using MailKit;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>
/// Listens to what MailKit and the server say to each other: tells the step they are at, keeps the server's last word about a mail, and
/// ends what MailKit would go on with. What the server sends is untrusted: an endless line or an endless "250-" would fill the memory.
/// Passwords and mails pass by here, and nothing of them is kept.
/// </summary>
/// <param name="socket">The connection, looked at before the mail is complete.</param>
sealed class SmtpDialogue(Socket socket) : IProtocolLogger, ITransferProgress
{
    /// <summary>RFC 5321 4.5.3.1.5 allows 512 octets; real servers exceed it a little.</summary>
    const int LongestLine = 2_048;

    /// <summary>EHLO of a large server has some twenty lines.</summary>
    const int MostLines = 100;

    readonly Queue<SmtpStep> _asked = new();
    readonly List<byte> _line = [];
    readonly List<string> _lines = [];
    int? _code;
    int _recipients;
    SmtpPatience? _patience;

    /// <summary>The step that is taken.</summary>
    public SmtpStep Step { get; private set; }

    /// <summary>The server's last word about the mail, or its first refusal; null when it has said nothing yet.</summary>
    public SmtpAnswer? Answer { get; private set; }

    /// <summary>The number of copies that the server takes for nobody; the mail goes to the others.</summary>
    public int RefusedCopies { get; private set; }

    /// <summary>True when the server has refused the mail itself.</summary>
    public bool IsRefused => Answer is { Reply.Code: >= 400 };

    /// <summary>True when the server sent more than it was asked for, so that the next reply would answer the wrong question.</summary>
    public bool HasMore { get; private set; }

    /// <inheritdoc />
    public IAuthenticationSecretDetector? AuthenticationSecretDetector { get; set; }

    /// <summary>Begins an attempt, of which the server has said nothing yet.</summary>
    public void Begin(SmtpPatience patience, SmtpStep step)
    {
        (_patience, Answer, _recipients, RefusedCopies) = (patience, null, 0, 0);
        Take(step);
    }

    /// <summary>Ends an attempt.</summary>
    public void End() => _patience = null;

    /// <inheritdoc />
    public void LogConnect(Uri uri) => Ask(SmtpStep.Greeting);

    /// <inheritdoc />
    /// <remarks>Called after the octets were written.</remarks>
    public void LogClient(byte[] buffer, int offset, int count)
    {
        if (Step is SmtpStep.Content || (Step is SmtpStep.FinalDot && _asked.Count > 0))
            return;

        var rest = buffer.AsSpan(offset, count);
        while (rest.IndexOf((byte)'\n') is >= 0 and var end)
        {
            Ask(StepOf(rest[..end]));
            rest = rest[(end + 1)..];
        }

        // MailKit says RSET after every refusal. Nothing comes of it where the server is leaving.
        if (HasMore || (Step == SmtpStep.Reset && Answer?.Reply.Code == 421))
            throw new SmtpException(Step, "the server sent an answer nobody asked for, or is leaving");
    }

    /// <inheritdoc />
    public void LogServer(byte[] buffer, int offset, int count)
    {
        foreach (var octet in buffer.AsSpan(offset, count))
        {
            if (_asked.Count == 0)
            {
                HasMore = true;
                if (Answer is { Step: < SmtpStep.FinalDot, Reply.Code: < 400 } or null)
                {
                    throw new SmtpException(
                        Step,
                        Step == SmtpStep.Encryption
                            ? "the server sent more than its reply before the handshake"
                            : "the server sent an answer nobody asked for"
                    );
                }

                return;
            }

            if (octet == '\n')
                Hear();
            else if (_line.Count == LongestLine)
                throw new SmtpException(Step, $"a line of the reply was longer than {LongestLine} octets");
            else
                _line.Add(octet);
        }
    }

    /// <inheritdoc />
    public void Report(long bytesTransferred, long totalSize)
    {
        if (Step != SmtpStep.Content || bytesTransferred < totalSize)
            return;

        // The end of the mail is not written yet: until it is, a broken connection means that nobody has the mail. A look costs nothing and
        // spares a doubt about every server that gave up on the message while it came in.
        if (socket.Poll(0, SelectMode.SelectRead))
            throw new SmtpException(SmtpStep.Content, "the server hung up or answered before the message was complete");

        Ask(SmtpStep.FinalDot);
    }

    /// <inheritdoc />
    public void Report(long bytesTransferred) { }

    /// <inheritdoc />
    public void Dispose() { }

    /// <summary>Comes to a step.</summary>
    public void Take(SmtpStep step)
    {
        Step = step;
        _patience?.Begin(step);
    }

    void Ask(SmtpStep step)
    {
        _asked.Enqueue(step);
        Take(step);
    }

    // After 334 comes whatever the mechanism says, which may look like a command.
    SmtpStep StepOf(ReadOnlySpan<byte> line) =>
        Answer is { Step: SmtpStep.SignIn, Reply.Code: 334 } || line.StartsWith("AUTH "u8) ? SmtpStep.SignIn
        : line.StartsWith("EHLO "u8) ? SmtpStep.Hello
        : line.StartsWith("STARTTLS"u8) ? SmtpStep.Encryption
        : line.StartsWith("RSET"u8) ? SmtpStep.Reset
        : line.StartsWith("MAIL "u8) ? SmtpStep.Sender
        : line.StartsWith("RCPT "u8) ? SmtpStep.Recipient
        : line.StartsWith("DATA"u8) ? SmtpStep.Data
        : SmtpStep.Farewell;

    void Hear()
    {
        var line = Encoding.UTF8.GetString([.. _line]).TrimEnd('\r');
        _line.Clear();
        if (
            line.Length < 3
            || line[0] is < '2' or > '5'
            || !char.IsAsciiDigit(line[1])
            || !char.IsAsciiDigit(line[2])
            || (line.Length > 3 && line[3] is not (' ' or '-'))
        )
            throw new SmtpException(Step, "the answer is no SMTP reply");

        var code = ((line[0] - '0') * 100) + ((line[1] - '0') * 10) + (line[2] - '0');
        if (_code is not null && _code != code)
            throw new SmtpException(Step, "the lines of one reply had different codes");

        _code = code;
        _lines.Add(line.Length > 4 ? line[4..] : "");
        if (line.Length > 3 && line[3] == '-')
        {
            if (_lines.Count == MostLines)
                throw new SmtpException(Step, $"the reply had more than {MostLines} lines");
            return;
        }

        Hear(_asked.Dequeue(), SmtpReply.Of(code, _lines));
        (_code, _) = (null, _lines.RemoveAll(_ => true));
    }

    void Hear(SmtpStep step, SmtpReply reply)
    {
        // MailKit would say HELO to a server that knows no EHLO, and go on without what only EHLO offers.
        if ((step is SmtpStep.Greeting or SmtpStep.Encryption && reply.Code != 220) || (step is SmtpStep.Hello && reply.Code != 250))
            throw SmtpException.Of(step, reply);

        // The first is the recipient. A server that is leaving takes nothing, whatever it was asked.
        if (step == SmtpStep.Recipient && _recipients++ > 0 && reply.Code is >= 400 and not 421)
        {
            RefusedCopies++;
            return;
        }

        if (step is not SmtpStep.Reset and not SmtpStep.Farewell && (step == SmtpStep.SignIn || Answer is not { Reply.Code: >= 400 }))
            Answer = new SmtpAnswer(step, reply);

        // The next command is on its way before MailKit tells of it, and its time begins here.
        Take(
            step switch
            {
                SmtpStep.Sender or SmtpStep.Recipient when reply.Code / 100 == 2 => step + 1,
                SmtpStep.Data when reply.Code == 354 => SmtpStep.Content,
                _ => Step,
            }
        );
    }
}
