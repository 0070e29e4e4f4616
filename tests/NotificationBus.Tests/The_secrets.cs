using System.Text.RegularExpressions;

namespace NotificationBus.Tests;

/// <summary>
/// What proves who has sent something is compared so that how long it takes tells nothing. No test of what is answered could see the
/// difference.
/// </summary>
public sealed partial class The_secrets
{
    // They sign what others check, or name what nobody may guess.
    static readonly string[] Signers = ["AwsSignature.cs", "StandardWebhook.cs", "ContentKeys.cs"];

    public static TheoryData<string> Files =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(The_dependency_rule.Root(), "src"), "*.cs", SearchOption.AllDirectories)
                .Where(file => Proof().IsMatch(File.ReadAllText(file)) && !Signers.Contains(Path.GetFileName(file), StringComparer.Ordinal))
                .Select(file => Path.GetRelativePath(The_dependency_rule.Root(), file)),
        ];

    [Fact]
    public void Should_be_known_where_they_are_compared() =>
        Files
            .Select(row => Path.GetFileName(row.Data))
            .ShouldBe(
                ["JsonWebToken.cs", "KeyRing.cs", "ReceiptCheck.cs", "SvixSignature.cs", "TwilioSmsProvider.cs", "UnsubscribeLinks.cs"],
                ignoreOrder: true
            );

    [Theory]
    [MemberData(nameof(Files))]
    public void Should_be_compared_in_a_time_that_tells_nothing(string file)
    {
        var code = File.ReadAllText(Path.Combine(The_dependency_rule.Root(), file));

        code.ShouldContain("CryptographicOperations.FixedTimeEquals(");
        code.ShouldNotContain("SequenceEqual(");
        code.ShouldNotContain("string.Equals(");
    }

    // A keyed hash, or the hash of a secret.
    [GeneratedRegex(@"HMACSHA[0-9]+\.HashData\(|FixedTimeEquals", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Proof();
}
