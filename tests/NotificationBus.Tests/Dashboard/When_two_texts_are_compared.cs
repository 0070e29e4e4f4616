using NotificationBus.Dashboard;

namespace NotificationBus.Tests.Dashboard;

public sealed class When_two_texts_are_compared
{
    [Theory]
    [InlineData("a\nb\nc", "a\nb\nc", " a| b| c")]
    [InlineData("a\nb\nc", "a\nx\nc", " a|-b|+x| c")]
    [InlineData("", "a\nb", "+a|+b")]
    [InlineData("a\nb", "", "-a|-b")]
    [InlineData("a\nb\na\nb", "a\nb", " a| b|-a|-b")]
    [InlineData("b\nc\nd", "a\nb\nd\ne", "+a| b|-c| d|+e")]
    public void Should_say_which_lines_went_and_which_came(string before, string after, string expected) =>
        Read(LineDifference.Of(before, after)).ShouldBe(expected);

    [Fact]
    public void Should_give_each_text_back_whatever_changed()
    {
        var random = new Random(4711);
        for (var round = 0; round < 500; round++)
        {
            var (before, after) = (Text(random), Text(random));
            var lines = LineDifference.Of(before, after);
            Join(lines.Where(line => line.Change != LineChange.In)).ShouldBe(before);
            Join(lines.Where(line => line.Change != LineChange.Out)).ShouldBe(after);
        }
    }

    [Fact]
    public void Should_leave_out_what_is_far_from_a_change()
    {
        var before = string.Join('\n', Enumerable.Range(1, 30));
        var after = before.Replace("\n15\n", "\nfifteen\n", StringComparison.Ordinal);

        Read(LineDifference.Near(LineDifference.Of(before, after))).ShouldBe("…| 12| 13| 14|-15|+fifteen| 16| 17| 18|…");
    }

    static string Text(Random random) =>
        string.Join('\n', Enumerable.Range(0, random.Next(1, 20)).Select(_ => (char)('a' + random.Next(4))));

    static string Join(IEnumerable<DiffLine> lines) => string.Join('\n', lines.Select(line => line.Text));

    static string Read(IEnumerable<DiffLine?> lines) =>
        string.Join(
            '|',
            lines.Select(line =>
                line is null ? "…"
                : line.Change == LineChange.In ? $"+{line.Text}"
                : line.Change == LineChange.Out ? $"-{line.Text}"
                : $" {line.Text}"
            )
        );
}
