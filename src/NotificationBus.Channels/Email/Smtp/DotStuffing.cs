namespace NotificationBus.Channels.Email.Smtp;

/// <summary>RFC 5321 4.5.2: a line that starts with a dot gets another one, or it could end the message early.</summary>
static class DotStuffing
{
    /// <param name="message">Lines end with CRLF, the last one too.</param>
    public static ReadOnlyMemory<byte> Stuff(ReadOnlyMemory<byte> message)
    {
        var dots = CountLeadingDots(message.Span);
        if (dots == 0)
            return message;

        var stuffed = new byte[message.Length + dots];
        var written = 0;
        var atLineStart = true;
        foreach (var octet in message.Span)
        {
            if (atLineStart && octet == '.')
                stuffed[written++] = (byte)'.';

            stuffed[written++] = octet;
            atLineStart = octet == '\n';
        }

        return stuffed;
    }

    static int CountLeadingDots(ReadOnlySpan<byte> message) =>
        message.Count("\n."u8) + (message.StartsWith("."u8) ? 1 : 0);
}
