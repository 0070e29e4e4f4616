using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NotificationBus.Host.RabbitMq;
using NotificationBus.Host.Settings;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.Tests.Host;

/// <summary>A6: a plug-in that is slow, or goes. What a real one says, the integration tests ask.</summary>
public sealed class When_the_management_plug_in_is_asked(RunningHost host) : IClassFixture<RunningHost>, IAsyncLifetime
{
    const int LooksUntilForgotten = 6;

    static readonly Dictionary<string, string> s_harm = new(StringComparer.Ordinal) { ["send-email"] = "a policy" };

    readonly ScriptedHttpServer _plugIn = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _plugIn.DisposeAsync();

    [Fact]
    public async Task Should_ask_for_all_queues_at_the_same_time()
    {
        var topology = Topology;
        var policies = Policies(topology);
        using var enough = new CancellationTokenSource();

        var asking = policies.Find(enough.Token);

        // It answers none of them.
        var waiting = Stopwatch.StartNew();
        while (_plugIn.Requests.Count < topology.Queues.Count && waiting.Elapsed < RunningHost.Patience)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        await enough.CancelAsync();
        _plugIn.Requests.Count.ShouldBe(topology.Queues.Count);
        await Should.ThrowAsync<OperationCanceledException>(asking);
    }

    [Theory]
    [InlineData("""{"max-length":5}""", false)]
    [InlineData("""{"dead-letter-exchange":"theirs","dead-letter-routing-key":"all","dead-letter-strategy":"at-least-once"}""", true)]
    [InlineData("""{"delivery-limit":99999}""", false)]
    [InlineData("""{"delivery-limit":0}""", false)]
    [InlineData("""{"delivery-limit":-1}""", true)]
    [InlineData("[]", true)]
    public async Task Should_find_what_loses_messages(string definition, bool isHarmless)
    {
        _plugIn.Answers("200 OK", $$"""{"policy":"theirs","effective_policy_definition":{{definition}}}""");
        var topology = Topology;
        var policies = Policies(topology);

        (await policies.Find(TestContext.Current.CancellationToken))
            .ShouldNotBeNull()
            .Count.ShouldBe(isHarmless ? 0 : topology.Queues.Count);
        policies.HasSeenAll.ShouldBeTrue();
    }

    [Fact]
    public void Should_forget_after_some_looks_when_it_answers_no_more()
    {
        using var gate = new IntakeGate(
            Options.Create(new IntakeOptions()),
            new PublishLimit(Options.Create(new PublishingOptions()), TimeProvider.System),
            NullLogger<IntakeGate>.Instance
        );
        var watch = new PolicyWatch(policies: null!, gate, NullLogger<PolicyWatch>.Instance);

        watch.Learn(s_harm);
        for (var look = 1; look < LooksUntilForgotten; look++)
        {
            watch.Learn(null);
            gate.IsClosed.ShouldBeTrue();
        }

        watch.Learn(null);
        gate.IsClosed.ShouldBeFalse();
        watch.Harm.ShouldBeEmpty();

        // What it tells again counts again.
        watch.Learn(s_harm);
        gate.IsClosed.ShouldBeTrue();
    }

    /// <summary>A18: a service binds to an outcome before the first notification has come to that end.</summary>
    [Theory]
    [InlineData("Delivered")]
    [InlineData("PartlyDelivered")]
    [InlineData("Cancelled")]
    [InlineData("Expired")]
    [InlineData("Failed")]
    [InlineData("Rejected")]
    public void Should_declare_the_exchange_of_every_outcome(string outcome) =>
        Topology.Exchanges.ShouldContain(exchange =>
            exchange.EndsWith($"NotificationBus.Contracts:Notification{outcome}", StringComparison.Ordinal)
        );

    BrokerTopology Topology => new(host.Of<ChannelSet>(), [], [], host.Of<PlanningRules>(), host.Bus);

    PolicyCheck Policies(BrokerTopology topology) =>
        new(
            new ManagementPlugIn(
                new HostSettings
                {
                    ConnectionStrings = new ServerAddresses { RabbitMq = "amqp://localhost" },
                    RabbitMq = new RabbitMqOptions { ManagementUrl = $"{new Uri(_plugIn.Url, "/")}" },
                }
            ),
            topology
        );
}
