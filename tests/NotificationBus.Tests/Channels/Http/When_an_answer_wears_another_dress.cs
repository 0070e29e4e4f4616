using System.IO.Compression;
using System.Text;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Http;

/// <summary>C: a yes in another dress: compressed, with a byte order mark, in another charset.</summary>
public sealed class When_an_answer_wears_another_dress : With_a_scripted_service
{
    const string Yes = """{"data":{"id":"m-1","word":"สำเร็จ"}}""";

    static When_an_answer_wears_another_dress() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    [Fact]
    public async Task Should_not_be_asked_for_compressed()
    {
        Service.Answers("200 OK", Yes);

        await Send();

        Service.Requests.ShouldHaveSingleItem().Head.ShouldContain("Accept-Encoding: identity");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("GZIP")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("identity")]
    [InlineData("gzip, br")]
    public async Task Should_be_understood_compressed(string encoding)
    {
        var body = encoding.Split(", ").Aggregate(Encoding.UTF8.GetBytes(Yes), (packed, one) => Pack(packed, one.ToLowerInvariant()));
        Answer(body, $"Content-Encoding: {encoding}\r\n");

        (await Send()).ShouldBe(new ProviderResult.Accepted("m-1"));
    }

    /// <summary>
    /// C: what its header says of it may be wrong: something on the way has unpacked it, or packed it. Some say deflate of what has no
    /// header of zlib.
    /// </summary>
    [Theory]
    [InlineData("", "gzip")]
    [InlineData("", "deflate")]
    [InlineData("", "br")]
    [InlineData("", "gzip, deflate")]
    [InlineData("gzip", "")]
    [InlineData("gzip", "identity")]
    [InlineData("gzip", "br")]
    [InlineData("gzip", "deflate")]
    [InlineData("gzip, gzip", "gzip")]
    [InlineData("raw deflate", "deflate")]
    public async Task Should_be_understood_when_it_is_packed_in_another_way_than_it_says(string packed, string said)
    {
        var body = packed.Split(", ", StringSplitOptions.RemoveEmptyEntries).Aggregate(Encoding.UTF8.GetBytes(Yes), Pack);
        Answer(body, said.Length > 0 ? $"Content-Encoding: {said}\r\n" : "");

        (await Send()).ShouldBe(new ProviderResult.Accepted("m-1"));
    }

    /// <summary>C: where nothing is asked of its text, a yes is one.</summary>
    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("no-such-encoding")]
    public async Task Should_be_a_yes_when_nobody_can_unpack_it_and_nobody_needs_to(string said)
    {
        Answer([0x1F, 0x8B, 8, 0, 1, 2, 3, 0xFF], $"Content-Encoding: {said}\r\n");

        (await Provider().Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();
    }

    /// <summary>B: a small answer that unpacks to a large one is not unpacked to its end.</summary>
    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Should_be_unpacked_no_further_than_it_is_read(string encoding)
    {
        Answer(Pack(new byte[512 * 1024 * 1024], encoding), $"Content-Encoding: {encoding}\r\n");
        var before = GC.GetTotalAllocatedBytes(precise: true);

        var result = await Send();

        result.ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("256 KB");
        (GC.GetTotalAllocatedBytes(precise: true) - before).ShouldBeLessThan(16 * 1024 * 1024);
    }

    [Theory]
    [InlineData("utf-8", true, "")]
    [InlineData("utf-16", true, "")]
    [InlineData("utf-16BE", true, "")]
    [InlineData("utf-32", true, "")]
    [InlineData("utf-16", false, "")]
    [InlineData("utf-16BE", false, "")]
    [InlineData("utf-16", false, "utf-16")]
    [InlineData("windows-874", false, "windows-874")]
    [InlineData("tis-620", false, "\"tis-620\"")]
    [InlineData("utf-8", false, "no-such-charset")]
    [InlineData("utf-8", true, "windows-874")]
    [InlineData("utf-16BE", false, "utf-16")]
    [InlineData("utf-16", false, "utf-16BE")]
    [InlineData("utf-16", false, "utf-8")]
    [InlineData("utf-16BE", false, "utf-8")]
    [InlineData("utf-16BE", false, "windows-874")]
    [InlineData("utf-32", false, "utf-8")]
    [InlineData("utf-32BE", false, "")]
    [InlineData("utf-8", false, "utf-16")]
    [InlineData("utf-8", false, "iso-8859-1")]
    [InlineData("utf-8", false, "windows-874")]
    public async Task Should_be_understood_in_another_charset(string charset, bool marked, string named)
    {
        var encoding = Encoding.GetEncoding(charset);
        Answer(
            [.. marked ? encoding.GetPreamble() : [], .. encoding.GetBytes(Yes)],
            $"Content-Type: application/json{(named.Length > 0 ? $"; charset={named}" : "")}\r\n"
        );

        (
            await Provider(options => (options.MessageIdPath, options.Accepted) = ("data.id", "data.word=สำเร็จ"))
                .Send(ADelivery(), Cancellation)
        ).ShouldBe(new ProviderResult.Accepted("m-1"));
    }

    [Fact]
    public async Task Should_be_understood_of_any_vendor()
    {
        Answer([.. Encoding.UTF8.Preamble, .. """{"messageId":"1"}"""u8], "", "201 Created");
        await using var brevo = new BrevoEmailProvider(
            "account",
            new BrevoOptions
            {
                Url = Service.Url.GetLeftPart(UriPartial.Authority),
                ApiKey = "key",
                From = Mail.From,
            },
            TimeProvider.System
        );

        (await brevo.Send(Mail.ToSomchai, Cancellation)).ShouldBe(new ProviderResult.Accepted("1"));
    }

    Task<ProviderResult> Send() => Provider(options => options.MessageIdPath = "data.id").Send(ADelivery(), Cancellation);

    void Answer(byte[] body, string headers, string status = "200 OK") =>
        Service.Answer = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n{headers}\r\n"), .. body];

    static byte[] Pack(byte[] body, string encoding)
    {
        using var packed = new MemoryStream();
        using (
            Stream packing = encoding switch
            {
                "gzip" or "x-gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
                "raw deflate" => new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true),
                "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
                "br" => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
                _ => new BufferedStream(packed),
            }
        )
        {
            packing.Write(body);
            packing.Flush();
            if (packing is BufferedStream)
                return packed.ToArray();
        }

        return packed.ToArray();
    }
}
