using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using NotificationBus.Model;
using NotificationBus.Templates;
using Snappier;

namespace NotificationBus.Contents;

/// <summary>Freezes contents, packs them for the record and for the way, and unpacks them.</summary>
public sealed class ContentPacking(ContentKeys keys)
{
    /// <summary>
    /// The most bytes, packed, that travel with a command. A larger content is read from the record, once by each worker that sends it:
    /// which costs less than to have it written on the disks of the broker.
    /// </summary>
    public const int LargestCarried = 16 * 1024;

    const byte Version = 1;

    // The longest of what templates may fill, and what stands around it.
    const int LargestUnpacked = 64 * 1024 * 1024;

    // Shorter ones only grow.
    const int ShortestCompressed = 256;

    // Snappy takes a third of the time of Brotli at its fastest, for a fifth more bytes. What an earlier version packed is in Brotli.
    enum Form : byte
    {
        Plain,
        Brotli,
        Snappy,
    }

    /// <summary>Freezes one content.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="template">The template it was filled from, when there is one.</param>
    /// <param name="content">The content.</param>
    public FrozenContent Freeze(string channel, TemplateSource? template, Content content)
    {
        var parts = content.Parts;
        return new FrozenContent(channel, template, HashOf(parts), parts) { Filled = content };
    }

    /// <summary>Freezes the contents of a plan; null when there are none.</summary>
    public FrozenContents? Freeze(IReadOnlyList<FrozenContent> contents)
    {
        if (contents.Count == 0)
            return null;

        Span<byte> one = stackalloc byte[16];
        var writer = new Writer();
        try
        {
            foreach (var content in contents)
            {
                WriteHead(writer, content);
                content.Hash.TryWriteBytes(one, bigEndian: true, out _);
                writer.Raw(one);
            }

            return new FrozenContents(keys.Hash(writer.Written), contents);
        }
        finally
        {
            writer.Return();
        }
    }

    /// <summary>A hash over parts, their names and their order.</summary>
    public Guid HashOf(IReadOnlyList<ContentPart> parts)
    {
        var writer = new Writer();
        try
        {
            foreach (var part in parts)
                WritePart(writer, part);

            return keys.Hash(writer.Written);
        }
        finally
        {
            writer.Return();
        }
    }

    /// <summary>Packs one content, under its own name.</summary>
    public PackedContents Pack(FrozenContent content) => Pack(new FrozenContents(content.Hash, [content]));

    /// <summary>Packs contents.</summary>
    public PackedContents Pack(FrozenContents contents)
    {
        var writer = new Writer();
        try
        {
            writer.Number(contents.All.Count);
            Span<byte> hash = stackalloc byte[16];
            foreach (var content in contents.All)
            {
                WriteHead(writer, content);
                content.Hash.TryWriteBytes(hash, bigEndian: true, out _);
                writer.Raw(hash);
                writer.Number(content.Parts.Count);
                foreach (var part in content.Parts)
                    WritePart(writer, part);
            }

            return Close(contents.Hash, writer.Written);
        }
        finally
        {
            writer.Return();
        }
    }

    /// <summary>Packs the octets of a file.</summary>
    public PackedContents PackFile(Guid hash, ReadOnlySpan<byte> octets) => Close(hash, octets);

    /// <summary>Unpacks the octets of a file.</summary>
    /// <inheritdoc cref="Unpack" path="/exception"/>
    public byte[] UnpackFile(Guid hash, ReadOnlySpan<byte> body) => Open(hash, body);

    /// <summary>Unpacks contents.</summary>
    /// <param name="hash">The name they were packed under.</param>
    /// <param name="body">What was packed.</param>
    /// <exception cref="ContentKeyException">They are encrypted with a key that this host does not have.</exception>
    /// <exception cref="InvalidDataException">It is nothing that was packed under that name.</exception>
    public FrozenContents Unpack(Guid hash, ReadOnlySpan<byte> body)
    {
        var reader = new Reader(Open(hash, body));
        var contents = new FrozenContent[reader.Count()];
        for (var i = 0; i < contents.Length; i++)
        {
            var (channel, name, language, version) = (reader.Text(), reader.Text(), reader.Text(), reader.Text());
            var contentHash = new Guid(reader.Raw(16), bigEndian: true);
            var parts = new ContentPart[reader.Count()];
            for (var part = 0; part < parts.Length; part++)
                parts[part] = new ContentPart(reader.Text(), reader.Text());
            var template = name.Length > 0 ? new TemplateSource(name, channel, language, version) : null;
            contents[i] = new FrozenContent(channel, template, contentHash, parts);
        }

        return new FrozenContents(hash, contents);
    }

    static void WriteHead(Writer writer, FrozenContent content)
    {
        writer.Text(content.Channel);
        writer.Text(content.Template?.Name ?? "");
        writer.Text(content.Template?.Language ?? "");
        writer.Text(content.Template?.Version ?? "");
    }

    static void WritePart(Writer writer, ContentPart part)
    {
        writer.Text(part.Name);
        writer.Text(part.Text);
    }

    // A byte with the version, one with the form, four with the length of what was compressed, and that. All of it but the first byte is
    // encrypted when there is a key, with the name for what it belongs to: nobody can put one in the place of another.
    PackedContents Close(Guid hash, ReadOnlySpan<byte> contents)
    {
        const int Head = 5;
        var largest = Head + Math.Max(contents.Length, Snappy.GetMaxCompressedLength(contents.Length));
        var buffer = ArrayPool<byte>.Shared.Rent(largest);
        try
        {
            var form = Form.Snappy;
            if (
                contents.Length < ShortestCompressed
                || !Snappy.TryCompress(contents, buffer.AsSpan(Head), out var length)
                || length >= contents.Length
            )
            {
                (form, length) = (Form.Plain, contents.Length);
                contents.CopyTo(buffer.AsSpan(Head));
            }

            buffer[0] = (byte)form;
            BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(1), contents.Length);
            var (keyId, body) = keys.Seal(Version, hash, buffer.AsSpan(0, Head + length));
            return new PackedContents(hash, keyId, body);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    byte[] Open(Guid hash, ReadOnlySpan<byte> body)
    {
        var packed = keys.Open(Version, hash, body);
        if (packed.Length < 5)
            throw new InvalidDataException("contents that end before they begin");

        var length = BinaryPrimitives.ReadInt32LittleEndian(packed[1..]);
        if (length is < 0 or > LargestUnpacked)
            throw new InvalidDataException($"contents of {length} bytes");

        var contents = new byte[length];
        switch ((Form)packed[0])
        {
            case Form.Plain when packed.Length - 5 == length:
                packed[5..].CopyTo(contents);
                return contents;

            case Form.Brotli when BrotliDecoder.TryDecompress(packed[5..], contents, out var written) && written == length:
                return contents;

            case Form.Snappy when Snappy.TryDecompress(packed[5..], contents, out var written) && written == length:
                return contents;

            default:
                throw new InvalidDataException("contents in no form that is known here");
        }
    }

    /// <summary>Writes numbers and texts one behind the other, into a buffer that is used again.</summary>
    sealed class Writer
    {
        byte[] _buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        int _length;

        public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

        public void Number(int number)
        {
            BinaryPrimitives.WriteInt32LittleEndian(Room(sizeof(int)), number);
            _length += sizeof(int);
        }

        public void Text(string text)
        {
            var room = Room(sizeof(int) + Encoding.UTF8.GetMaxByteCount(text.Length));
            var length = Encoding.UTF8.GetBytes(text, room[sizeof(int)..]);
            BinaryPrimitives.WriteInt32LittleEndian(room, length);
            _length += sizeof(int) + length;
        }

        public void Raw(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(Room(bytes.Length));
            _length += bytes.Length;
        }

        public void Return()
        {
            Return(_buffer, _length);
            _buffer = [];
        }

        // It held names and texts of people. Most of it held nothing: clearing all of it would cost more than writing them did.
        static void Return(byte[] buffer, int length)
        {
            buffer.AsSpan(0, length).Clear();
            ArrayPool<byte>.Shared.Return(buffer);
        }

        Span<byte> Room(int length)
        {
            if (_length + length > _buffer.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + length));
                Written.CopyTo(larger);
                Return(_buffer, _length);
                _buffer = larger;
            }

            return _buffer.AsSpan(_length);
        }
    }

    ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> _rest = bytes;

        public int Count() => Number() is var count && count >= 0 && count <= _rest.Length ? count : throw Broken();

        public string Text() => Encoding.UTF8.GetString(Raw(Number()));

        public ReadOnlySpan<byte> Raw(int length)
        {
            if (length < 0 || length > _rest.Length)
                throw Broken();

            var raw = _rest[..length];
            _rest = _rest[length..];
            return raw;
        }

        int Number() => BinaryPrimitives.ReadInt32LittleEndian(Raw(sizeof(int)));

        static InvalidDataException Broken() => new("contents that are broken off");
    }
}
