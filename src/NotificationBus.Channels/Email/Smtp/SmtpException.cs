namespace NotificationBus.Channels.Email.Smtp;

/// <summary>
/// A connection that cannot be used: not opened, lost, silent for too long or talking nonsense. What the server answers about one
/// mail is no exception but an <see cref="SmtpAnswer"/>.
/// </summary>
sealed class SmtpException(SmtpStep step, string reason, Exception? cause = null) : Exception($"{step.InWords()}: {reason}", cause)
{
    /// <summary>The reason when the end came from outside and not from the limit of the step.</summary>
    public const string OutOfTime = "the call took too long as a whole, or was cancelled";

    /// <summary>
    /// A server that turned us away before any mail. To AUTH never its words: some servers answer by repeating the command, and with it the
    /// password.
    /// </summary>
    public static SmtpException Of(SmtpStep step, SmtpReply reply) =>
        new(
            step,
            step == SmtpStep.SignIn
                ? $"the server answered {reply.Codes}; check Username and Password"
                : $"the server answered {reply.Codes} {reply.Text}".TrimEnd()
        )
        {
            NeedsMending = step == SmtpStep.SignIn && reply.Code / 100 == 5,
            IsTooFast = reply.IsTooFast,
        };

    /// <summary>The step it got to.</summary>
    public SmtpStep Step => step;

    /// <summary>True when it fails every time until somebody mends the account: wrong credentials, a certificate nobody trusts.</summary>
    public bool NeedsMending { get; init; }

    /// <summary>True when the server turned us away because we come too often.</summary>
    public bool IsTooFast { get; init; }
}
