using NotificationBus.Chaos.Situations;

namespace NotificationBus.Chaos;

/// <summary>All situations, in the order in which they are run.</summary>
static class Catalogue
{
    public static IReadOnlyList<Situation> Situations { get; } =
    [
        new KillWorker(),
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
        new KillBroker(),
        new FreezeBroker(),
        new BlockBroker(),
    ];
}
