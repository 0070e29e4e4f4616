using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>The rules of docker/prometheus, judged by the program that comes with Prometheus.</summary>
public sealed class The_alerts
{
    const string Page = "docs/alerts.md";

    static readonly string Tests = Path.Combine(Repository.Root, "tests", "monitoring");

    [Fact]
    public async Task Should_be_read_by_Prometheus() =>
        (await Promtool.Run("check", "config", Path.Combine(Monitoring.Folder, "prometheus", "prometheus.yml"))).ShouldContain(
            $"{Monitoring.Rules.Count} rules found"
        );

    [Fact]
    public async Task Should_each_fire_when_it_has_to_and_not_before() =>
        await Promtool.Run(["test", "rules", .. Directory.EnumerateFiles(Tests, "*.test.yml")]);

    [Fact]
    public void Should_each_be_one_that_fires_in_a_test() =>
        Monitoring
            .Alerts.Except(
                from file in Directory.EnumerateFiles(Tests, "*.test.yml")
                from test in Monitoring.Sequence(Monitoring.Read(file)["tests"])
                from check in Monitoring.Sequence(test["alert_rule_test"])
                where Monitoring.Sequence(check["exp_alerts"]).Any()
                select check["alertname"].ToString(),
                StringComparer.Ordinal
            )
            .ShouldBeEmpty();

    [Fact]
    public void Should_each_lead_to_a_paragraph_that_says_what_to_do()
    {
        Monitoring.Alerts.Count.ShouldBeGreaterThan(9);
        var anchors = Readme.AnchorsOf(new FileInfo(Path.Combine(Repository.Root, Page)));

        foreach (var rule in Monitoring.Rules.Where(rule => rule.Children.ContainsKey("alert")))
        {
            var anchor = $"{rule["alert"]}".ToLowerInvariant();
            rule["annotations"]["runbook_url"].ToString().ShouldBe($"{Page}#{anchor}");
            anchors.ShouldContain(anchor);
            rule["annotations"]["summary"].ToString().ShouldNotBeNullOrEmpty();
            rule["labels"]["severity"].ToString().ShouldBeOneOf("critical", "warning");
        }
    }
}
