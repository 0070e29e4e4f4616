using System.Globalization;
using System.Text.RegularExpressions;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>
/// The server's last reply about one mail, and the step it answers. Only a positive reply to the final dot means that it took the mail.
/// </summary>
sealed record SmtpAnswer(SmtpStep Step, SmtpReply Reply)
{
    /// <summary>The number of copies that it took for nobody.</summary>
    public int RefusedCopies { get; init; }
}

/// <summary>RFC 3463: <c>5.1.1</c> says more than the basic code beside it.</summary>
sealed record EnhancedStatus(int Class, int Subject, int Detail)
{
    public override string ToString() => $"{Class}.{Subject}.{Detail}";
}

/// <summary>One reply, of one line or more.</summary>
sealed partial class SmtpReply
{
    const int TextLimit = 300;

    SmtpReply(int code, EnhancedStatus? enhanced, string text) => (Code, Enhanced, Text) = (code, enhanced, text);

    /// <summary>The three digits.</summary>
    public int Code { get; }

    /// <summary>The enhanced status code, when the server gave one.</summary>
    public EnhancedStatus? Enhanced { get; }

    /// <summary>The words for a person, on one line, without the codes, cut to a length that fits a log. They may name mailboxes.</summary>
    public string Text { get; }

    /// <summary>
    /// The digit that decides: of the enhanced code where the reply is a failure, because it says more, otherwise of the basic one.
    /// </summary>
    public int Class => Code >= 400 && Enhanced is { Class: 4 or 5 } enhanced ? enhanced.Class : Code / 100;

    /// <summary>
    /// True when it is not this mail that has to wait, but all of ours: the server finds that we come too often (421 4.7.0), give it too
    /// much at once (452 4.5.3), or exceed a quota in the words of SES. Source:
    /// docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html.
    /// </summary>
    // Not 450 4.7.1, which is how greylisting speaks of one recipient, and not 454 4.7.0, which is about TLS and signing in (RFC 3207, RFC
    // 4954).
    public bool IsTooFast =>
        (Code, Enhanced) is (421, (4, 7, 0)) or (452, (4, 5, 3))
        || (Code == 454 && Enhanced is null && Text.StartsWith("Throttling failure", StringComparison.OrdinalIgnoreCase));

    /// <summary>The codes alone, for a reason that must not repeat what the server wrote.</summary>
    public string Codes => Enhanced is { } enhanced ? $"{Code} {enhanced}" : Code.ToString(CultureInfo.InvariantCulture);

    /// <param name="code">The three digits.</param>
    /// <param name="lines">The lines without them.</param>
    public static SmtpReply Of(int code, IReadOnlyList<string> lines)
    {
        var status = EnhancedCode().Match(lines[0]);
        var enhanced = status.Success
            ? new EnhancedStatus(Number(status.Groups["class"]), Number(status.Groups["subject"]), Number(status.Groups["detail"]))
            : null;

        var text = Unreadable().Replace(string.Join(' ', lines.Select(line => EnhancedCode().Replace(line, ""))), " ").Trim();
        return new SmtpReply(code, enhanced, text.Length <= TextLimit ? text : text[..TextLimit]);
    }

    static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"\A(?<class>[245])\.(?<subject>[0-9]{1,3})\.(?<detail>[0-9]{1,3})(\s+|\z)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex EnhancedCode();

    [GeneratedRegex(@"[\p{C}\s]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Unreadable();
}
