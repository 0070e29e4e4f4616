using NotificationBus.Chaos.Situations;

namespace NotificationBus.Chaos;

/// <summary>All situations, in the order in which they are run.</summary>
static class Catalogue
{
    public static IReadOnlyList<Situation> Situations { get; } =
    [
        new KillWorker(),
        new KillWorkerThatHolds(),
        new KillWorkerOfADeduplicatingProvider(),
        new KillSaga(),
        new KillApi(),
        new Provider500(),
        new ProviderHangs(),
        new Provider429(),
        new ProviderMalformed200(),
        new ProviderResets(),
        new ADownBTakesOver(),
        new AReturns(),
        new WrongCredentials(),
        new VendorsFail(),
        new VendorsAway(),
        new KillBroker(),
        new FreezeBroker(),
        new BlockBroker(),
        new LoseLeader("kill-leader", isFrozen: false),
        new LoseLeader("freeze-leader", isFrozen: true),
        new CloseConnections(),
        new ConsumerTimeout(),
        new OperatorPolicy(),
        new StopPostgres("stop-postgres", TimeSpan.FromSeconds(20)),
        new StopPostgres("stop-postgres-60", TimeSpan.FromSeconds(60)),
        new KillPostgres(),
        new StandbyHangs(),
        new SwitchOver(),
        new ClocksDiffer(),
        new SameEvent(),
        new OutOfOrder(),
        new RollingRestart(),
        new GracefulStop(),
        new Poison(),
        new Spike(),
        new RetryStorm(),
        new BulkDoesNotDelayTransactional(),
        new ScheduledSurvive(),
        new CancelRaces(),
        new WithdrawRaces(),
    ];
}
