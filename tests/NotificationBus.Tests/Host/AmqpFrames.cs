using System.Buffers.Binary;
using System.Text;
using NotificationBus.Host.RabbitMq;

namespace NotificationBus.Tests.Host;

/// <summary>Frames as a broker sends them (AMQP 0-9-1, section 4.2).</summary>
static class AmqpFrames
{
    public static byte[] Frame(byte type, byte[] payload, byte channel = 1) => [type, 0, channel, .. Long(payload), 0xCE];

    /// <summary>A field of a table.</summary>
    public static byte[] Field(string name, char type, byte[] value) =>
        [(byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)type, .. value];

    /// <summary>Bytes with their length before them.</summary>
    public static byte[] Long(byte[] bytes)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }

    public static async Task<byte[]> ReadAll(InboundFrames frames)
    {
        var all = new MemoryStream();
        var buffer = new byte[4_096];
        while (await frames.Read(buffer, TestContext.Current.CancellationToken) is var read and > 0)
            all.Write(buffer, 0, read);
        return all.ToArray();
    }

    /// <summary>Gives so many bytes at a time, at most.</summary>
    public sealed class InPieces(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, piece)], cancellationToken);
    }
}
