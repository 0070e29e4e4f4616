using NotificationBus.Host;
using NotificationBus.IntegrationTests.Servers;
using Npgsql;

namespace NotificationBus.IntegrationTests;

public sealed class When_hosts_start(BusAndDatabase servers)
{
    const int WrongSettings = 2;

    // A host with wrong settings gives up at once; the rest is for a busy machine.
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_migrate_once_when_several_start_at_the_same_moment()
    {
        var (broker, database) = await servers.CreateBothEmpty();
        await using var record = new The_record(database);

        var hosts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => HostInProcess.Start(broker, database)));
        try
        {
            (await record.Scalar<long>("""SELECT count(*) - count(DISTINCT "MigrationId") FROM "__EFMigrationsHistory" """)).ShouldBe(0);
            hosts
                .SelectMany(host => host.Output.Lines())
                .Count(line => line.Contains("Applied migrations", StringComparison.Ordinal))
                .ShouldBe(1);
        }
        finally
        {
            foreach (var host in hosts)
                await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Should_refuse_tables_that_are_too_old_when_they_may_not_migrate()
    {
        var (broker, database) = await servers.CreateBothEmpty();

        var explanation = await Refuses(broker, database, ("Postgres:Migrate", "false"));

        explanation.ShouldStartWith("ConnectionStrings:Postgres: the database lacks migration");
        explanation.ShouldContain("Postgres:Migrate=true");
    }

    [Fact]
    public async Task Should_refuse_tables_of_a_newer_version()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await record.Scalar<string>(
            """INSERT INTO "__EFMigrationsHistory" VALUES ('29990101000000_Future', '99.0') RETURNING "MigrationId" """
        );

        (await Refuses(broker, database)).ShouldContain("29990101000000_Future");
    }

    [Theory]
    [InlineData("send-email", "x-delivery-limit", 20, "100000")]
    [InlineData("notifications", "x-queue-type", "classic", "quorum")]
    [InlineData("notifications-failed", "x-delivery-limit", 20, "100000")]
    [InlineData("send-push", "x-dead-letter-exchange", "elsewhere", "notifications-dead-letters")]
    public async Task Should_name_the_queue_and_the_argument_that_are_wrong(string queue, string argument, object wrong, string needed)
    {
        var (broker, database) = await servers.CreateBoth();
        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["x-queue-type"] = "quorum",
            ["x-delivery-limit"] = 100_000,
            ["x-dead-letter-exchange"] = "notifications-dead-letters",
        };
        arguments[argument] = wrong;
        // A classic queue has no delivery limit to be wrong about.
        if (wrong is "classic")
            arguments.Remove("x-delivery-limit");
        await The_broker.Declare(broker, queue, arguments);

        var explanation = await Refuses(broker, database);

        explanation.ShouldContain($"queue '{queue}'");
        explanation.ShouldContain(argument);
        explanation.ShouldContain($"needed is {needed}");
        explanation.ShouldContain($"it has {wrong}");
    }

    [Fact]
    public async Task Should_say_which_server_does_not_answer_and_under_which_key_it_stands()
    {
        var (broker, database) = await servers.CreateBothEmpty();
        var nowhere = FreePort.Take();

        var withoutBroker = Refuses(new Uri($"amqp://guest:guest@127.0.0.1:{nowhere}"), database, ("Postgres:StartTimeout", "00:00:01"));
        var withoutDatabase = Refuses(
            broker,
            $"Host=127.0.0.1;Port={nowhere};Username=nobody;Database=none",
            ("Postgres:StartTimeout", "00:00:01")
        );

        (await withoutBroker).ShouldBe($"ConnectionStrings:RabbitMq: no broker answers at 127.0.0.1:{nowhere}");
        (await withoutDatabase).ShouldBe("ConnectionStrings:Postgres: PostgreSQL does not answer (ConnectionRefused)");
    }

    [Fact]
    public async Task Should_not_wait_for_a_password_to_become_right()
    {
        var (broker, database) = await servers.CreateBoth();
        var wrongPassword = new UriBuilder(broker) { Password = "wrong" }.Uri;

        await using var host = Launch(wrongPassword, database);

        (await host.Exit.WaitAsync(Soon)).ShouldBe(WrongSettings);
        host.Output.Lines()[^1].ShouldBe("ConnectionStrings:RabbitMq: the broker refuses the user or the password");
        host.Output.ToString().ShouldNotContain("wrong");
    }

    [Theory]
    [InlineData("Password", null, "no connection can be made (No password has been provided")]
    [InlineData("Passfile", "no-such-file", "Could not find file")]
    [InlineData("SSL Mode", "Require", "no connection can be made (SSL connection requested")]
    public async Task Should_not_wait_for_what_the_connection_string_lacks(string part, string? value, string explanation)
    {
        var (broker, database) = await servers.CreateBoth();
        var wrong = new NpgsqlConnectionStringBuilder(database) { Password = null, [part] = value };

        await using var host = Launch(broker, wrong.ConnectionString);

        (await host.Exit.WaitAsync(Soon)).ShouldBe(WrongSettings, $"{host.Output}");
        host.Output.Lines()[^1].ShouldStartWith($"ConnectionStrings:Postgres: {explanation}");
        host.Output.ToString().ShouldNotContain("   at ");
    }

    [Fact]
    public async Task Should_name_the_setting_when_the_virtual_host_is_missing()
    {
        var (broker, database) = await servers.CreateBoth();
        var elsewhere = new UriBuilder(broker) { Path = "/no-such-virtual-host" }.Uri;

        await using var host = Launch(elsewhere, database);

        (await host.Exit.WaitAsync(Soon)).ShouldBe(WrongSettings, $"{host.Output}");
        host.Output.Lines()[^1].ShouldStartWith("ConnectionStrings:RabbitMq: the broker has no such virtual host");
        host.Output.ToString().ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("true", "GRANT CREATE")]
    [InlineData("false", "GRANT the user SELECT")]
    public async Task Should_say_what_the_user_of_the_database_needs(string migrate, string needed)
    {
        var (broker, database) = await servers.CreateBothEmpty();
        var user = $"nbtest_{Guid.CreateVersion7():N}";
        await using (var record = new The_record(database))
        {
            await record.Execute($"CREATE ROLE {user} LOGIN PASSWORD 'canary'; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
            // The tables are another's; without them there is nothing this user could be refused.
            if (migrate == "false")
                await record.Execute("CREATE TABLE \"__EFMigrationsHistory\" (\"MigrationId\" text, \"ProductVersion\" text)");
        }

        await using (
            var host = Launch(
                broker,
                new NpgsqlConnectionStringBuilder(database) { Username = user, Password = "canary" }.ConnectionString,
                ("Postgres:Migrate", migrate)
            )
        )
        {
            (await host.Exit.WaitAsync(Soon)).ShouldBe(WrongSettings);
            host.Output.Lines()[^1].ShouldStartWith("ConnectionStrings:Postgres: PostgreSQL refused (42501: permission denied for");
            host.Output.Lines()[^1].ShouldContain(needed);
            host.Output.ToString().ShouldNotContain("   at ");
            host.Output.ToString().ShouldNotContain("canary");
        }

        await using var owner = new The_record(database);
        await owner.Execute($"DROP ROLE {user}");
    }

    [Fact]
    public async Task Should_wait_for_a_database_that_stops_answering_in_the_middle()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = await NpgsqlDataSource.Create(database).OpenConnectionAsync();
        await using var transaction = await record.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("LOCK TABLE \"__EFMigrationsHistory\"", record, transaction))
            await hold.ExecuteNonQueryAsync();

        await using var host = Launch(broker, database + ";Command Timeout=1");
        await host.Line(line => line.Contains("Waiting for PostgreSQL", StringComparison.Ordinal), Soon);
        await transaction.RollbackAsync();

        await host.UntilReady();
    }

    [Fact]
    public async Task Should_start_on_an_empty_database_without_an_error()
    {
        var (broker, database) = await servers.CreateBothEmpty();

        await using var host = await HostInProcess.Start(broker, database);

        host.Output.ToString().ShouldNotContain("__EFMigrationsHistory");
        host.Output.Lines().ShouldNotContain(line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sandbox", "sandbox", "email,push")]
    [InlineData("smtp,sandbox", "sandbox", "email,push")]
    [InlineData("smtp", "sandbox", "push")]
    public async Task Should_warn_of_every_channel_that_does_not_really_send(string email, string push, string warned)
    {
        var (broker, database) = await servers.CreateBoth();

        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Channels:email:Providers"] = email,
                ["Channels:push:Providers"] = push,
                ["Providers:smtp:Host"] = "localhost",
                ["Providers:smtp:From"] = "shop@example.com",
            }
        );

        var warnings = host.Output.Lines().Where(line => line.Contains("caught, not sent", StringComparison.Ordinal)).ToList();
        warnings.Count.ShouldBe(warned.Split(',').Length);
        foreach (var channel in warned.Split(','))
            warnings.ShouldContain(line => line.Contains($"Channels:{channel}:Providers", StringComparison.Ordinal));
    }

    /// <summary>
    /// What a host says that ends at once because of its settings. It runs in the process of the tests, whose console is no place for its
    /// log.
    /// </summary>
    static async Task<string> Refuses(Uri broker, string database, params (string Key, string Value)[] settings)
    {
        using var error = new StringWriter();
        var host = NotificationHost.Run(
            [
                .. OpenToAll.Unless(Settings(broker, database, settings)).Select(setting => $"--{setting.Key}={setting.Value}"),
                "--Urls=http://127.0.0.1:0",
                "--Serilog:MinimumLevel:Default=Fatal",
            ],
            TextWriter.Null,
            error
        );
        (await host.WaitAsync(Soon)).ShouldBe(WrongSettings);
        return error.ToString().TrimEnd();
    }

    /// <summary>The same in a process of its own, for those that read its log.</summary>
    static HostProcess Launch(Uri broker, string database, params (string Key, string Value)[] settings) =>
        HostProcess.Launch(Settings(broker, database, settings));

    static Dictionary<string, string> Settings(Uri broker, string database, (string Key, string Value)[] settings) =>
        settings
            .Append(("Transport", "RabbitMq"))
            .Append(("ConnectionStrings:RabbitMq", $"{broker}"))
            .Append(("ConnectionStrings:Postgres", database))
            .ToDictionary(setting => setting.Item1, setting => setting.Item2, StringComparer.Ordinal);
}
