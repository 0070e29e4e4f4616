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

    /// <summary>What is shipped, and how it is built, has none: not even one that was made for a test.</summary>
    [Fact]
    public void Should_not_lie_in_the_repository()
    {
        var files = ((string[])["src", "docker", "docs"])
            .SelectMany(folder =>
                Directory.EnumerateFiles(Path.Combine(The_dependency_rule.Root(), folder), "*", SearchOption.AllDirectories)
            )
            .Where(file => !Built().IsMatch(file))
            .ToList();

        files.Count.ShouldBeGreaterThan(400);
        files.Where(file => Secret().IsMatch(File.ReadAllText(file))).ShouldBeEmpty();
    }

    [GeneratedRegex(@"[/\\](bin|obj)[/\\]", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Built();

    // Private keys, and what vendors and this host give out: AWS, SendGrid, Slack, GitHub, Stripe's and Svix's, Google's.
    [GeneratedRegex(
        @"BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]|\bAKIA[0-9A-Z]{16}\b|\bSG\.[\w-]{22}\.[\w-]{43}|\bxox[bp]-[0-9]{8,}"
            + @"|\bghp_\w{36}|\bwhsec_[A-Za-z0-9+/]{24,}|\bsk_live_\w{16,}|\bAIza[\w-]{35}|\bnb_[a-z0-9-]+_[0-9a-f]{16}_[0-9a-f]{64}",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Secret();

    // A keyed hash, or the hash of a secret.
    [GeneratedRegex(@"HMACSHA[0-9]+\.HashData\(|FixedTimeEquals", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Proof();
}
