using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NotificationBus.Channels;
using NotificationBus.Contracts;
using NotificationBus.Embedded;
using NotificationBus.Emulators;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Emulators;

/// <summary>A10: every emulated vendor answers 503 for a while: what waited is taken later, once, and nobody is asked to decide.</summary>
public sealed class When_a_vendor_is_away_for_a_while : With_emulators
{
    const int Count = 4;

    // What a slow machine has left in doubt is asked for again with pauses that grow.
    const int MostRounds = 100;

    static readonly TimeSpan Between = TimeSpan.FromMinutes(20);

    readonly FakeTimeProvider _clock = new(A.Time);

    public static TheoryData<string> Vendors => When_vendors_fail.Vendors;

    [Theory]
    [MemberData(nameof(Vendors))]
    public async Task Should_be_sent_once_when_it_is_back(string vendor)
    {
        var (chain, emulated) = (ChainOf(vendor), Emulator[vendor]);
        var waiting = Enumerable.Range(0, Count).Select(_ => DeliveryFor(vendor)).ToDictionary(delivery => delivery, Command);

        emulated.Faults = [new Fault { Kind = FaultKind.Fail }];
        for (var round = 0; round < 2; round++)
            (await Send(chain, waiting)).ShouldAllBe(outcome => outcome is ChainOutcome.NotNow);
        emulated.TakenCount.ShouldBe(0);

        emulated.Faults = [];
        for (var round = 0; waiting.Count > 0 && round < MostRounds; round++)
            (await Send(chain, waiting)).ShouldAllBe(outcome => outcome is ChainOutcome.NotNow || outcome is ChainOutcome.Sent);

        waiting.ShouldBeEmpty();
        emulated.TakenCount.ShouldBe(Count);
    }

    /// <summary>Sends all that wait, and keeps those that still do, as their commands come again.</summary>
    async Task<IReadOnlyList<ChainOutcome>> Send(ProviderChain chain, Dictionary<Delivery, SendDelivery> waiting)
    {
        var outcomes = new List<ChainOutcome>();
        foreach (var (delivery, command) in waiting.ToList())
        {
            var outcome = await chain.Send(delivery, command, Cancellation);
            outcomes.Add(outcome);
            if (outcome is ChainOutcome.NotNow later)
                waiting[delivery] = command with
                {
                    EarlierAttempts = later.Attempts,
                    EarlierInDoubt = later.InDoubt,
                    Redeliveries = command.Redeliveries + 1,
                };
            else
                waiting.Remove(delivery);
        }

        _clock.Advance(Between);
        return outcomes;
    }

    ProviderChain ChainOf(string vendor)
    {
        var controls = new InMemoryControls(_clock);
        var board = new ControlBoard(controls, _clock, NullLogger<ControlBoard>.Instance);
        board.StartAsync(Cancellation).GetAwaiter().GetResult();
        var provider = Account(vendor);
        var channel = new ServiceCollection()
            .AddChannels()
            .BuildServiceProvider()
            .GetServices<IChannel>()
            .Single(channel => channel.Name == provider.Channel);
        var factory = new ProviderChainFactory(
            new InMemoryAttemptLedger(_clock, controls),
            board,
            Options.Create(new RedeliveryOptions()),
            new Random(1),
            TimeProvider.System,
            NullLoggerFactory.Instance,
            An.Metrics()
        );
        return factory.Make(
            channel,
            [
                new ProviderAccount(
                    provider,
                    new AccountOptions(),
                    new ConcurrencyOptions(),
                    controls,
                    board,
                    _clock,
                    NullLogger<ProviderAccount>.Instance
                ),
            ],
            new ProviderRoutes([provider.Name], [])
        );
    }

    SendDelivery Command(Delivery delivery) =>
        new()
        {
            NotificationId = delivery.NotificationId,
            DeliveryId = delivery.Id,
            Channel = delivery.Channel,
            Address = delivery.Address,
            Category = delivery.Category,
            RecipientId = "seller-42",
            Data = default,
            // The chain goes by the clock of the machine.
            ExpiresAt = TimeProvider.System.GetUtcNow().AddDays(1),
        };
}
