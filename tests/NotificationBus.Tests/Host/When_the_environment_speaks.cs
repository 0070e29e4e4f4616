using Microsoft.Extensions.Configuration;
using NotificationBus.Host.Settings;

namespace NotificationBus.Tests.Host;

/// <summary>Settings from the environment, which is full of other people's.</summary>
public sealed class When_the_environment_speaks
{
    // Of a login shell, a container and a build machine. Some are a letter or two from names of ours.
    const string Machine = """
        PATH HOME HOST HOSTNAME URL URLS ROLE RULES INDEX INBOX_URL PORT LANG LC_ALL TERM SHELL SHLVL PWD OLDPWD USER LOGNAME MAIL TMPDIR _
        EDITOR CHANNEL PROVIDER TEMPLATE EVENT_TYPE CHANNEL_ID POSTGRES_USER POSTGRES_PASSWORD POSTGRES_HOST PGHOST DATABASE_URL
        RABBITMQ_URL TRANSPORT_PROTOCOL DOTNET_RUNNING_IN_CONTAINER DOTNET_CLI_TELEMETRY_OPTOUT ASPNETCORE_HTTP_PORTS
        ASPNETCORE_ENVIRONMENT DOTNET_VERSION KUBERNETES_SERVICE_HOST KUBERNETES_PORT_443_TCP_ADDR GITHUB_ACTIONS
        CI RUNNER_OS LOGGING LOGIN__SHELL NODE__ENV INDEX__NAME REDIS__HOST SERIAL__PORT
        """;

    [Fact]
    public void Should_leave_what_is_the_machines_alone()
    {
        var names = Machine.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Except(["URLS"]);

        using var environment = new EnvironmentOfTheTest([.. names.Select(name => (name, "x"))]);

        SettingsCheck.Read(environment.Configuration).Transport.ShouldBe(Transport.InMemory);
    }

    [Theory]
    [InlineData("Transprt", "RabbitMq", "Transport")]
    [InlineData("TRANSPROT", "RabbitMq", "Transport")]
    [InlineData("Role", "api", "Roles")]
    [InlineData("Inbx", "true", "Inbox")]
    [InlineData("Channel__email__Providers__0", "smtp", "Channels")]
    [InlineData("EVENTTYPE__order-placed__Channels", "push", "EventTypes")]
    [InlineData("ConnectionString__Postgres", "Host=canary", "ConnectionStrings")]
    [InlineData("Provder__smtp__Host", "canary", "Providers")]
    [InlineData("Role__0", "api", "Roles")]
    [InlineData("Serlog__MinimumLevel__Default", "Debug", "Serilog")]
    public void Should_stop_at_what_is_misspelt(string name, string value, string meant)
    {
        using var environment = new EnvironmentOfTheTest((name, value));

        Should
            .Throw<SettingsException>(() => SettingsCheck.Read(environment.Configuration))
            .Message.ShouldBe($"{name.Split("__")[0]} in the environment is unknown; did you mean {meant}?");
    }

    [Theory]
    [InlineData("Logging__LogLevel__Default", true)]
    [InlineData("LOGGING__CONSOLE__FORMATTERNAME", true)]
    [InlineData("LOGGING", false)]
    [InlineData("Serilog__MinimumLevel__Default", false)]
    public void Should_say_what_changes_the_level_of_the_log_and_start(string name, bool passedOver)
    {
        using var environment = new EnvironmentOfTheTest((name, "Debug"));

        SettingsCheck.Read(environment.Configuration).Transport.ShouldBe(Transport.InMemory);

        SettingsCheck
            .PassedOver(environment.Configuration)
            .ShouldBe(
                passedOver
                    ? ["Logging has no effect here; set Serilog:MinimumLevel:Default and Serilog:MinimumLevel:Override"]
                    : Array.Empty<string>()
            );
    }

    [Theory]
    [InlineData("EventTypes__order-placed__Channels__0")]
    [InlineData("EventTypes__order-placed__Channels")]
    [InlineData("EVENTTYPES__ORDER-PLACED__CHANNELS__0")]
    public void Should_replace_a_list_and_not_mix_it(string name)
    {
        using var environment = new EnvironmentOfTheTest((name, "email"));

        var rules = SettingsCheck.Read(environment.Configuration).EventTypes;

        rules.Keys.ShouldBe(["order-placed", "announcement"], ignoreOrder: true);
        rules["order-placed"].Channels.ShouldBe(["email"]);
        rules["announcement"].Channels.ShouldBe(["push", "email"]);
    }

    [Fact]
    public void Should_yield_to_the_command_line_whatever_the_form_of_the_list()
    {
        using var environment = new EnvironmentOfTheTest(("Roles", "api,worker"), ("EventTypes__order-placed__Channels", "email,push"));

        var settings = SettingsCheck.Read(environment.With("--EventTypes:order-placed:Channels:0=push"));

        settings.EventTypes["order-placed"].Channels.ShouldBe(["push"]);
        settings.Roles.ShouldBe(["api", "worker"]);
    }

    [Fact]
    public void Should_compare_names_without_case()
    {
        using var environment = new EnvironmentOfTheTest(("CHANNELS__EMAIL__CONCURRENCY", "3"));

        var channels = SettingsCheck.Read(environment.Configuration).Channels;

        channels.Keys.ShouldBe(["email"]);
        channels["email"].Concurrency.Max.ShouldBe(3);
        channels["email"].Providers.ShouldBe(["sandbox"]);
    }

    /// <summary>The layers of the host: its file, the environment under a prefix of the test's own, the command line.</summary>
    sealed class EnvironmentOfTheTest : IDisposable
    {
        const string Settings = """
            {
              "Roles": ["api", "worker"],
              "EventTypes": { "order-placed": { "Channels": ["email", "push"] }, "announcement": { "Channels": ["push", "email"] } },
              "Channels": { "email": { "Providers": ["sandbox"] } }
            }
            """;

        readonly string _prefix = $"TEST{Guid.NewGuid():N}_";
        readonly IReadOnlyList<string> _names;

        public EnvironmentOfTheTest(params (string Name, string Value)[] variables)
        {
            _names = [.. variables.Select(variable => _prefix + variable.Name)];
            foreach (var (name, value) in variables)
                Environment.SetEnvironmentVariable(_prefix + name, value);
        }

        public IConfigurationRoot Configuration => With();

        public IConfigurationRoot With(params string[] args) =>
            new ConfigurationBuilder()
                .AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Settings)))
                .AddEnvironmentVariables(_prefix)
                .AddCommandLine(args)
                .Build();

        public void Dispose()
        {
            foreach (var name in _names)
                Environment.SetEnvironmentVariable(name, null);
        }
    }
}
