using NotificationBus.Contracts;

namespace NotificationBus.Tests.Docs;

/// <summary>Whoever finds a reason in one word finds in <c>docs/api.md</c> what it means and what can be done about it.</summary>
public sealed class The_table_of_reason_codes
{
    [Fact]
    public void Should_have_each_code_once_and_no_other()
    {
        var table = File.ReadAllLines(Path.Combine(The_dependency_rule.Root(), "docs", "api.md"))
            .SkipWhile(line => !line.StartsWith("### Reasons in one word", StringComparison.Ordinal))
            .Skip(1)
            .TakeWhile(line => !line.StartsWith('#'))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .ToList();

        table.Select(line => line.Split('`')[1]).Order(StringComparer.Ordinal).ShouldBe(Codes.Order(StringComparer.Ordinal));
        table.ShouldAllBe(line => line.Split('|', StringSplitOptions.TrimEntries).Length == 5);
    }

    [Fact]
    public void Should_spell_all_alike() => Codes.ShouldAllBe(code => code.All(letter => char.IsAsciiLetterLower(letter) || letter == '-'));

    static IEnumerable<string> Codes =>
        typeof(ReasonCode).GetFields().Where(code => code.IsLiteral).Select(code => (string)code.GetRawConstantValue()!);
}
