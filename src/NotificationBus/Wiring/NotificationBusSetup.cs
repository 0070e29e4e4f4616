using MassTransit;
using MassTransit.Saga;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using NotificationBus.Access;
using NotificationBus.Contents;
using NotificationBus.Embedded;
using NotificationBus.Erasures;
using NotificationBus.Failures;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Intake.Maps;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Planning;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Receipts;
using NotificationBus.Repairs;
using NotificationBus.Saga;
using NotificationBus.Saga.Persistence;
using NotificationBus.Sending;
using NotificationBus.Status;
using NotificationBus.Subscriptions;
using NotificationBus.Telemetry;
using NotificationBus.Templates;

namespace NotificationBus.Wiring;

/// <summary>Registration of the flow. The host adds channels, a store and a transport to it.</summary>
public static class NotificationBusSetup
{
    /// <summary>Adds the flow.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="eventTypes">What each category uses, by category.</param>
    /// <param name="channels">What each channel uses, by channel.</param>
    public static IServiceCollection AddNotificationBus(
        this IServiceCollection services,
        IReadOnlyDictionary<string, EventTypeOptions> eventTypes,
        IReadOnlyDictionary<string, ChannelOptions> channels
    )
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new SenderOptions());
        services.TryAddSingleton(ApplicationChoices.None);
        services.AddSingleton(eventTypes);
        services.AddSingleton(channels);

        services.AddEventMap<ChatMessageSentMap>();
        services.AddEventMap<OrderPlacedMap>();
        services.AddEventMap<PaymentReminderDueMap>();
        services.AddEventMap<OrderShippedMap>();
        services.AddEventMap<NotificationRequestedMap>();
        services.AddWithdrawalMap<OrderPaidMap>();

        services.AddMetrics();
        services.AddSingleton<FlowMetrics>();
        services.AddSingleton<FlowGauges>();
        services.AddSingleton<ChannelSet>();
        services.AddSingleton<ProviderAccountFactory>();
        services.AddSingleton<ProviderChainFactory>();
        services.AddSingleton<ProviderChains>();
        services.AddSingleton<SendBulkhead>();
        services.AddSingleton<ContentKeys>();
        services.AddSingleton<ContentPacking>();
        services.AddSingleton<DeliveryContents>();
        services.AddSingleton<KeptFiles>();
        services.AddSingleton<FileMemory>();
        services.AddSingleton<FileServers>();
        services.AddSingleton<DeliveryFiles>();
        services.AddSingleton<DeliveryFilling>();
        services.AddSingleton<AddressLimits>();
        services.AddSingleton<DestinationGuard>();
        services.AddSingleton<SendPipeline>();
        services.AddSingleton<EventTypeRules>();
        services.AddSingleton<IntakeRules>();
        services.AddSingleton<PlanningRules>();
        services.AddSingleton<IntakeGate>();
        services.TryAddSingleton<IMessageApplications, BelievedApplications>();
        services.AddSingleton<RecentlyAccepted>();
        services.AddSingleton<Repetitions>();
        services.AddSingleton<AcceptanceLog>();
        services.AddSingleton<NotificationIntake>();
        services.AddSingleton<NotificationSteps>();
        services.AddSingleton<Cancellations>();
        services.AddSingleton<WaitingCancellations>();
        services.AddSingleton<WithdrawalRules>();
        services.AddSingleton<Withdrawals>();
        services.AddSingleton<Erasure>();
        services.AddSingleton<OutcomeWatch>();
        services.AddSingleton<EventReader>();
        services.AddSingleton<Explanations>();
        services.AddSingleton<PublishLimit>();
        services.AddSingleton<OutgoingPublisher>();
        services.AddSingleton<DeliveryNews>();
        services.AddSingleton<EffectsPublisher>();
        services.AddSingleton<NotificationPartitions>();
        services.AddSingleton<NotificationCache>();
        services.AddSingleton<ResultReporter>();
        services.AddSingleton<Redelivery>();
        services.AddSingleton<UnsubscribeLinks>();
        services.AddSingleton<ReceiptIntake>();
        services.AddSingleton<ReceiptTiming>();
        services.AddSingleton<ReceiptLocator>();
        services.AddSingleton<ReceiptMasking>();
        services.AddSingleton<ReceiptSuppression>();
        services.AddSingleton<SupersededReceipts>();
        services.AddSingleton<ReceiptReporter>();
        services.AddSingleton<KeptContents>();
        services.AddSingleton<HeldDecisions>();
        services.AddSingleton<RepairForecast>();
        services.AddSingleton<RepairJudgement>();
        services.AddSingleton<RepairPlanner>();
        services.AddSingleton<RepairRequests>();
        services.AddSingleton<DeliveryResends>();
        services.AddSingleton<StartedRepairs>();
        services.AddSingleton<WaitingReadings>();
        services.AddSingleton<ControlBoard>();
        services.AddHostedService(provider => provider.GetRequiredService<ControlBoard>());
        services.AddHostedService<CircuitWatch>();
        services.AddSingleton<SubscriptionBoard>();
        services.AddHostedService(provider => provider.GetRequiredService<SubscriptionBoard>());
        services.AddSingleton<EventFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<EventFeed>());
        services.AddSingleton<SubscriptionSecrets>();
        services.AddSingleton<SubscriberCalls>();
        services.AddSingleton<KeyIssuer>();
        services.AddSingleton<FailureReader>();
        // Not before they are used: the bus is built with those who set aside.
        services.AddSingleton(provider => new Lazy<IBus>(provider.GetRequiredService<IBus>));
        services.AddSingleton(provider => new Lazy<OutgoingPublisher>(provider.GetRequiredService<OutgoingPublisher>));
        services.AddSingleton<FailedMessageQueue>();
        services.AddSingleton<Rejections>();
        services.AddSingleton<FailedMessageRecorder>();
        services.AddSingleton(provider => new RefusedRows(
            provider.GetRequiredService<IFailedMessages>(),
            provider.GetRequiredService<Rejections>(),
            provider.GetRequiredService<PlanningRules>()
        ));
        services.AddGate<IntakeGate>();
        services.AddGate<NotificationPartitions>();
        services.AddGate<SendBulkhead>();
        services.AddGate<FileServers>();
        services.AddGate<FileMemory>();
        services.AddGate<ProviderChains>();
        services.AddGate<Quarantine>();
        services.AddSingleton(provider => new Quarantine(
            provider.GetService<IPoisonMessages>(),
            provider.GetRequiredService<TimeProvider>()
        ));
        services.TryAddSingleton(Random.Shared);
        services.AddSingleton<ProblemBoard>();
        services.AddHostedService(provider => provider.GetRequiredService<ProblemBoard>());
        services.AddProblemSource<PausedChannels>();
        services.AddProblemSource<ShutProviders>();
        services.AddProblemSource<HeldNotifications>();
        services.AddProblemSource<WaitingFailures>();
        services.AddProblemSource<LittleRoom>();
        return services;
    }

    /// <summary>Shows one more kind of problem in <c>GET /v1/status</c>.</summary>
    public static IServiceCollection AddProblemSource<TSource>(this IServiceCollection services)
        where TSource : class, IProblemSource => services.AddSingleton<IProblemSource, TSource>();

    /// <summary>Shows how much of one more gate is taken.</summary>
    public static IServiceCollection AddGate<TGate>(this IServiceCollection services)
        where TGate : class, IGate => services.AddSingleton<IGate>(provider => provider.GetRequiredService<TGate>());

    /// <summary>Keeps the live ledger, and shows in the metrics what waits and how much of each gate is taken.</summary>
    public static IServiceCollection AddLiveLedger(this IServiceCollection services)
    {
        services.AddHostedService(provider => provider.GetRequiredService<AcceptanceLog>());
        services.AddSingleton<TrafficBoard>();
        services.AddSingleton<RecordWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<RecordWatch>());
        services.AddSingleton<IProblemSource>(provider => provider.GetRequiredService<RecordWatch>());
        return services.AddHostedService<GateWatch>();
    }

    /// <summary>Keeps this host's copy of the keys, for a host whose callers have to have one.</summary>
    public static IServiceCollection AddKeyRing(this IServiceCollection services)
    {
        services.AddSingleton<KeyRing>();
        return services.AddHostedService(provider => provider.GetRequiredService<KeyRing>());
    }

    /// <summary>Makes one kind of event start notifications.</summary>
    public static IServiceCollection AddEventMap<TMap>(this IServiceCollection services)
        where TMap : class, IEventMap => services.AddSingleton<IEventMap, TMap>();

    /// <summary>Makes one kind of event withdraw notifications.</summary>
    public static IServiceCollection AddWithdrawalMap<TMap>(this IServiceCollection services)
        where TMap : class, IWithdrawalMap => services.AddSingleton<IWithdrawalMap, TMap>();

    /// <summary>
    /// The saga, and a way for results to reach it without another hop where both run in one process. Hosts that run the saga need it, and
    /// no others.
    /// </summary>
    public static IServiceCollection AddSaga(this IServiceCollection services)
    {
        services.AddSingleton<NotificationStateMachine>();
        // Not before it is used: it publishes by the bus, and the bus is built with the saga.
        services.AddSingleton(provider => new Lazy<EffectsPublisher>(provider.GetRequiredService<EffectsPublisher>));
        services.AddSingleton<StepCounts>();
        services.AddSingleton<NotificationRepository>();
        services.AddSingleton<ISagaRepository<NotificationState>>(provider => new SagaRepository<NotificationState>(
            provider.GetRequiredService<NotificationRepository>()
        ));
        services.AddSingleton<ILocalSaga, LocalSaga>();
        services.AddHostedService<ExpectedCategories>();
        services.AddHostedService<DeployedTexts>();
        services.AddSingleton<LocalSagaDispatcher>();
        services.AddGate<LocalSagaDispatcher>();
        return services.AddSingleton<IResultHandler>(provider => provider.GetRequiredService<LocalSagaDispatcher>());
    }

    /// <summary>
    /// Lets commands reach the senders without another hop where the saga runs in the same process. Hosts that send need it, and no others.
    /// </summary>
    public static IServiceCollection AddLocalSendDispatcher(this IServiceCollection services)
    {
        // Not before it is needed: it reports to the saga, and the saga hands its commands to it.
        services.AddSingleton(provider => new Lazy<ILocalSender>(() => ActivatorUtilities.CreateInstance<SendDeliveryConsumer>(provider)));
        return services.AddSingleton<ICommandHandler, LocalSendDispatcher>();
    }

    /// <summary>Sends subscribers what they are told. Hosts that send need it, and no others.</summary>
    public static IServiceCollection AddWebhookSender(this IServiceCollection services) => services.AddHostedService<WebhookSender>();

    /// <summary>Publishes scheduled messages. Only hosts that run the saga need it.</summary>
    public static IServiceCollection AddOutgoingDispatcher(this IServiceCollection services) =>
        services.AddHostedService<OutgoingDispatcher>();

    /// <summary>
    /// Brings out what waited for a paused channel when it is resumed, and for a provider when it is called again. Only hosts that send
    /// need it.
    /// </summary>
    public static IServiceCollection AddResumedChannels(this IServiceCollection services) => services.AddHostedService<ResumedChannels>();

    /// <summary>Brings notifications back that nobody works on. Only hosts that run the saga need it.</summary>
    public static IServiceCollection AddSweep(this IServiceCollection services) => services.AddHostedService<Sweep>();

    /// <summary>Runs the repairs that operators have started. Only hosts that run the saga need it.</summary>
    public static IServiceCollection AddRepairRunner(this IServiceCollection services) => services.AddHostedService<RepairRunner>();

    /// <summary>Keeps the record in memory, lost when the process ends.</summary>
    public static IServiceCollection AddInMemoryStore(this IServiceCollection services)
    {
        services.AddSingleton<InMemoryAttemptLedger>();
        services.AddSingleton<IAttemptLedger>(provider => provider.GetRequiredService<InMemoryAttemptLedger>());
        services.AddSingleton<IDailyCounts, InMemoryDailyCounts>();
        services.AddSingleton<ISuppressions>(provider => provider.GetRequiredService<InMemoryAttemptLedger>());
        services.AddSingleton<InMemoryControls>();
        services.AddSingleton<IControls>(provider => provider.GetRequiredService<InMemoryControls>());
        services.AddSingleton<IProviderHealth>(provider => provider.GetRequiredService<InMemoryControls>());
        services.AddSingleton<IAccessKeys, InMemoryAccessKeys>();
        services.AddSingleton<InMemoryOutgoingMessages>();
        services.AddSingleton<IOutgoingMessages>(provider => provider.GetRequiredService<InMemoryOutgoingMessages>());
        services.AddSingleton<InMemoryFailedMessages>();
        services.AddSingleton<IFailedMessages>(provider => provider.GetRequiredService<InMemoryFailedMessages>());
        services.AddSingleton<IHeldDeliveries, InMemoryHeldDeliveries>();
        services.AddSingleton<InMemoryRepairs>();
        services.AddSingleton<IRepairs>(provider => provider.GetRequiredService<InMemoryRepairs>());
        services.AddSingleton<IErasures, InMemoryErasures>();
        services.AddSingleton<InMemoryNotificationStore>();
        services.AddSingleton<INotificationStore>(provider => provider.GetRequiredService<InMemoryNotificationStore>());
        services.AddSingleton<IContentStore>(provider => provider.GetRequiredService<InMemoryNotificationStore>());
        services.AddSingleton<IUnfinishedNotifications, InMemoryUnfinishedNotifications>();
        services.AddSingleton<ITemplateVersions, InMemoryTemplateVersions>();
        services.AddSingleton<ITraffic, InMemoryTraffic>();
        services.AddSingleton<IWithdrawals, InMemoryWithdrawals>();
        services.AddSingleton<InMemorySubscriptions>();
        services.AddSingleton<ISubscriptions>(provider => provider.GetRequiredService<InMemorySubscriptions>());
        services.AddSingleton<IWebhookDeliveries>(provider => provider.GetRequiredService<InMemorySubscriptions>());
        services.AddSingleton<InMemoryEventStreams>();
        services.AddSingleton<IEventStreams>(provider => provider.GetRequiredService<InMemoryEventStreams>());
        services.AddSingleton<IEarlierNotifications>(provider => provider.GetRequiredService<InMemoryNotificationStore>());
        services.AddSingleton<INotificationQueries>(provider => provider.GetRequiredService<InMemoryNotificationStore>());
        services.AddSingleton<InMemoryLedger>();
        services.AddSingleton<IUnrecordedNotifications>(provider => provider.GetRequiredService<InMemoryLedger>());
        services.AddSingleton<INotificationLedger>(provider => provider.GetRequiredService<InMemoryLedger>());
        services.AddSingleton<IRecordReadings, InMemoryReadings>();
        return services;
    }
}
