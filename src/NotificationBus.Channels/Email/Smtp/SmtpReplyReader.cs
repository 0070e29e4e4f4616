using System.Text;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>
/// Reads replies and nothing more than a reply may be: what the server sends is untrusted, and an endless line or an endless
/// "250-" would otherwise fill the memory.
/// </summary>
sealed class SmtpReplyReader(Stream stream)
{
    /// <summary>RFC 5321 4.5.3.1.5 allows 512 octets; real servers exceed it a little.</summary>
    public const int LongestLine = 2_048;

    /// <summary>EHLO of a large server has some twenty lines.</summary>
    public const int MostLines = 100;

    readonly byte[] _buffer = new byte[LongestLine];
    int _start;
    int _end;

    /// <summary>True when the server sent more than it was asked for, so that the next reply would answer the wrong question.</summary>
    public bool HasMore => _end > _start;

    /// <exception cref="InvalidDataException">What came is no SMTP reply.</exception>
    /// <exception cref="EndOfStreamException">The server closed the connection.</exception>
    public async Task<SmtpReply> Read(CancellationToken cancellationToken)
    {
        var lines = new List<string>(1);
        int? code = null;
        while (true)
        {
            var line = await ReadLine(cancellationToken);
            var (lineCode, isLast, text) = Parse(line);
            if (code is not null && code != lineCode)
                throw new InvalidDataException("the lines of one reply had different codes");

            code = lineCode;
            lines.Add(text);
            if (isLast)
                return SmtpReply.Of(lineCode, lines);
            if (lines.Count == MostLines)
                throw new InvalidDataException($"the reply had more than {MostLines} lines");
        }
    }

    static (int Code, bool IsLast, string Text) Parse(string line)
    {
        if (line.Length < 3 || line[0] is < '2' or > '5' || !char.IsAsciiDigit(line[1]) || !char.IsAsciiDigit(line[2])
            || (line.Length > 3 && line[3] is not (' ' or '-')))
            throw new InvalidDataException("the answer is no SMTP reply");

        var code = ((line[0] - '0') * 100) + ((line[1] - '0') * 10) + (line[2] - '0');
        return (code, line.Length == 3 || line[3] == ' ', line.Length > 4 ? line[4..] : "");
    }

    async Task<string> ReadLine(CancellationToken cancellationToken)
    {
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                var line = Encoding.UTF8.GetString(_buffer, _start, length).TrimEnd('\r');
                _start += length + 1;
                return line;
            }

            await Fill(cancellationToken);
        }
    }

    async Task Fill(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
            throw new InvalidDataException($"a line of the reply was longer than {LongestLine} octets");

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        if (read == 0)
            throw new EndOfStreamException("the server closed the connection");

        _end += read;
    }
}
