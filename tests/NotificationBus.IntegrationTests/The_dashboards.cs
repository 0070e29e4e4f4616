using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;
using YamlDotNet.RepresentationModel;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// What can be known about the dashboards without Grafana: their queries are read by Prometheus, and what is provisioned is there. Whether
/// each query has something to ask for is seen where hosts run (<see cref="When_Prometheus_scrapes_two_hosts"/>).
/// </summary>
public sealed class The_dashboards
{
    [Fact]
    public async Task Should_ask_what_Prometheus_understands()
    {
        Monitoring.Queries.Count.ShouldBeGreaterThan(10);
        using var folder = new TemporaryFolder();
        var rules = folder.Write(
            "queries.yml",
            "groups: [{ name: queries, rules: [\n"
                + string.Join(
                    ",\n",
                    Monitoring.Queries.Select(
                        (query, index) => $"{{ record: query:{index}, expr: {JsonSerializer.Serialize(query.Query)} }}"
                    )
                )
                + "]}]"
        );

        await Promtool.Run("check", "rules", rules);
    }

    [Fact]
    public void Should_ask_for_something_of_a_host() =>
        Monitoring
            .Queries.Where(query => !Monitoring.MetricsOf(query.Query).Any() && !query.Query.Contains("up{job=", StringComparison.Ordinal))
            .ShouldBeEmpty();

    [Fact]
    public void Should_begin_with_questions()
    {
        var first = Monitoring.Dashboards["questions.json"];

        foreach (var panel in first.GetProperty("panels").EnumerateArray())
        {
            panel.GetProperty("title").GetString().ShouldEndWith("?");
            panel.GetProperty("description").GetString().ShouldNotBeNullOrEmpty();
        }
    }

    [Fact]
    public void Should_each_have_a_name_of_its_own_and_fit_into_the_page()
    {
        Monitoring.Dashboards.Values.Select(page => page.GetProperty("uid").GetString()).ShouldBeUnique();
        foreach (var page in Monitoring.Dashboards.Values)
        {
            var panels = page.GetProperty("panels").EnumerateArray().ToList();
            panels.Select(panel => panel.GetProperty("id").GetInt32()).ShouldBeUnique();
            foreach (var place in panels.Select(panel => panel.GetProperty("gridPos")))
                (place.GetProperty("x").GetInt32() + place.GetProperty("w").GetInt32()).ShouldBeLessThanOrEqualTo(24);
        }
    }

    [Fact]
    public void Should_be_where_Grafana_looks_for_them()
    {
        var grafana = Path.Combine(Monitoring.Folder, "grafana", "provisioning");
        var source = Monitoring.Sequence(Monitoring.Read(Path.Combine(grafana, "datasources", "prometheus.yml"))["datasources"]).Single();
        var pages = Monitoring.Sequence(Monitoring.Read(Path.Combine(grafana, "dashboards", "notificationbus.yml"))["providers"]).Single();
        var services = Monitoring.Read(Path.Combine(Monitoring.Folder, "compose.yml"))["services"];

        (source["type"].ToString(), source["url"].ToString()).ShouldBe(("prometheus", "http://prometheus:9090"));
        var mounts = Monitoring.Sequence(services["grafana"]["volumes"]).Select(volume => volume.ToString().Split(':')).ToList();
        foreach (var mount in mounts)
            Directory.Exists(Path.Combine(Monitoring.Folder, mount[0])).ShouldBeTrue(mount[0]);
        var folder = mounts.Single(mount => mount[1] == pages["options"]["path"].ToString())[0];
        var home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].ToString();
        File.Exists(Path.Combine(Monitoring.Folder, folder, Path.GetFileName(home))).ShouldBeTrue();
        ((YamlMappingNode)services["prometheus"]).Children.ShouldContainKey("volumes");
    }

    [Fact]
    public void Should_have_hosts_to_ask()
    {
        var settings = Monitoring.Read(Path.Combine(Monitoring.Folder, "prometheus", "prometheus.yml"));
        var job = Monitoring.Sequence(settings["scrape_configs"]).Single();
        var found = Monitoring.Sequence(job["dns_sd_configs"]).Single();

        job["job_name"].ToString().ShouldBe("notificationbus", "the rules know it by that");
        Monitoring.Sequence(found["names"]).Single().ToString().ShouldBe("host", "that is the service in compose.yml");
        found["port"].ToString().ShouldBe("8080");
    }
}
