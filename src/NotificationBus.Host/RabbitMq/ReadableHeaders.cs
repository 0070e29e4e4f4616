using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using NotificationBus.Failures;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Makes the headers of a message ones that RabbitMQ.Client can read, within the bytes they have. Those it can read stay as they are: among
/// them are the broker's own, which tell how often a message came back, and from which queue.
/// </summary>
static class ReadableHeaders
{
    // Far more than anybody means, and far less than what a stack holds.
    const int Deepest = 256;

    const int MostDigits = 28;
    const ushort BasicClass = 60;

    // The properties before the headers, and the headers themselves, in the flags of a content header (AMQP 0-9-1, section 4.2.6.1).
    const int ContentType = 1 << 15;
    const int ContentEncoding = 1 << 14;
    const int Headers = 1 << 13;

    /// <summary>Looks at a content header, and changes it where it has to.</summary>
    public static void Make(Span<byte> contentHeader)
    {
        const int Flags = 12; // class, weight, size of the body
        if (contentHeader.Length < Flags + 2 || BinaryPrimitives.ReadUInt16BigEndian(contentHeader) != BasicClass)
            return;

        var flags = BinaryPrimitives.ReadUInt16BigEndian(contentHeader[Flags..]);
        var rest = contentHeader[(Flags + 2)..];
        if (
            (flags & Headers) == 0
            || !SkipText(ref rest, flags & ContentType)
            || !SkipText(ref rest, flags & ContentEncoding)
            || !TryTake(ref rest, out var table)
        )
            return;

        while (table.Length > 0)
        {
            if (!SkipText(ref table, isThere: 1) || table.Length == 0)
                return;

            var value = table;
            if (!SkipValue(ref table, Deepest) && !TryReplace(ref table, value))
                return;
        }
    }

    /// <summary>
    /// Has the header of a body that is too large announce only its beginning, and carry its length, before what its producer wrote.
    /// </summary>
    /// <returns>The other header; null when the body is not too large.</returns>
    public static byte[]? Shorten(Span<byte> contentHeader, long largest, int kept)
    {
        const int Size = 4,
            Flags = 12;
        if (
            contentHeader.Length < Flags + 2
            || BinaryPrimitives.ReadUInt16BigEndian(contentHeader) != BasicClass
            || BinaryPrimitives.ReadInt64BigEndian(contentHeader[Size..]) is var length && length <= largest
        )
            return null;

        var flags = BinaryPrimitives.ReadUInt16BigEndian(contentHeader[Flags..]);
        var rest = contentHeader[(Flags + 2)..];
        if (!SkipText(ref rest, flags & ContentType) || !SkipText(ref rest, flags & ContentEncoding))
            return null;

        var before = contentHeader[..^rest.Length].ToArray();
        BinaryPrimitives.WriteInt64BigEndian(before.AsSpan(Size), kept);
        BinaryPrimitives.WriteUInt16BigEndian(before.AsSpan(Flags), (ushort)(flags | Headers));
        uint written = 0;
        if ((flags & Headers) != 0)
        {
            if (!BinaryPrimitives.TryReadUInt32BigEndian(rest, out written) || rest.Length - sizeof(uint) < written)
                return null;

            rest = rest[sizeof(uint)..];
            RenameLength(rest[..(int)written]);
        }

        var text = length.ToString(CultureInfo.InvariantCulture);
        byte[] field =
        [
            (byte)PartlyKept.LengthHeader.Length,
            .. Encoding.ASCII.GetBytes(PartlyKept.LengthHeader),
            (byte)'S',
            .. Long(text.Length),
            .. Encoding.ASCII.GetBytes(text),
        ];
        return [.. before, .. Long(field.Length + (int)written), .. field, .. rest];
    }

    // Of two headers with one name the client keeps the last, and MassTransit takes no notice of their case.
    static void RenameLength(Span<byte> table)
    {
        while (table.Length > 0)
        {
            var name = table;
            if (!SkipText(ref table, isThere: 1))
                return;

            name = name[1..(1 + name[0])];
            if (Ascii.EqualsIgnoreCase(name, PartlyKept.LengthHeader))
                name[0] = (byte)'X';
            if (!SkipValue(ref table, Deepest))
                return;
        }
    }

    static byte[] Long(int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    /// <summary>
    /// Replaces a value that the client cannot read: what stands within others is shown as a text of as many bytes; a decimal keeps its
    /// digits, and the point is moved to where there is room for it.
    /// </summary>
    static bool TryReplace(ref Span<byte> rest, Span<byte> value)
    {
        switch ((char)value[0])
        {
            case 'F' or 'A':
                value[0] = (byte)'S';
                break;
            case 'D' when value.Length > 1 && value[1] > MostDigits:
                value[1] = MostDigits;
                break;
            default:
                return false;
        }

        rest = value;
        return SkipValue(ref rest, Deepest);
    }

    static bool IsTable(Span<byte> table, int depth)
    {
        while (table.Length > 0)
        {
            if (!SkipText(ref table, isThere: 1) || !SkipValue(ref table, depth))
                return false;
        }

        return true;
    }

    static bool IsArray(Span<byte> items, int depth)
    {
        while (items.Length > 0)
        {
            if (!SkipValue(ref items, depth))
                return false;
        }

        return true;
    }

    /// <summary>Passes a value of a type that the client knows (rabbitmq.com, "AMQP 0-9-1 Errata", section 3).</summary>
    static bool SkipValue(ref Span<byte> rest, int depth)
    {
        if (rest.Length == 0)
            return false;

        var type = (char)rest[0];
        rest = rest[1..];
        switch (type)
        {
            case 'V':
                return true;
            case 't' or 'b' or 'B':
                return Skip(ref rest, 1);
            case 's' or 'u':
                return Skip(ref rest, 2);
            case 'I' or 'i' or 'f':
                return Skip(ref rest, 4);
            case 'l' or 'd' or 'T':
                return Skip(ref rest, 8);
            case 'D':
                return rest.Length > 0 && rest[0] <= MostDigits && Skip(ref rest, 5);
            case 'S' or 'x':
                return TryTake(ref rest, out _);
            case 'F':
                return depth > 0 && TryTake(ref rest, out var table) && IsTable(table, depth - 1);
            case 'A':
                return depth > 0 && TryTake(ref rest, out var items) && IsArray(items, depth - 1);
            default:
                return false;
        }
    }

    static bool SkipText(ref Span<byte> rest, int isThere) => isThere == 0 || (rest.Length > 0 && Skip(ref rest, 1 + rest[0]));

    static bool Skip(ref Span<byte> rest, int count)
    {
        if (rest.Length < count)
            return false;

        rest = rest[count..];
        return true;
    }

    /// <summary>Takes what has its length before it.</summary>
    static bool TryTake(ref Span<byte> rest, out Span<byte> taken)
    {
        taken = [];
        if (!BinaryPrimitives.TryReadUInt32BigEndian(rest, out var length) || rest.Length - sizeof(uint) < length)
            return false;

        taken = rest.Slice(sizeof(uint), (int)length);
        rest = rest[(sizeof(uint) + (int)length)..];
        return true;
    }
}
