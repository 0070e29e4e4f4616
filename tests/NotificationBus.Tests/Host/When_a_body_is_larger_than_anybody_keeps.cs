using System.Buffers.Binary;
using System.Text;
using NotificationBus.Host.RabbitMq;
using static NotificationBus.Tests.Host.AmqpFrames;

namespace NotificationBus.Tests.Host;

/// <summary>A15: what comes from the broker, in pieces of any size, with messages of several channels between each other.</summary>
public sealed class When_a_body_is_larger_than_anybody_keeps
{
    const int Largest = 1_000;
    const int Kept = 100;

    static readonly byte[] s_heartbeat = Frame(8, [], channel: 0);

    static readonly byte[] s_sent =
    [
        .. Deliver(1),
        .. Header(1, Largest, []),
        .. Body(1, 0, 400),
        .. Body(1, 400, 600),
        .. Deliver(1),
        .. Header(1, 1_001, Field("a", 'V', [])),
        .. Deliver(2),
        .. Header(2, 5_000, table: null),
        .. Body(2, 0, 60),
        .. Body(1, 0, Kept),
        .. s_heartbeat,
        .. Body(2, 60, 3_000),
        .. Body(1, Kept, 901),
        .. Body(2, 3_060, 1_940),
        .. Deliver(1),
        .. Header(1, 50, table: null),
        .. Body(1, 0, 50),
        .. Deliver(2),
        .. Header(2, 200_000, table: null),
        .. Body(2, 0, 130_000),
        .. Body(2, 130_000, 70_000),
        .. s_heartbeat,
        .. Deliver(2),
        .. Header(2, 0, table: null),
        .. s_heartbeat,
    ];

    static readonly byte[] s_passed =
    [
        .. Deliver(1),
        .. Header(1, Largest, []),
        .. Body(1, 0, 400),
        .. Body(1, 400, 600),
        .. Deliver(1),
        .. Header(1, Kept, [.. Length("1001"), .. Field("a", 'V', [])]),
        .. Deliver(2),
        .. Header(2, Kept, Length("5000")),
        .. Body(2, 0, 60),
        .. Body(1, 0, Kept),
        .. s_heartbeat,
        .. Body(2, 60, 40),
        .. Deliver(1),
        .. Header(1, 50, table: null),
        .. Body(1, 0, 50),
        .. Deliver(2),
        .. Header(2, Kept, Length("200000")),
        .. Body(2, 0, Kept),
        .. s_heartbeat,
        .. Deliver(2),
        .. Header(2, 0, table: null),
        .. s_heartbeat,
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(1_000)]
    [InlineData(65_536)]
    [InlineData(10_000_000)]
    public async Task Should_pass_its_beginning_and_its_length(int piece) =>
        (await ReadAll(new InboundFrames(new InPieces(s_sent, piece), Largest, Kept))).ShouldBe(s_passed);

    [Fact]
    public async Task Should_tell_when_it_ends_within_what_does_not_pass()
    {
        const int Last = 50_000;

        await Should.ThrowAsync<EndOfStreamException>(() =>
            ReadAll(new InboundFrames(new InPieces(s_sent[..^Last], 1_000), Largest, Kept))
        );
    }

    /// <summary>A channel that was closed in the middle of a message begins anew.</summary>
    [Fact]
    public async Task Should_pass_what_comes_after_a_message_that_did_not_end()
    {
        byte[] before = [.. Deliver(1), .. Header(1, 5_000, table: null), .. Body(1, 0, 500)];
        byte[] after = [.. Deliver(1), .. Header(1, 500, table: null), .. Body(1, 0, 500)];

        (await ReadAll(new InboundFrames(new InPieces([.. before, .. after], 64), Largest, Kept))).ShouldBe([
            .. Deliver(1),
            .. Header(1, Kept, Length("5000")),
            .. Body(1, 0, Kept),
            .. after,
        ]);
    }

    static byte[] Deliver(byte channel) => Frame(1, [0, 60, 0, 60, .. new byte[30]], channel);

    /// <summary>With a content type before the headers, and the delivery mode after them.</summary>
    static byte[] Header(byte channel, int size, byte[]? table)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(length, size);
        return Frame(
            2,
            [0, 60, 0, 0, .. length, (byte)(table is null ? 0x90 : 0xB0), 0, 4, .. "text"u8, .. table is null ? [] : Long(table), 2],
            channel
        );
    }

    static byte[] Body(byte channel, int from, int count) =>
        Frame(3, [.. Enumerable.Range(from, count).Select(number => (byte)number)], channel);

    static byte[] Length(string digits) => Field("NB-Failure-BodyLength", 'S', Long(Encoding.ASCII.GetBytes(digits)));
}
