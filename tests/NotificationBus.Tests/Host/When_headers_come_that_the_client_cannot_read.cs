using NotificationBus.Host.RabbitMq;
using static NotificationBus.Tests.Host.AmqpFrames;

namespace NotificationBus.Tests.Host;

/// <summary>A5: what comes from the broker, in pieces of any size.</summary>
public sealed class When_headers_come_that_the_client_cannot_read
{
    const int Decimal = 'D';

    static readonly byte[] s_heartbeat = Frame(8, []);
    static readonly byte[] s_deliver = Frame(1, [0, 60, 0, 60, .. new byte[30]]);

    public static TheoryData<int> Pieces => [1, 2, 7, 8, 4_096, 65_535, 65_536, 10_000_000];

    [Theory]
    [MemberData(nameof(Pieces))]
    public async Task Should_pass_everything_and_make_only_those_readable(int piece)
    {
        var body = Frame(3, [.. Enumerable.Range(0, 200_000).Select(number => (byte)number)]);
        byte[] before = [.. Field("x-delivery-count", 'l', new byte[8])];
        byte[] after = [.. Field("text", 'S', Long(new byte[70_000]))];
        byte[] sent =
        [
            .. s_deliver,
            .. Header([.. before, .. Field("price", 'D', [29, 1, 2, 3, 4]), .. after]),
            .. body,
            .. s_heartbeat,
            .. s_deliver,
            .. Header([.. before, .. Field("deep", 'F', Long(Deep(1_000))), .. after]),
            .. body,
            .. s_deliver,
            .. Header([.. before, .. Field("within", 'A', Long([Decimal, 255, 0, 0, 0, 1])), .. after]),
            .. s_heartbeat,
            .. s_deliver,
            .. Header([.. before, .. Field("fine", 'F', Long(Deep(100))), .. Field("price", 'D', [28, 1, 2, 3, 4])]),
            .. s_heartbeat,
        ];
        byte[] readable =
        [
            .. s_deliver,
            .. Header([.. before, .. Field("price", 'D', [28, 1, 2, 3, 4]), .. after]),
            .. body,
            .. s_heartbeat,
            .. s_deliver,
            .. Header([.. before, .. Field("deep", 'S', Long(Deep(1_000))), .. after]),
            .. body,
            .. s_deliver,
            .. Header([.. before, .. Field("within", 'S', Long([Decimal, 255, 0, 0, 0, 1])), .. after]),
            .. s_heartbeat,
            .. s_deliver,
            .. Header([.. before, .. Field("fine", 'F', Long(Deep(100))), .. Field("price", 'D', [28, 1, 2, 3, 4])]),
            .. s_heartbeat,
        ];

        (await ReadAll(new InboundFrames(new InPieces(sent, piece)))).ShouldBe(readable);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    public async Task Should_tell_when_it_ends_within_a_frame(int piece)
    {
        byte[] whole = [.. s_heartbeat, .. s_deliver, .. Header(Field("a", 'V', [])), .. Frame(3, new byte[100])];

        (await ReadAll(new InboundFrames(new InPieces(whole, piece)))).ShouldBe(whole);
        for (var cut = s_heartbeat.Length + 1; cut < whole.Length; cut++)
        {
            if (cut == s_heartbeat.Length + s_deliver.Length || cut == whole.Length - 108)
                continue;

            await Should.ThrowAsync<EndOfStreamException>(() => ReadAll(new InboundFrames(new InPieces(whole[..cut], piece))), $"{cut}");
        }
    }

    [Fact]
    public async Task Should_pass_what_a_broker_of_another_version_says()
    {
        var refusal = "AMQP\0\0\x9\x1"u8.ToArray();

        (await ReadAll(new InboundFrames(new InPieces(refusal, 3)))).ShouldBe(refusal);
    }

    [Fact]
    public async Task Should_refuse_headers_that_are_larger_than_anybody_reads()
    {
        byte[] announced = [2, 0, 1, 0x40, 0, 0, 0, .. new byte[100]];

        await Should.ThrowAsync<InvalidDataException>(() => ReadAll(new InboundFrames(new InPieces(announced, 50))));
    }

    /// <summary>A content header with a content type before the headers, and the delivery mode after them.</summary>
    static byte[] Header(byte[] table) => Frame(2, [0, 60, 0, 0, .. new byte[8], 0xB0, 0, 4, .. "text"u8, .. Long(table), 2]);

    static byte[] Deep(int levels)
    {
        byte[] within = [];
        for (var level = 0; level < levels; level++)
            within = Field("", 'F', Long(within));
        return within;
    }
}
