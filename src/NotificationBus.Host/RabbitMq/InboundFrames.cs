using System.Buffers.Binary;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// What comes from the broker, frame by frame (AMQP 0-9-1, section 4.2.3), with headers of messages that RabbitMQ.Client can read. Some it cannot, though
/// the broker takes them from any producer: tables nested thousands deep end the process, a decimal with more than 28 digits after the point
/// closes the connection, and the message comes again and does the same.
/// </summary>
/// <param name="wire">What the broker sends.</param>
sealed class InboundFrames(Stream wire)
{
    const byte HeaderFrame = 2;
    const byte StartOfNoFrame = (byte)'A';
    const int Before = 7; // type, channel, size
    const int After = 1;

    // RabbitMQ's frames are at most 128 KiB unless it is told otherwise (frame_max).
    const int LargestHeader = 16 * 1024 * 1024;

    byte[] _buffer = new byte[64 * 1024];

    // From start to ready it may be read; from there to end it may be the beginning of a header.
    int _start;
    int _ready;
    int _end;
    long _passing;
    bool _hasNoFrames;

    /// <summary>Reads as a stream does: 0 at its end.</summary>
    /// <exception cref="EndOfStreamException">It ends within a frame. The client does not notice that, and reads on and on.</exception>
    /// <exception cref="InvalidDataException">The headers of a message are larger than anybody reads.</exception>
    public async ValueTask<int> Read(Memory<byte> into, CancellationToken cancellationToken)
    {
        while (_ready == _start)
        {
            MakeRoom();
            var read = await wire.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
                return _passing > 0 || _end > _start ? throw new EndOfStreamException("The broker's bytes end within a frame.") : 0;

            _end += read;
            Look();
        }

        var count = Math.Min(into.Length, _ready - _start);
        _buffer.AsMemory(_start, count).CopyTo(into);
        _start += count;
        return count;
    }

    void MakeRoom()
    {
        // Nothing is ready: what is there is the beginning of a header.
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_end, _start, _ready) = (_end - _start, 0, 0);
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, 2 * _buffer.Length);
    }

    void Look()
    {
        while (_ready < _end)
        {
            var seen = _buffer.AsSpan(_ready, _end - _ready);
            if (_hasNoFrames || _passing > 0)
            {
                var passed = _hasNoFrames ? seen.Length : (int)Math.Min(_passing, seen.Length);
                _passing -= passed;
                _ready += passed;
                continue;
            }

            // A broker of another version says so and leaves (section 4.2.2).
            _hasNoFrames = seen[0] == StartOfNoFrame;
            if (_hasNoFrames)
                continue;
            if (seen.Length < Before)
                return;

            var size = BinaryPrimitives.ReadUInt32BigEndian(seen[3..]);
            if (seen[0] == HeaderFrame)
            {
                if (size > LargestHeader)
                    throw new InvalidDataException($"The headers of a message have {size} bytes; at most {LargestHeader} are read. Lower frame_max of RabbitMQ.");
                if (seen.Length < Before + size + After)
                    return;

                ReadableHeaders.Make(seen.Slice(Before, (int)size));
            }

            _passing = Before + size + After;
        }
    }
}
