using System.Text;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

/// <summary>C: files in another encoding.</summary>
public sealed class When_a_file_is_in_another_encoding : IDisposable
{
    readonly TemplateFolder _folder = new();

    [Theory]
    [InlineData(new byte[] { 0xCA, 0xC7, 0xD1, 0xCA, 0xB4, 0xD5 }, "0xca")] // windows-874
    [InlineData(new byte[] { 0x43, 0x61, 0x66, 0xE9 }, "0xe9")] // Latin 1
    [InlineData(new byte[] { 0x61, 0xC3 }, "0xc3")] // cut off
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, "0xed")] // half a surrogate pair
    public void Should_stop_the_host_with_the_file_and_the_line(byte[] text, string bad)
    {
        _folder.Body("x");
        var path = Path.Combine(_folder.Path, "test/push.en.liquid");
        File.WriteAllBytes(path, [.. "--- title\nTitle\n--- body\n"u8, .. text, .. "\n"u8]);

        Should.Throw<TemplateException>(() => _folder.Load()).Message.ShouldBe($"{path}:4: byte {bad} is no UTF-8: save the file as UTF-8");
    }

    [Fact]
    public void Should_stop_the_host_for_a_partial_too()
    {
        _folder.Html("{% render 'shop' %}").Write("_layout/shop.liquid", "");
        File.WriteAllBytes(Path.Combine(_folder.Path, "_layout/shop.liquid"), [0x43, 0x61, 0x66, 0xE9]);

        Should.Throw<TemplateException>(() => _folder.Load()).Message.ShouldContain("shop.liquid:1: byte 0xe9");
    }

    /// <summary>A mark says what comes after it, and is not believed before that was read.</summary>
    [Theory]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF }, new byte[] { 0x43, 0x61, 0x66, 0xE9 }, ":4: byte 0xe9 is no UTF-8")] // windows-1252
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF }, new byte[] { 0xCA, 0xC7 }, ":4: byte 0xca is no UTF-8")] // windows-874
    [InlineData(new byte[0], new byte[] { 0x43, 0x61, 0x66, 0xEF, 0xBF, 0xBD }, ":4: U+FFFD is no text")] // converted before
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF }, new byte[] { 0xEF, 0xBF, 0xBD }, ":4: U+FFFD is no text")]
    [InlineData(new byte[0], new byte[] { 0x1B, 0x24, 0x42, 0x24, 0x22, 0x1B, 0x28, 0x42 }, ":4: U+001B is no text")] // ISO-2022-JP
    [InlineData(new byte[0], new byte[] { 0x43, 0x00, 0x61, 0x00 }, ":4: U+0000 is no text")] // UTF-16 without a mark
    [InlineData(new byte[0], new byte[] { 0x43, 0xC2, 0x92 }, ":4: U+0092 is no text")] // windows-1252 taken for Latin 1
    public void Should_stop_the_host_whatever_its_byte_order_mark_says(byte[] mark, byte[] text, string reason)
    {
        foreach (var file in (string[])["test/push.en.liquid", "_layout/shop.liquid"])
        {
            _folder.Body("x").Write("_layout/shop.liquid", "y");
            var path = Path.Combine(_folder.Path, file);
            File.WriteAllBytes(path, [.. mark, .. "--- title\nTitle\n--- body\n"u8, .. text, .. "\n"u8]);

            Should.Throw<TemplateException>(() => _folder.Load()).Message.ShouldStartWith($"{path}{reason}");
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("utf-16", 1)]
    [InlineData("utf-16BE", 1)]
    [InlineData("utf-32", 2)]
    [InlineData("utf-32BE", 3)]
    public void Should_stop_the_host_when_it_was_cut_off_within_a_character(string encoding, int cut)
    {
        _folder.Body("x");
        var path = Path.Combine(_folder.Path, "test/push.en.liquid");
        File.WriteAllText(path, "--- title\nTitle\n--- body\nCafé สวัสดี\n", Encoding.GetEncoding(encoding));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^cut]);

        Should
            .Throw<TemplateException>(() => _folder.Load())
            .Message.ShouldBe(
                $"{path}:1: it is no {encoding}, as its byte order mark says: save the file as UTF-8",
                StringCompareShould.IgnoreCase
            );
    }

    [Theory]
    [InlineData("utf-32")]
    [InlineData("utf-32BE")]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void Should_read_what_its_byte_order_mark_says(string encoding)
    {
        _folder.Body("x");
        File.WriteAllText(
            Path.Combine(_folder.Path, "test/push.en.liquid"),
            "--- title\nTitle\n--- body\nCafé สวัสดี\n",
            Encoding.GetEncoding(encoding)
        );

        _folder.Fill("{}").ShouldBe("Café สวัสดี");
    }

    public void Dispose() => _folder.Dispose();
}
