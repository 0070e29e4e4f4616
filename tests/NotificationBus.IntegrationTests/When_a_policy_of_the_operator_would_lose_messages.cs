using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.Host;
using NotificationBus.IntegrationTests.Servers;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

/// <summary>A policy of RabbitMQ makes queues drop messages, or nobody can tell whether one does.</summary>
public sealed class When_a_policy_of_the_operator_would_lose_messages(
    BusAndDatabase servers,
    When_a_policy_of_the_operator_would_lose_messages.ManagedBroker managed
) : IClassFixture<When_a_policy_of_the_operator_would_lose_messages.ManagedBroker>
{
    const int WrongSettings = 2;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    readonly PrivateAuthority _authority = managed.Authority;
    readonly RabbitMqServer _rabbit = managed.Server;

    /// <summary>A6: refused at start, with the names of policy and queue, whoever sets the policy and whichever queue it meets.</summary>
    [Fact]
    public async Task Should_not_start()
    {
        (string Pattern, string Definition, bool OfTheOperator, string Said)[] policies =
        [
            (".*", "[{<<\"max-length\">>, 5}]", false, "gives queue 'notifications' max-length 5"),
            ("^send-email$", "[{<<\"message-ttl\">>, 60000}]", false, "gives queue 'send-email' message-ttl 60000"),
            (
                "dead-letters$",
                "[{<<\"max-length-bytes\">>, 1000}]",
                false,
                "gives queue 'notifications-dead-letters' max-length-bytes 1000"
            ),
            ("^notifications-failed$", "[{<<\"expires\">>, 60000}]", true, "gives queue 'notifications-failed' expires 60000"),
            ("^receipts$", "[{<<\"delivery-limit\">>, 3}]", false, "gives queue 'receipts' delivery-limit 3"),
        ];
        var database = await servers.CreateDatabase();
        foreach (var (pattern, definition, ofTheOperator, said) in policies)
        {
            // Of its own: the plug-in shows a policy that was cleared for some seconds more.
            var broker = await _rabbit.CreateVirtualHost();
            await _rabbit.SetPolicy(broker, "limit-all", pattern, definition, ofTheOperator);
            (await Refuses(broker, database)).ShouldContain($"policy 'limit-all' {said}");
        }
    }

    /// <summary>
    /// A6: while it runs the host is not ready, says why, and takes nothing that would be lost, until the policy is cleared.
    /// </summary>
    [Fact]
    public async Task Should_not_be_ready_and_take_nothing_when_it_is_set_later()
    {
        var broker = await _rabbit.CreateVirtualHost();
        await using var host = await HostInProcess.Start(broker, await servers.CreateDatabase(), Management);
        await Until(async () => (await Ready(host)).Status == HttpStatusCode.OK);

        await _rabbit.SetPolicy(broker, "limit-all", "^send-push$", "[{<<\"max-length\">>, 5}]");

        await Until(async () => (await Ready(host)).Status == HttpStatusCode.ServiceUnavailable);
        (await Ready(host)).Text.ShouldContain("policy 'limit-all' gives queue 'send-push' max-length 5");
        (await host.Client.GetStringAsync(new Uri("/v1/status", UriKind.Relative))).ShouldContain("policy-loses-messages");
        var (status, problem) = await Post(host);
        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        problem.ShouldContain("urn:notificationbus:problem:would-be-lost");
        problem.ShouldContain("queue 'send-push'");
        await _rabbit.ClearPolicy(broker, "limit-all");
        await Until(async () => (await Ready(host)).Status == HttpStatusCode.OK);
        (await Post(host)).Status.ShouldBe(HttpStatusCode.Accepted);
    }

    /// <summary>
    /// A6: that nobody can tell is said as long as it is so, also to who asks later. And A14: what is declared otherwise hides no policy.
    /// </summary>
    [Fact]
    public async Task Should_say_when_nobody_can_tell_and_find_it_whatever_else_is_wrong()
    {
        const string Shipped = "NotificationBus.Contracts:OrderShipped";
        var broker = await _rabbit.CreateUser("shop", await _rabbit.CreateVirtualHost());
        await using var host = await HostInProcess.Start(broker, await servers.CreateDatabase(), Management);

        await Until(async () => (await Ready(host)).Status == HttpStatusCode.OK);
        (await Ready(host)).Text.ShouldContain(
            $"nobody can tell whether a policy of RabbitMQ makes queues drop messages: {_rabbit.ManagementUrl} answers 40"
        );
        await Until(() => HasProblem(host, "policies-unknown"));
        await _rabbit.Tag("shop", "management");
        await Until(async () => !await HasProblem(host, "policies-unknown"));
        (await Ready(host)).Text.ShouldNotContain("nobody can tell");

        await using (var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync())
        await using (var channel = await connection.CreateChannelAsync())
        {
            await channel.ExchangeDeleteAsync(Shipped);
            await channel.ExchangeDeclareAsync(Shipped, ExchangeType.Direct, durable: false);
        }

        await Until(async () =>
            (await Ready(host)).Text.Contains($"exchange '{Shipped}' exists with another type", StringComparison.Ordinal)
        );
        await _rabbit.SetPolicy(broker, "limit-all", "^send-push$", "[{<<\"max-length\">>, 5}]");
        await Until(() => HasProblem(host, "policy-loses-messages"));
        (await HasProblem(host, "declaration-refused")).ShouldBeTrue();
    }

    /// <summary>A14: a binding that was removed is bound again, and named where the plug-in shows it.</summary>
    [Fact]
    public async Task Should_name_a_binding_that_was_removed()
    {
        const string Shipped = "NotificationBus.Contracts:OrderShipped";
        var broker = await _rabbit.CreateVirtualHost();
        await using var host = await HostInProcess.Start(broker, await servers.CreateDatabase(), Management);
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();

        await channel.ExchangeUnbindAsync("notifications", Shipped, "");
        await channel.QueueUnbindAsync("receipts", "receipts", "");

        await Until(() => Task.FromResult(Named($"{Shipped} to notifications") && Named("receipts to receipts")));
        await Until(async () => (await _rabbit.Bindings(broker)).Contains((Shipped, "exchange", "notifications")));
        host.Output.Lines().Count(line => line.Contains("bindings were removed", StringComparison.Ordinal)).ShouldBeLessThanOrEqualTo(2);

        bool Named(string binding) =>
            host
                .Output.Lines()
                .Any(line =>
                    line.Contains("bindings were removed", StringComparison.Ordinal) && line.Contains(binding, StringComparison.Ordinal)
                );
    }

    static async Task<bool> HasProblem(HostInProcess host, string code) =>
        (await host.Client.GetStringAsync(new Uri("/v1/status", UriKind.Relative))).Contains($"\"{code}\"", StringComparison.Ordinal);

    /// <summary>
    /// A6: where the dead letters of all queues go is no reason: where ours go their declaration says, which counts before a policy.
    /// </summary>
    [Fact]
    public async Task Should_start_when_it_is_only_about_dead_letters()
    {
        var broker = await _rabbit.CreateVirtualHost();
        await _rabbit.SetPolicy(
            broker,
            "letters",
            ".*",
            "[{<<\"dead-letter-exchange\">>, <<\"theirs\">>}, {<<\"dead-letter-routing-key\">>, <<\"all\">>}]"
        );

        await using var host = await HostInProcess.Start(broker, await servers.CreateDatabase(), Management);

        await Until(async () => (await Ready(host)).Status == HttpStatusCode.OK);
        (await Post(host)).Status.ShouldBe(HttpStatusCode.Accepted);
    }

    /// <summary>D: an authority of one's own, and what is said of a certificate that nobody trusts.</summary>
    [Fact]
    public async Task Should_trust_the_authority_of_the_setting_and_say_when_a_certificate_is_not_trusted()
    {
        var broker = await _rabbit.CreateVirtualHost();
        var encrypted = _rabbit.Encrypted(broker);
        var database = await servers.CreateDatabase();

        (await Refuses(encrypted, database)).ShouldStartWith("ConnectionStrings:RabbitMq: the broker's certificate is not trusted");
        await using var host = await HostInProcess.Start(
            encrypted,
            database,
            new Dictionary<string, string>(Management, StringComparer.Ordinal) { ["RabbitMq:TrustedCertificate"] = _authority.PemFile }
        );

        await Until(async () => (await Ready(host)).Status == HttpStatusCode.OK);
        // A5: what the client cannot read is no more readable when it comes encrypted.
        await using var raw = await RawAmqpProducer.Connect(broker);
        await raw.Publish(
            "NotificationBus.Contracts:OrderShipped",
            RawAmqpProducer.Field("price", 'D', 29, 0, 0, 0, 1),
            "no JSON"u8.ToArray()
        );
        await using var record = new The_record(database);
        await record.Until("SELECT count(*) FROM failed_message WHERE headers::text LIKE '%\"price\":%'", 1, Soon);
        (await Post(host)).Status.ShouldBe(HttpStatusCode.Accepted);
        await record.UntilDelivered(1, Soon);
    }

    Dictionary<string, string> Management => new(StringComparer.Ordinal) { ["RabbitMq:ManagementUrl"] = $"{_rabbit.ManagementUrl}" };

    async Task<string> Refuses(Uri broker, string database)
    {
        using var error = new StringWriter();
        var settings = new Dictionary<string, string>(Management, StringComparer.Ordinal)
        {
            ["Urls"] = "http://127.0.0.1:0",
            ["Transport"] = "RabbitMq",
            ["Auth:Mode"] = "None",
            ["ConnectionStrings:RabbitMq"] = $"{broker}",
            ["ConnectionStrings:Postgres"] = database,
        };
        var running = NotificationHost.Run([.. settings.Select(setting => $"--{setting.Key}={setting.Value}")], TextWriter.Null, error);
        (await running.WaitAsync(Soon)).ShouldBe(WrongSettings, $"{error}");
        return error.ToString();
    }

    static async Task<(HttpStatusCode Status, string Text)> Ready(HostInProcess host)
    {
        using var answer = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        var details = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("details");
        return (answer.StatusCode, string.Join('\n', details.EnumerateObject().Select(detail => detail.Value.GetString())));
    }

    static async Task<(HttpStatusCode Status, string Text)> Post(HostInProcess host)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            new Uri("/v1/events/order-shipped", UriKind.Relative),
            new
            {
                orderId = "1042",
                product = "Blue ceramic bowl",
                buyer = new
                {
                    id = "buyer-7",
                    name = "Nok",
                    pushTokens = new[] { "demo-token" },
                },
            }
        );
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    static async Task Until(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Soon);
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
    }

    /// <summary>A broker with its management plug-in and with TLS, in which each test has a virtual host of its own.</summary>
    public sealed class ManagedBroker : IAsyncLifetime
    {
        internal PrivateAuthority Authority { get; } = new();

        internal RabbitMqServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await RabbitMqServer.Start(management: true, Authority.Issue());

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            Authority.Dispose();
        }
    }
}
