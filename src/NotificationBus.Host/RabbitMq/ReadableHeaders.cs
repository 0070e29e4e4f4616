using System.Buffers.Binary;

namespace NotificationBus.Host.RabbitMq;

/// <summary>Makes the headers of a message ones that RabbitMQ.Client can read, within the bytes they have.</summary>
static class ReadableHeaders
{
    /// <summary>The header that stands in the place of all when one of them cannot be read, or as many of its letters as they have room for.</summary>
    const string Unreadable = "unreadable-headers";

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
        if ((flags & Headers) == 0 || !SkipText(ref rest, flags & ContentType) || !SkipText(ref rest, flags & ContentEncoding) || !TryTake(ref rest, out var table))
            return;

        if (!IsTable(table, Deepest))
            Replace(table);
    }

    static void Replace(Span<byte> table)
    {
        const int Frame = 6; // the length of the name, the type, the length of the value
        if (table.Length <= Frame)
        {
            // No room for a value: a name of as many letters without one.
            (table[0], table[^1]) = ((byte)(table.Length - 2), (byte)'V');
            table[1..^1].Fill((byte)'-');
            return;
        }

        var name = Math.Min(table.Length - Frame - 1, Unreadable.Length);
        table[0] = (byte)name;
        for (var i = 0; i < name; i++)
            table[1 + i] = (byte)Unreadable[i];
        table[1 + name] = (byte)'S';
        BinaryPrimitives.WriteInt32BigEndian(table[(2 + name)..], table.Length - Frame - name);
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
