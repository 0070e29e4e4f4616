using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// A producer that writes its frames by itself (AMQP 0-9-1, section 4.2): its headers are any bytes, also such as no client of .NET can
/// write.
/// </summary>
sealed class RawAmqpProducer : IAsyncDisposable
{
    const int MethodFrame = 1;
    const int HeaderFrame = 2;
    const int BodyFrame = 3;

    readonly TcpClient _client = new();

    public static async Task<RawAmqpProducer> Connect(Uri virtualHost)
    {
        var producer = new RawAmqpProducer();
        await producer._client.ConnectAsync(virtualHost.Host, virtualHost.Port);
        await producer._client.GetStream().WriteAsync("AMQP\0\0\x9\x1"u8.ToArray());
        var credentials = virtualHost.UserInfo.Split(':').Select(Uri.UnescapeDataString).ToList();
        await producer.Answer(); // start
        await producer.Write(
            MethodFrame,
            0,
            [
                .. Method(10, 11),
                .. Long([]),
                .. Short("PLAIN"),
                .. Long(Encoding.UTF8.GetBytes($"\0{credentials[0]}\0{credentials[1]}")),
                .. Short("en_US"),
            ]
        );
        var tune = await producer.Answer();
        await producer.Write(MethodFrame, 0, [.. Method(10, 31), .. tune[4..10], 0, 0]);
        await producer.Write(MethodFrame, 0, [.. Method(10, 40), .. Short(Uri.UnescapeDataString(virtualHost.AbsolutePath[1..])), 0, 0]);
        await producer.Answer(); // open
        await producer.Write(MethodFrame, 1, [.. Method(20, 10), 0]);
        await producer.Answer(); // channel
        await producer.Write(MethodFrame, 1, [.. Method(85, 10), 0]);
        await producer.Answer(); // confirms
        return producer;
    }

    /// <summary>Publishes a message that is kept, and completes when the broker has confirmed it.</summary>
    /// <param name="exchange">To whom.</param>
    /// <param name="headers">The table, without its length.</param>
    /// <param name="body">What it says.</param>
    public async Task Publish(string exchange, byte[] headers, byte[] body)
    {
        const byte Headers = 0x20,
            DeliveryMode = 0x10,
            Persistent = 2;
        var size = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(size, body.Length);
        await Write(MethodFrame, 1, [.. Method(60, 40), 0, 0, .. Short(exchange), .. Short(""), 0]);
        await Write(HeaderFrame, 1, [0, 60, 0, 0, .. size, Headers | DeliveryMode, 0, .. Long(headers), Persistent]);
        await Write(BodyFrame, 1, body);
        var answer = await Answer();
        answer[..4].ShouldBe(Method(60, 80), Encoding.UTF8.GetString(answer));
    }

    /// <summary>A field of a table.</summary>
    public static byte[] Field(string name, char type, params byte[] value) => [.. Short(name), (byte)type, .. value];

    /// <summary>Bytes with their length before them.</summary>
    public static byte[] Long(byte[] bytes)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    async Task Write(byte type, byte channel, byte[] payload) =>
        await _client.GetStream().WriteAsync((byte[])[type, 0, channel, .. Long(payload), 0xCE]);

    async Task<byte[]> Answer()
    {
        var before = new byte[7];
        await _client.GetStream().ReadExactlyAsync(before);
        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(before.AsSpan(3)) + 1];
        await _client.GetStream().ReadExactlyAsync(payload);
        return payload[..^1];
    }

    static byte[] Method(byte type, byte number) => [0, type, 0, number];

    static byte[] Short(string text) => [(byte)text.Length, .. Encoding.UTF8.GetBytes(text)];
}
