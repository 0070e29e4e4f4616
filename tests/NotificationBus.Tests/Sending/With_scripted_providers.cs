using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NotificationBus.Channels.Email;
using NotificationBus.Contracts;
using NotificationBus.Embedded;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>A situation: two providers of one channel, a ledger whose clock the test moves, and what all hosts have in common.</summary>
public abstract class With_scripted_providers
{
    readonly Lazy<(ProviderChain Chain, ControlBoard Board)> _host;

    protected With_scripted_providers()
    {
        Controls = new InMemoryControls(Clock);
        Ledger = new InMemoryAttemptLedger(Clock, Controls);
        _host = new Lazy<(ProviderChain, ControlBoard)>(() => (AnotherHost(out var board), board));
    }

    internal WatchedClock Clock { get; } = new();

    internal ScriptedProvider First { get; } = new("first", "email");

    internal ScriptedProvider Second { get; } = new("second", "email");

    internal InMemoryAttemptLedger Ledger { get; }

    /// <summary>What happens while a claim waits for the ledger.</summary>
    internal Action? WhileClaiming { get; set; }

    /// <summary>What happens before an outcome is recorded.</summary>
    internal Action? BeforeRecording { get; set; }

    internal InMemoryControls Controls { get; }

    internal ControlBoard Board => _host.Value.Board;

    /// <summary>Settings of the first account beside its own.</summary>
    internal AccountOptions FirstAccount { get; } = new();

    /// <summary>When what no provider took comes again, and when it does not.</summary>
    internal RedeliveryOptions Redelivery { get; } = new();

    /// <summary>Routes of the channel. None, unless a test sets some before the first delivery.</summary>
    internal IReadOnlyList<ChannelRoute> Routes { get; set; } = [];

    internal static Delivery TheDelivery { get; } =
        new()
        {
            NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
            Id = Guid.Parse("22222222-2222-2222-2222-222222222222"),
            Channel = "email",
            Address = "som@example.com",
            Category = "order-placed",
            Content = new Text("It is on its way."),
        };

    internal SendDelivery TheCommand => CommandFor(TheDelivery);

    /// <summary>What the ledger has: number, provider, status, reason.</summary>
    protected IEnumerable<string> Attempts =>
        Ledger
            .AttemptsOf(TheDelivery.NotificationId)
            .Select(attempt => $"{attempt.Number} {attempt.Provider} {attempt.Status} {attempt.Reason}".TrimEnd());

    internal static Delivery Another() => TheDelivery with { NotificationId = Guid.NewGuid(), Id = Guid.NewGuid() };

    internal SendDelivery CommandFor(Delivery delivery) =>
        new()
        {
            NotificationId = delivery.NotificationId,
            DeliveryId = delivery.Id,
            Channel = delivery.Channel,
            Address = delivery.Address,
            Category = delivery.Category,
            RecipientId = "seller-42",
            Data = default,
            ExpiresAt = Clock.GetUtcNow().AddDays(1),
        };

    /// <summary>The channel as another host has it: its own accounts and its own copy of what is common.</summary>
    internal ProviderChain AnotherHost(out ControlBoard board)
    {
        var copy = board = new ControlBoard(Controls, Clock, NullLogger<ControlBoard>.Instance);
        copy.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
        var factory = new ProviderChainFactory(
            new BusyLedger(this),
            copy,
            Options.Create(Redelivery),
            new NoDelay(),
            Clock,
            NullLoggerFactory.Instance,
            An.Metrics()
        );
        return factory.Make(
            new EmailChannel(),
            [Account(First, FirstAccount), Account(Second, new AccountOptions())],
            new ProviderRoutes(["first", "second"], Routes)
        );

        ProviderAccount Account(IProvider provider, AccountOptions options) =>
            new(provider, options, new ConcurrencyOptions(), Controls, copy, Clock, NullLogger<ProviderAccount>.Instance);
    }

    internal Task<ChainOutcome> Send(SendDelivery? command = null) => Send(TheDelivery, command ?? TheCommand);

    internal Task<ChainOutcome> Send(Delivery delivery, int earlierAttempts = 0) =>
        Send(delivery, CommandFor(delivery) with { EarlierAttempts = earlierAttempts });

    internal Task<ChainOutcome> Send(Delivery delivery, SendDelivery command) =>
        _host.Value.Chain.Send(delivery, command, CancellationToken.None);

    /// <summary>An operator sets something for an account, and this host hears of it.</summary>
    internal async Task Set(ProviderControl setting, string account = "first")
    {
        _ = Board;
        await Controls.ChangeProvider(
            account,
            new AccountOptions(),
            _ => setting,
            new ChangedBy("ann", "they are down"),
            CancellationToken.None
        );
        await Until(() => Board.Current.Provider(account) == setting);
    }

    /// <summary>The command as it comes again.</summary>
    internal static SendDelivery Again(SendDelivery command, ChainOutcome.NotNow notNow) =>
        command with
        {
            EarlierAttempts = notNow.Attempts,
            EarlierInDoubt = notNow.InDoubt,
            MayHaveBeenSent = notNow.MayHaveBeenSent,
            Redeliveries = command.Redeliveries + 1,
            Slot = notNow.Slot,
        };

    /// <summary>Waits for what another thread does.</summary>
    internal static async Task Until(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Pulse.Patience);
        while (!condition())
            await Task.Delay(1, patience.Token);
    }

    sealed record Text(string Value) : Content;

    /// <summary>The ledger, whose database may take its time.</summary>
    sealed class BusyLedger(With_scripted_providers situation) : IAttemptLedger
    {
        public Task<AttemptClaim> Claim(
            DeliveryAttempt attempt,
            string address,
            string category,
            TimeSpan lease,
            CancellationToken cancellationToken
        )
        {
            situation.WhileClaiming?.Invoke();
            return situation.Ledger.Claim(attempt, address, category, lease, cancellationToken);
        }

        public Task<bool> Record(DeliveryAttempt outcome, string? suppressedAddress, CancellationToken cancellationToken)
        {
            situation.BeforeRecording?.Invoke();
            return situation.Ledger.Record(outcome, suppressedAddress, cancellationToken);
        }

        public Task<IReadOnlyList<DeliveryAttempt>> Cancel(
            Guid notificationId,
            Guid deliveryId,
            string channel,
            string reason,
            CancellationToken cancellationToken
        ) => situation.Ledger.Cancel(notificationId, deliveryId, channel, reason, cancellationToken);

        public Task<IReadOnlyList<DeliveryAttempt>> AttemptsOf(Guid notificationId, Guid deliveryId, CancellationToken cancellationToken) =>
            situation.Ledger.AttemptsOf(notificationId, deliveryId, cancellationToken);

        public Task<DeliveryAttempt?> FindByDelivery(string provider, Guid deliveryId, CancellationToken cancellationToken) =>
            situation.Ledger.FindByDelivery(provider, deliveryId, cancellationToken);

        public Task<DeliveryAttempt?> FindByMessage(string provider, string providerMessageId, CancellationToken cancellationToken) =>
            situation.Ledger.FindByMessage(provider, providerMessageId, cancellationToken);
    }

    /// <summary>Retries at once.</summary>
    sealed class NoDelay : Random
    {
        public override double NextDouble() => 0;
    }
}
