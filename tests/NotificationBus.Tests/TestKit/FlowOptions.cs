using MassTransit;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Providers.Routing;

namespace NotificationBus.Tests.TestKit;

/// <summary>What a test wants of its <see cref="EmbeddedFlow"/> that most do not.</summary>
sealed record FlowOptions
{
    public DeliveryMode Mode { get; init; } = DeliveryMode.AllAtOnce;

    /// <summary>How many hosts publish what is due; by itself nobody does.</summary>
    public int Dispatchers { get; init; }

    /// <summary>How many hosts look for forgotten notifications; by itself nobody does.</summary>
    public int Sweeps { get; init; }

    public TimeSpan? EscalateAfter { get; init; }

    public DeliveryProof EscalateUnless { get; init; } = DeliveryProof.Sent;

    /// <summary>The accounts for e-mail, in the order in which they are tried.</summary>
    public IReadOnlyList<string> Mailers { get; init; } = ["scripted"];

    /// <summary>Routes of e-mail.</summary>
    public IReadOnlyList<ChannelRoute> MailRoutes { get; init; } = [];

    /// <summary>Results go over the bus, as from a host that sends only.</summary>
    public bool SagaElsewhere { get; init; }

    /// <summary>Commands reach the senders without the bus, as in a host that does both.</summary>
    public bool SendsHere { get; init; }

    /// <summary>Nobody takes commands: the test says itself what became of them.</summary>
    public bool NobodySends { get; init; }

    /// <summary>Orders have SMS as a third channel.</summary>
    public bool SmsLast { get; init; }

    public TextsPolicy Texts { get; init; } = TextsPolicy.Planned;

    public InDoubtPolicy OnInDoubt { get; init; } = InDoubtPolicy.Resend;

    /// <summary>Says more about channels, by name.</summary>
    public Action<IReadOnlyDictionary<string, ChannelOptions>>? Set { get; init; }

    /// <summary>Says more about the bus.</summary>
    public Action<IInMemoryBusFactoryConfigurator>? Configure { get; init; }
}
