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
        var path = Path.Combine(_folder.Path, "test/push.en.hbs");
        File.WriteAllBytes(path, [.. "--- title\nTitle\n--- body\n"u8, .. text, .. "\n"u8]);

        Should.Throw<TemplateException>(() => _folder.Load()).Message.ShouldBe($"{path}:4: byte {bad} is no UTF-8: save the file as UTF-8");
    }

    [Fact]
    public void Should_stop_the_host_for_a_partial_too()
    {
        _folder.Html("{{> shop}}").Write("_layout/shop.hbs", "");
        File.WriteAllBytes(Path.Combine(_folder.Path, "_layout/shop.hbs"), [0x43, 0x61, 0x66, 0xE9]);

        Should.Throw<TemplateException>(() => _folder.Load()).Message.ShouldContain("shop.hbs:1: byte 0xe9");
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void Should_read_what_its_byte_order_mark_says(string encoding)
    {
        _folder.Body("x");
        File.WriteAllText(Path.Combine(_folder.Path, "test/push.en.hbs"), "--- title\nTitle\n--- body\nCafé สวัสดี\n", Encoding.GetEncoding(encoding));

        _folder.Fill("{}").ShouldBe("Café สวัสดี");
    }

    public void Dispose() => _folder.Dispose();
}
