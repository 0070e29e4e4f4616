using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Sms;
using NotificationBus.Contents;
using NotificationBus.Model;
using NotificationBus.Templates;
using Snappier;

namespace NotificationBus.Tests.Contents;

public sealed class When_contents_are_packed
{
    static readonly string First = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    static readonly string Second = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    static readonly TemplateSource Source = new("order-placed/email.th", "email", "th", "0123456789ab");

    static readonly EmailContent Mail = new(
        "คำสั่งซื้อ 4711 🎉",
        $"<p>{string.Concat(Enumerable.Repeat("ขอบคุณ ", 500))}</p>",
        "ขอบคุณ\r\n"
    );

    public static TheoryData<IChannel, Content> Every =>
        new()
        {
            { new EmailChannel(), Mail },
            { new PushChannel(), new PushContent("Title", "One\nTwo\u2028three") },
            { new SmsChannel(), SmsContent.Of("Total 590 THB €") },
            { new ChatChannel(), new ChatContent("line one\nline two") },
        };

    [Theory]
    [MemberData(nameof(Every))]
    public void Should_be_the_same_when_they_are_unpacked(IChannel channel, Content content)
    {
        foreach (var packing in (ContentPacking[])[Plain(), With("k1")])
        {
            var frozen = packing.Freeze([packing.Freeze(channel.Name, Source, content)])!;
            var packed = packing.Pack(frozen);

            var unpacked = packing.Unpack(packed.Hash, packed.Body).On(channel.Name)!;

            unpacked.On(channel).ShouldBe(content);
            (unpacked.Template, unpacked.Hash).ShouldBe((Source with { Channel = channel.Name }, frozen.All[0].Hash));
        }
    }

    [Fact]
    public void Should_be_kept_under_one_name_when_they_say_the_same_and_under_another_when_not()
    {
        var packing = Plain();
        var one = packing.Freeze([packing.Freeze("email", Source, Mail)])!;

        packing.Freeze([packing.Freeze("email", Source, Mail with { })])!.Hash.ShouldBe(one.Hash);
        packing.Freeze([packing.Freeze("email", Source, Mail with { Text = "another" })])!.Hash.ShouldNotBe(one.Hash);
        packing.Freeze([packing.Freeze("email", Source with { Version = "another" }, Mail)])!.Hash.ShouldNotBe(one.Hash);
        packing
            .Freeze("push", template: null, new PushContent("ab", "c"))
            .Hash.ShouldNotBe(packing.Freeze("push", template: null, new PushContent("a", "bc")).Hash);
    }

    [Fact]
    public void Should_be_much_smaller() => Packed(Plain()).Body.Length.ShouldBeLessThan(Encoding.UTF8.GetByteCount(Mail.Html) / 5);

    [Fact]
    public void Should_not_be_legible_with_a_key()
    {
        var code = new SmsContent("Your code is 123456", SmsEncoding.Gsm7, 1);
        var (plain, encrypted) = (Plain(), With("k1"));

        var legible = plain.Pack(plain.Freeze("sms", template: null, code));
        var packed = encrypted.Pack(encrypted.Freeze("sms", template: null, code));

        (legible.KeyId, packed.KeyId).ShouldBe((null, "k1"));
        Encoding.Latin1.GetString(legible.Body).ShouldContain("123456");
        Encoding.Latin1.GetString(packed.Body).ShouldNotContain("123456");
        packed.Hash.ShouldNotBe(legible.Hash, "who sees the hash could try all codes");
    }

    [Fact]
    public void Should_be_read_after_the_key_has_changed_and_not_without_it()
    {
        var before = Packed(With("k1"));

        With("k2", ("k1", First), ("k2", Second)).Unpack(before.Hash, before.Body).All.ShouldHaveSingleItem();
        Should
            .Throw<ContentKeyException>(() => With("k2", ("k2", Second)).Unpack(before.Hash, before.Body))
            .Message.ShouldContain("Contents:Keys:k1");
        Should.Throw<InvalidDataException>(() => With("k1", ("k1", Second)).Unpack(before.Hash, before.Body));
    }

    [Fact]
    public void Should_not_be_taken_for_others()
    {
        var packing = With("k1");
        var packed = Packed(packing);

        Should.Throw<InvalidDataException>(() => packing.Unpack(Guid.NewGuid(), packed.Body));
    }

    [Fact]
    public void Should_be_refused_wherever_they_are_broken_off()
    {
        var packing = Plain();
        var packed = packing.Pack(packing.Freeze("push", template: null, new PushContent("Title", "Body")));

        for (var length = 0; length < packed.Body.Length; length++)
            Should.Throw<InvalidDataException>(() => packing.Unpack(packed.Hash, packed.Body.AsSpan(0, length)));
    }

    [Fact]
    public void Should_be_refused_when_they_were_broken_on_the_way()
    {
        var packing = Plain();
        var packed = Packed(packing);

        for (var at = 1; at < packed.Body.Length; at++)
        {
            var broken = packed.Body.ToArray();
            broken[at] ^= 0xFF;
            try
            {
                packing.Unpack(packed.Hash, broken).ShouldNotBeNull();
            }
            catch (Exception exception)
            {
                exception.ShouldBeOfType<InvalidDataException>($"byte {at}");
            }
            Should.Throw<InvalidDataException>(() => packing.Unpack(packed.Hash, packed.Body.AsSpan(0, at)));
        }
    }

    /// <summary>The version before packed with Brotli, and what it packed waits for weeks.</summary>
    [Fact]
    public void Should_be_read_when_an_earlier_version_packed_them()
    {
        var packing = Plain();
        var packed = Packed(packing);
        var length = BinaryPrimitives.ReadInt32LittleEndian(packed.Body.AsSpan(2));
        var plain = new byte[length];
        Snappy.Decompress(packed.Body.AsSpan(6), plain).ShouldBe(length);
        var compressed = new byte[BrotliEncoder.GetMaxCompressedLength(length)];
        BrotliEncoder.TryCompress(plain, compressed, out var written, quality: 0, window: 16).ShouldBeTrue();

        byte[] before = [packed.Body[0], 1, .. packed.Body.AsSpan(2, 4), .. compressed.AsSpan(0, written)];

        packing.Unpack(packed.Hash, before).On("email")!.On(new EmailChannel()).ShouldBe(Mail);
    }

    [Fact]
    public void Should_never_be_printed() => $"{Mail} {Mail.Parts[0]} {Plain().Freeze("email", Source, Mail)}".ShouldNotContain("4711");

    static PackedContents Packed(ContentPacking packing) => packing.Pack(packing.Freeze([packing.Freeze("email", Source, Mail)])!);

    static ContentPacking Plain() => new(new ContentKeys(Options.Create(new ContentsOptions())));

    static ContentPacking With(string key, params (string Id, string Value)[] keys) =>
        new(
            new ContentKeys(
                Options.Create(
                    new ContentsOptions
                    {
                        Key = key,
                        Keys = (keys.Length > 0 ? keys : [("k1", First)]).ToDictionary(
                            one => one.Id,
                            one => one.Value,
                            StringComparer.Ordinal
                        ),
                    }
                )
            )
        );
}
