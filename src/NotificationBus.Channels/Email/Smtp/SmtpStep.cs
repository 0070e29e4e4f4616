namespace NotificationBus.Channels.Email.Smtp;

/// <summary>The steps of one mail, in their order: everything before <see cref="FinalDot"/> is certainly not sent when it fails.</summary>
enum SmtpStep
{
    Slot,
    Connect,
    Greeting,
    Hello,
    Encryption,
    SignIn,
    Reset,
    Sender,
    Recipient,
    Data,
    Content,
    FinalDot,
    Farewell,
}

static class SmtpStepWords
{
    /// <summary>The step as an operator knows it from the server's log.</summary>
    public static string InWords(this SmtpStep step) =>
        step switch
        {
            SmtpStep.Slot => "waiting for a free connection",
            SmtpStep.Connect => "connecting",
            SmtpStep.Greeting => "the greeting",
            SmtpStep.Hello => "EHLO",
            SmtpStep.Encryption => "TLS",
            SmtpStep.SignIn => "AUTH",
            SmtpStep.Reset => "RSET",
            SmtpStep.Sender => "MAIL FROM",
            SmtpStep.Recipient => "RCPT TO",
            SmtpStep.Data => "DATA",
            SmtpStep.Content => "writing the message",
            SmtpStep.Farewell => "QUIT",
            _ => "the final dot",
        };
}
