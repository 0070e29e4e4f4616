using NotificationBus.Host;
using NotificationBus.IntegrationTests.Servers;
using YamlDotNet.RepresentationModel;

namespace NotificationBus.IntegrationTests;

/// <summary>What can be known about docker/ without an engine: it is read as it would be, and names only what exists.</summary>
public sealed class The_compose_file
{
    static readonly string Root = Repository.Root;
    static readonly string Dockerfile = File.ReadAllText(Path.Combine(Root, "docker", "Dockerfile"));
    static readonly YamlMappingNode Services = Map(Compose()["services"]);
    static readonly YamlMappingNode Host = Service("host");
    static readonly Dictionary<string, string> Environment = Map(Host["environment"])
        .ToDictionary(pair => pair.Key.ToString(), pair => pair.Value.ToString(), StringComparer.Ordinal);

    public static TheoryData<string> ServiceNames => [.. Services.Children.Keys.Select(name => name.ToString())];

    [Fact]
    public async Task Should_set_only_options_the_host_knows()
    {
        // Built and not started: it reads its settings, refuses what it does not know, and asks no server.
        await using var host = NotificationHost.Build([
            .. Environment.Select(setting => $"--{setting.Key.Replace("__", ":", StringComparison.Ordinal)}={setting.Value}"),
        ]);
    }

    [Fact]
    public void Should_use_the_image_its_own_dockerfile_builds()
    {
        var build = Map(Host["build"]);
        var context = Path.GetFullPath(Path.Combine(Root, "docker", build["context"].ToString()));

        context.ShouldBe(Root);
        File.Exists(Path.Combine(context, build["dockerfile"].ToString())).ShouldBeTrue();
        File.Exists(Path.Combine(context, build["dockerfile"] + ".dockerignore")).ShouldBeTrue();
    }

    [Fact]
    public void Should_publish_the_port_the_image_listens_on()
    {
        Dockerfile.ShouldContain("EXPOSE 8080");
        Dockerfile.ShouldContain("ASPNETCORE_HTTP_PORTS=8080");
        Ports(Host).ShouldBe(["127.0.0.1:8080-8099:8080"]);
    }

    /// <summary>Debts: --scale host=3 works; the mail catcher is named with its tag.</summary>
    [Fact]
    public void Should_leave_room_for_more_hosts()
    {
        Host.Children.ContainsKey("container_name").ShouldBeFalse();
        Host.Children.ContainsKey("hostname").ShouldBeFalse();
        Host.Children.ContainsKey("volumes").ShouldBeFalse();
        // Of a range each container gets a port; a single one only the first of them could have.
        Ports(Host)
            .Select(port => port.Split(':')[^2].Split('-'))
            .ShouldAllBe(range => range.Length == 2 && int.Parse(range[1]) - int.Parse(range[0]) >= 2);
    }

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void Should_name_the_version_of_every_image(string name)
    {
        var tag = Service(name).Children.TryGetValue("image", out var image)
            ? image.ToString().Split(':').ElementAtOrDefault(1)
            : "built here";

        tag.ShouldNotBeNullOrEmpty();
        tag.ShouldNotBe("latest");
    }

    [Fact]
    public void Should_name_services_that_exist()
    {
        var broker = new Uri(Environment["ConnectionStrings__RabbitMq"]);
        var database = new Npgsql.NpgsqlConnectionStringBuilder(Environment["ConnectionStrings__Postgres"]);
        var rabbitmq = Map(Service("rabbitmq")["environment"]);
        var postgres = Map(Service("postgres")["environment"]);

        new[] { broker.Host, database.Host!, Environment["Providers__smtp__Host"] }.ShouldAllBe(name =>
            Services.Children.ContainsKey(name)
        );
        broker.UserInfo.ShouldBe($"{rabbitmq["RABBITMQ_DEFAULT_USER"]}:{rabbitmq["RABBITMQ_DEFAULT_PASS"]}");
        (database.Username, database.Password, database.Database).ShouldBe(
            (postgres["POSTGRES_USER"].ToString(), postgres["POSTGRES_PASSWORD"].ToString(), postgres["POSTGRES_DB"].ToString())
        );
    }

    [Fact]
    public void Should_start_the_host_when_everything_it_needs_is_healthy() =>
        Map(Host["depends_on"])
            .Select(needed => (Name: needed.Key.ToString(), Condition: Map(needed.Value)["condition"].ToString()))
            .ShouldBe(
                Services
                    .Children.Keys.Select(name => name.ToString())
                    .Where(name => name is not "host" && !Service(name).Children.ContainsKey("profiles"))
                    .Select(name => (name, "service_healthy")),
                ignoreOrder: true
            );

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void Should_be_reachable_from_this_machine_alone_and_say_when_it_is_well(string name)
    {
        Ports(Service(name)).ShouldAllBe(port => port.StartsWith("127.0.0.1:", StringComparison.Ordinal));
        Map(Service(name)["healthcheck"]).Children.ContainsKey("test").ShouldBeTrue();
    }

    [Fact]
    public void Should_not_run_the_host_as_root() =>
        Dockerfile.Split('\n').Last(line => line.StartsWith("USER ", StringComparison.Ordinal)).ShouldBe("USER $APP_UID");

    [Fact]
    public void Should_copy_only_what_exists_into_the_image() =>
        Dockerfile
            .Split('\n')
            .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ')[1..^1])
            .Where(source => !source.StartsWith("--", StringComparison.Ordinal) && !Exists(source))
            .ShouldBeEmpty();

    static bool Exists(string source)
    {
        var parts = source.TrimEnd('/').Split('/');
        return parts.Length == 1
            ? Path.Exists(Path.Combine(Root, source.TrimEnd('/')))
            : Directory.EnumerateFiles(Path.Combine(Root, parts[0]), parts[^1], SearchOption.AllDirectories).Any();
    }

    static YamlMappingNode Compose()
    {
        var yaml = new YamlStream();
        using var text = File.OpenText(Path.Combine(Root, "docker", "compose.yml"));
        yaml.Load(text);
        return Map(yaml.Documents.Single().RootNode);
    }

    static YamlMappingNode Service(string name) => Map(Services[name]);

    static IEnumerable<string> Ports(YamlMappingNode service) => ((YamlSequenceNode)service["ports"]).Select(port => port.ToString());

    static YamlMappingNode Map(YamlNode node) => (YamlMappingNode)node;
}
