using System.Buffers.Binary;
using NotificationBus.Failures;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Frames that come from the broker, one by one (AMQP 0-9-1, section 4.2.3), with headers of messages that RabbitMQ.Client can read. Some
/// it cannot, though the broker takes them from any producer: tables nested thousands deep end the process, a decimal with more than 28
/// digits after the point closes the connection, and the message comes again and does the same. And of a body that nobody keeps whole only
/// its beginning, with its length in a header (<see cref="PartlyKept.LengthHeader"/>): the broker sends as many messages at once as a queue
/// has places, of up to 512 MiB each.
/// </summary>
/// <param name="wire">What the broker sends.</param>
/// <param name="largest">The largest body that passes whole.</param>
/// <param name="kept">How much passes of a larger one.</param>
sealed class InboundFrames(Stream wire, long largest = PartlyKept.LargestWhole, int kept = PartlyKept.Beginning)
{
    const byte MethodFrame = 1;
    const byte HeaderFrame = 2;
    const byte BodyFrame = 3;
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

    // Of the frame that is being read: so much passes, then so much is left out, and then so much passes.
    long _passing;
    long _leavingOut;
    int _passingAfter;
    bool _hasNoFrames;

    // How much of its body may still pass, for each channel with a message that is cut. Messages of several channels come between each
    // other.
    readonly Dictionary<ushort, int> _cut = [];

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
                return _passing + _leavingOut + _passingAfter > 0 || _end > _start
                    ? throw new EndOfStreamException("The broker's bytes end within a frame.")
                    : 0;

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
            if (IsWithinFrame())
                continue;

            // A broker of another version says so and leaves (section 4.2.2).
            var seen = _buffer.AsSpan(_ready, _end - _ready);
            _hasNoFrames = seen[0] == StartOfNoFrame;
            if (_hasNoFrames)
                continue;
            if (seen.Length < Before)
                return;

            var channel = BinaryPrimitives.ReadUInt16BigEndian(seen[1..]);
            var size = BinaryPrimitives.ReadUInt32BigEndian(seen[3..]);
            if (seen[0] == HeaderFrame)
            {
                if (size > LargestHeader)
                    throw new InvalidDataException(
                        $"The headers of a message have {size} bytes; at most {LargestHeader} are read. Lower frame_max of RabbitMQ."
                    );
                if (seen.Length < Before + size + After)
                    return;

                ReadableHeaders.Make(seen.Slice(Before, (int)size));
                size = CutIfLarge(channel, size);
            }

            if (seen[0] == MethodFrame)
                _cut.Remove(channel);
            if (seen[0] == BodyFrame && _cut.TryGetValue(channel, out var passes))
                PassBeginning(channel, size, passes);
            else
                _passing = Before + size + After;
        }
    }

    bool IsWithinFrame()
    {
        var there = _end - _ready;
        if (_hasNoFrames)
        {
            _ready = _end;
        }
        else if (_passing > 0)
        {
            var passed = (int)Math.Min(_passing, there);
            _passing -= passed;
            _ready += passed;
        }
        else if (_leavingOut > 0)
        {
            var left = (int)Math.Min(_leavingOut, there);
            _leavingOut -= left;
            Replace(left, []);
        }
        else
        {
            (_passing, _passingAfter) = (_passingAfter, 0);
            return _passing > 0;
        }

        return true;
    }

    /// <summary>Cuts a body that is too large: has its header announce only the beginning, and carry its length.</summary>
    /// <returns>The size of the header's frame.</returns>
    uint CutIfLarge(ushort channel, uint size)
    {
        if (ReadableHeaders.Shorten(_buffer.AsSpan(_ready + Before, (int)size), largest, kept) is not { } shortened)
            return size;

        _cut[channel] = kept;
        _ready += Before;
        Replace((int)size, shortened);
        _ready -= Before;
        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(_ready + 3), shortened.Length);
        return (uint)shortened.Length;
    }

    void PassBeginning(ushort channel, uint size, int passes)
    {
        var beginning = (int)Math.Min(size, passes);
        _cut[channel] = passes - beginning;
        if (beginning == 0)
        {
            // Not an empty frame: the client knows the message by then.
            _leavingOut = Before + size + After;
            return;
        }

        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(_ready + 3), beginning);
        (_passing, _leavingOut, _passingAfter) = (Before + beginning, size - beginning, After);
    }

    /// <summary>Puts other bytes in the place of the next.</summary>
    void Replace(int count, ReadOnlySpan<byte> with)
    {
        var end = _end - count + with.Length;
        if (end > _buffer.Length)
            Array.Resize(ref _buffer, end);
        _buffer.AsSpan(_ready + count, _end - _ready - count).CopyTo(_buffer.AsSpan(_ready + with.Length));
        with.CopyTo(_buffer.AsSpan(_ready));
        _end = end;
    }
}
