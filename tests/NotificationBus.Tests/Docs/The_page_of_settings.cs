using NotificationBus.Host;
using NotificationBus.Host.Settings;

namespace NotificationBus.Tests.Docs;

/// <summary>docs/settings.md says what the options say, and leaves none out.</summary>
public sealed class The_page_of_settings
{
    const string Write = "NOTIFICATIONBUS_WRITE_DOCS";
    const string Command = $"{Write}=true dotnet run --project tests/NotificationBus.Tests -- -class '*{nameof(The_page_of_settings)}'";

    static readonly string Place = Path.Combine(The_dependency_rule.Root(), SettingsPage.File);

    [Fact]
    public void Should_say_what_the_options_say()
    {
        var page = File.ReadAllText(Place);
        var filled = SettingsPage.Fill(page);
        if (Environment.GetEnvironmentVariable(Write) == "true")
            File.WriteAllText(Place, page = filled);

        var differs = page.Split('\n')
            .Zip(filled.Split('\n'))
            .Select((lines, index) => (lines.First, lines.Second, Number: index + 1))
            .FirstOrDefault(line => line.First != line.Second);
        page.ShouldBe(
            filled,
            $"{SettingsPage.File} is stale. Write it anew: {Command}\nThe first line that differs is {differs.Number}: "
                + $"\"{differs.First}\" must be \"{differs.Second}\"."
        );
    }

    [Fact]
    public void Should_name_its_own_command() => File.ReadAllText(Place).ShouldContain(Command);

    [Fact]
    public void Should_show_every_setting_once() =>
        SettingsPage
            .Misplaced(File.ReadAllText(Place))
            .ShouldBeEmpty($"These stand in no table of {SettingsPage.File}, or in two. A table begins with <!-- settings: Name Name -->.");

    [Fact]
    public void Should_show_what_is_the_frameworks()
    {
        var page = File.ReadAllText(Place);
        SettingsCheck
            .OfTheFramework.Where(name =>
                !page.Contains($"`{name}`", StringComparison.Ordinal) && !page.Contains($"`{name}:", StringComparison.Ordinal)
            )
            .ShouldBeEmpty();
    }

    [Fact]
    public void Should_be_in_short_in_the_help()
    {
        string[] whole = ["Providers:{account}:Type", "Providers:{account}:PerSecond", "Providers:{account}:Circuit"];
        var paths = SettingsPage
            .Common.Select(setting => setting.Path)
            .Where(path => !path.StartsWith("Providers:", StringComparison.Ordinal))
            .Concat(whole);
        paths.Where(path => !Help.Text.Contains(path, StringComparison.Ordinal)).ShouldBeEmpty();
    }
}
