using NotificationBus.Postgres;

namespace NotificationBus.Tests.Postgres;

public sealed class When_a_text_has_no_place_in_PostgreSQL
{
    /// <summary>A8: the rest of it stays as it was, letter for letter.</summary>
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("😀 and ไทย", "😀 and ไทย")]
    [InlineData("a\0b", "a\uFFFDb")]
    [InlineData("\0😀\0", "\uFFFD😀\uFFFD")]
    public void Should_put_a_mark_in_its_place(string text, string stored) => Storable.Text(text).ShouldBe(stored);

    /// <summary>A8: halves of characters, which no attribute of .NET can hold.</summary>
    [Fact]
    public void Should_put_a_mark_in_the_place_of_half_a_character()
    {
        const char High = '\uD83D';
        const char Low = '\uDE00';

        Storable.Text($"a{High}").ShouldBe("a\uFFFD");
        Storable.Text($"{Low}a").ShouldBe("\uFFFDa");
        Storable.Text($"{Low}{High}").ShouldBe("\uFFFD\uFFFD");
        Storable.Text($"{High}{High}{Low}").ShouldBe($"\uFFFD{High}{Low}");
    }

    /// <summary>A8: in JSON it is an escape, which a backslash before it makes a text.</summary>
    [Theory]
    [InlineData("""{"a":"\u0000"}""", """{"a":"\uFFFD"}""")]
    [InlineData("""{"a":"\\u0000"}""", """{"a":"\\u0000"}""")]
    [InlineData("""{"a":"\\\u0000\u0000"}""", """{"a":"\\\uFFFD\uFFFD"}""")]
    [InlineData("""{"a":"u0000"}""", """{"a":"u0000"}""")]
    public void Should_put_a_mark_in_its_place_in_JSON(string json, string stored) => Storable.Json(json).ShouldBe(stored);
}
