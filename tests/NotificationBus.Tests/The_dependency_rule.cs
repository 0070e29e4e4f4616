using System.Text.RegularExpressions;
using System.Xml.Linq;
using NotificationBus.Channels.Email;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Tests;

/// <summary>Who may know whom. The tree shows it, and this keeps it so.</summary>
public sealed partial class The_dependency_rule
{
    static readonly DirectoryInfo Source = new(Path.Combine(Root(), "src"));

    public static TheoryData<string, string[]> Projects =>
        new()
        {
            { "NotificationBus.Contracts", [] },
            {
                "NotificationBus.Client",
                [
                    "NotificationBus.Contracts",
                    "MassTransit.RabbitMQ",
                    "Microsoft.Extensions.Http",
                    "Microsoft.Extensions.Options.ConfigurationExtensions",
                    "Polly.Core",
                ]
            },
            { "NotificationBus", ["NotificationBus.Contracts", "MassTransit", "Fluid.Core", "Polly.Core", "Snappier"] },
            { "NotificationBus.Channels", ["NotificationBus", "ADRaffy.ENSNormalize", "libphonenumber-csharp", "MailKit"] },
            { "NotificationBus.Dashboard", ["MudBlazor"] },
            { "NotificationBus.Testing", ["NotificationBus", "NotificationBus.Channels"] },
            {
                "NotificationBus.Postgres",
                ["NotificationBus", "Npgsql", "Npgsql.EntityFrameworkCore.PostgreSQL", "Microsoft.EntityFrameworkCore.Relational"]
            },
        };

    [Theory]
    [MemberData(nameof(Projects))]
    public void Should_be_kept_by_every_project_file(string project, string[] allowed) =>
        References(project).ShouldBe(allowed, ignoreOrder: true);

    [Fact]
    public void Should_let_only_the_host_see_everything() =>
        Source
            .EnumerateDirectories()
            .Select(folder => folder.Name)
            .Except(Projects.Select(row => row.Data.Item1), StringComparer.Ordinal)
            .ShouldBe(["NotificationBus.Host"]);

    [Fact]
    public void Should_be_kept_by_every_assembly()
    {
        string[] framework = ["System.*", "Microsoft.Extensions.*", "Microsoft.AspNetCore.*", "Microsoft.Net.Http.*"];

        ForeignTo(typeof(OrderPlaced), ["System.*"]).ShouldBeEmpty();
        string[] templates = ["Fluid", "Parlot"];
        ForeignTo(
                typeof(NotificationState),
                [
                    .. framework,
                    .. templates,
                    "NotificationBus.Contracts",
                    "MassTransit",
                    "MassTransit.Abstractions",
                    "Polly.Core",
                    "Snappier",
                ]
            )
            .ShouldBeEmpty();
        string[] mail = ["MailKit", "MimeKit", "BouncyCastle.Cryptography"];
        ForeignTo(
                typeof(EmailChannel),
                [
                    .. framework,
                    .. templates,
                    .. mail,
                    "NotificationBus",
                    "NotificationBus.Contracts",
                    "ADRaffy.ENSNormalize",
                    "PhoneNumbers",
                ]
            )
            .ShouldBeEmpty();
    }

    [Fact]
    public void Should_keep_SQL_in_one_project() =>
        LinesOf(Source)
            .Where(line => !line.Contains("NotificationBus.Postgres", StringComparison.Ordinal))
            .Where(line => Sql().IsMatch(line))
            .ShouldBeEmpty();

    [Fact]
    public void Should_find_SQL_where_there_is_some() => LinesOf(Source).Count(line => Sql().IsMatch(line)).ShouldBeGreaterThan(5);

    [Fact]
    public void Should_keep_the_saga_from_knowing_any_channel() =>
        LinesOf(new DirectoryInfo(Path.Combine(Source.FullName, "NotificationBus", "Saga")))
            .Where(line => AnyChannel().IsMatch(line))
            .ShouldBeEmpty();

    [Fact]
    public void Should_keep_everybody_from_delaying_messages_in_the_broker() =>
        LinesOf(Source).Where(line => DelayInTheBroker().IsMatch(line)).ShouldBeEmpty();

    static List<string> References(string project)
    {
        var file = XDocument.Load(Path.Combine(Source.FullName, project, $"{project}.csproj"));
        return
        [
            .. file.Descendants("PackageReference").Select(reference => reference.Attribute("Include")!.Value),
            .. file.Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)),
        ];
    }

    static IEnumerable<string> ForeignTo(Type type, string[] allowed) =>
        type
            .Assembly.GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name =>
                !allowed.Any(pattern => pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : name == pattern)
            );

    /// <summary>Every line of source, with the place where it stands.</summary>
    static IEnumerable<string> LinesOf(DirectoryInfo folder) =>
        folder
            .EnumerateFiles("*.cs", SearchOption.AllDirectories)
            .Select(file => (File: file, Place: Path.GetRelativePath(Source.FullName, file.FullName)))
            .Where(source => !source.Place.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .SelectMany(source =>
                File.ReadLines(source.File.FullName).Select((line, index) => $"{source.Place}:{index + 1}: {line.Trim()}")
            );

    internal static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "NotificationBus.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("These tests run inside the repository.");

        return folder.FullName;
    }

    [GeneratedRegex(
        @"\b(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\s)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Sql();

    [GeneratedRegex(
        @"(?<![a-z])(e-?mail|push|sms)(?![a-z])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex AnyChannel();

    [GeneratedRegex(
        @"UseDelayedRedelivery|UseDelayedMessageScheduler|\.(Defer|Redeliver)\(",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex DelayInTheBroker();
}
