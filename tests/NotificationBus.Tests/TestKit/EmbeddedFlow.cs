using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using MassTransit;
using MassTransit.Configuration;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Sms;
using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.Embedded;
using NotificationBus.Failures;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;
using NotificationBus.Receipts;
using NotificationBus.Saga;
using NotificationBus.Sending;
using NotificationBus.Subscriptions;
using NotificationBus.Telemetry;
using NotificationBus.Templates;
using NotificationBus.Tests.Templates;
using NotificationBus.Wiring;

namespace NotificationBus.Tests.TestKit;

/// <summary>
/// The flow on MassTransit's test harness, registered as the host registers it, on the transport in memory. Providers answer as the test
/// says, and the clock stands still until the test moves it.
/// </summary>
sealed class EmbeddedFlow : IAsyncDisposable
{
    static readonly LiquidTemplates Shipped = LiquidTemplates.Load(TemplateFolder.Shipped, TemplateFolder.Channels);

    readonly IHost _host;
    ImmutableList<object> _outcomes = [];

    EmbeddedFlow(FlowOptions options)
    {
        Clock = new WatchedClock(Pulse);
        Email = new ScriptedProvider("scripted", "email", Pulse);
        SecondEmail = new ScriptedProvider("second", "email", Pulse);
        Push = new ScriptedProvider("scripted", "push", Pulse);
        Sms = new ScriptedProvider("scripted", "sms", Pulse);
        Wire = new Wire(Pulse);

        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(settings: null);
        var services = builder.Services;
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<ITemplates>(Templates);
        services.AddSingleton<Random>(new LeastLuck());
        services.Configure<MassTransitHostOptions>(bus => bus.WaitUntilStarted = true);
        services.AddNotificationBus(EventTypes(options), Channels(options));
        services
            .AddChannel<EmailChannel>()
            .Provider(new ProviderType("scripted", "email", OptionsType: null, (_, _) => Email))
            .Provider(new ProviderType("second", "email", OptionsType: null, (_, _) => SecondEmail));
        services.AddChannel<PushChannel>().Provider(new ProviderType("scripted", "push", OptionsType: null, (_, _) => Push));
        if (options.SmsLast)
            services.AddChannel<SmsChannel>().Provider(new ProviderType("scripted", "sms", OptionsType: null, (_, _) => Sms));
        services.AddInMemoryStore().AddSaga().AddResumedChannels();
        services.AddSingleton(provider => new WatchedStore(provider.GetRequiredService<InMemoryNotificationStore>(), Pulse));
        services.AddSingleton<INotificationStore>(provider => provider.GetRequiredService<WatchedStore>());
        services.AddSingleton(provider => new WatchedContents(provider.GetRequiredService<InMemoryNotificationStore>()));
        services.AddSingleton<IContentStore>(provider => provider.GetRequiredService<WatchedContents>());
        services.AddSingleton(provider => new WatchedOutgoing(provider.GetRequiredService<InMemoryOutgoingMessages>(), Pulse));
        services.AddSingleton<IOutgoingMessages>(provider => provider.GetRequiredService<WatchedOutgoing>());
        if (options.SagaElsewhere)
            services.AddSingleton(provider => new ResultReporter(
                provider.GetRequiredService<IBus>(),
                provider.GetRequiredService<PublishLimit>(),
                NullLogger<ResultReporter>.Instance,
                provider.GetRequiredService<FlowMetrics>()
            ));
        if (options.SendsHere)
            services.AddLocalSendDispatcher();
        for (var i = 0; i < options.Dispatchers; i++)
            services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<OutgoingDispatcher>(provider));

        for (var i = 0; i < options.Sweeps; i++)
            services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<Sweep>(provider));

        WatchSaga(services);
        services.AddMassTransitTestHarness(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.SetTestTimeouts(testTimeout: Pulse.Patience);
            bus.AddNotificationFlow();
            bus.UsingInMemory(
                (context, transport) =>
                {
                    transport.UseOutgoingScheduler(context);
                    transport.ReceiveNotifications<IInMemoryReceiveEndpointConfigurator>(context, _ => { }, sender: !options.NobodySends);
                    transport.ReceiveEndpoint(
                        "somebody-elses",
                        endpoint =>
                        {
                            endpoint.Handler<NotificationDelivered>(Note);
                            endpoint.Handler<NotificationPartlyDelivered>(Note);
                            endpoint.Handler<NotificationCancelled>(Note);
                            endpoint.Handler<NotificationExpired>(Note);
                            endpoint.Handler<NotificationFailed>(Note);
                        }
                    );
                    options.Configure?.Invoke(transport);
                }
            );
        });
        _host = builder.Build();
    }

    public Pulse Pulse { get; } = new();

    public WatchedClock Clock { get; }

    public CountedTemplates Templates { get; } = new(Shipped);

    public Wire Wire { get; }

    public ScriptedProvider Email { get; }

    /// <summary>Asked after <see cref="Email"/>, in a flow that has it among its mailers.</summary>
    public ScriptedProvider SecondEmail { get; }

    public ScriptedProvider Push { get; }

    /// <summary>Asked after all others, in a flow that has SMS.</summary>
    public ScriptedProvider Sms { get; }

    /// <summary>MassTransit's own: what was sent, published and consumed.</summary>
    public ITestHarness Harness => _host.Services.GetTestHarness();

    /// <summary>What the state machine has taken and created, and the state a notification is in.</summary>
    public ISagaStateMachineTestHarness<NotificationStateMachine, NotificationState> Saga =>
        Harness.GetSagaStateMachineHarness<NotificationStateMachine, NotificationState>();

    public IBus Bus => _host.Services.GetRequiredService<IBus>();

    public IMeterFactory Meters => _host.Services.GetRequiredService<IMeterFactory>();

    public WatchedStore Store => _host.Services.GetRequiredService<WatchedStore>();

    public WatchedOutgoing Outgoing => _host.Services.GetRequiredService<WatchedOutgoing>();

    public IFailedMessages FailedMessages => _host.Services.GetRequiredService<IFailedMessages>();

    public IAttemptLedger Ledger => _host.Services.GetRequiredService<IAttemptLedger>();

    public WatchedContents Contents => _host.Services.GetRequiredService<WatchedContents>();

    public ContentPacking Packing => _host.Services.GetRequiredService<ContentPacking>();

    public ISuppressions Suppressions => _host.Services.GetRequiredService<ISuppressions>();

    public IControls Controls => _host.Services.GetRequiredService<IControls>();

    public IProviderHealth Health => _host.Services.GetRequiredService<IProviderHealth>();

    public ReceiptIntake Receipts => _host.Services.GetRequiredService<ReceiptIntake>();

    public INotificationQueries Queries => _host.Services.GetRequiredService<INotificationQueries>();

    public ISubscriptions Subscribers => _host.Services.GetRequiredService<ISubscriptions>();

    public SubscriptionBoard SubscriptionBoard => _host.Services.GetRequiredService<SubscriptionBoard>();

    public Explanations Explanations => _host.Services.GetRequiredService<Explanations>();

    public NotificationIntake Intake => _host.Services.GetRequiredService<NotificationIntake>();

    /// <summary>The outcomes as another service gets them, in order.</summary>
    public IReadOnlyList<object> Outcomes => _outcomes;

    public static async Task<EmbeddedFlow> Start(FlowOptions? options = null)
    {
        options ??= new FlowOptions();
        var flow = new EmbeddedFlow(options);
        flow.Bus.ConnectSendObserver(flow.Wire);
        flow.Bus.ConnectPublishObserver(flow.Wire);
        flow.Bus.ConnectReceiveObserver(flow.Wire);
        await flow._host.StartAsync();
        // Each dispatcher waits for the clock to move.
        await flow.Pulse.Until(() => flow.Clock.AlarmsWithin(TimeSpan.FromSeconds(5)) >= options.Dispatchers);
        await flow.Pulse.Until(() => flow.Clock.AlarmsWithin(TimeSpan.FromMinutes(1)) >= options.Dispatchers + options.Sweeps);
        return flow;
    }

    public EventMap<TEvent> MapOf<TEvent>()
        where TEvent : class => _host.Services.GetServices<IEventMap>().OfType<EventMap<TEvent>>().Single();

    /// <summary>Publishes an event as its producer does. Nobody waits for it.</summary>
    /// <returns>The id of its notification.</returns>
    public async Task<Guid> Tell<TEvent>(TEvent happened, Guid? messageId = null)
        where TEvent : class
    {
        var id = messageId ?? Guid.CreateVersion7();
        await Bus.Publish(happened, publish => publish.MessageId = id);
        return MapOf<TEvent>().NotificationId(happened, id);
    }

    /// <summary>Sends the saga a message and waits until it has dealt with it, and everything it caused is published.</summary>
    public async Task<Guid> Handle<TMessage>(TMessage message, Guid? messageId = null)
        where TMessage : class
    {
        var id = messageId ?? Guid.CreateVersion7();
        var times = Times() + 1;
        var saga = await Bus.GetSendEndpoint(SagaEndpoint.Of(Lane.Transactional));
        await saga.Send(message, send => send.MessageId = id);
        await Pulse.Until(() => Times() >= times);
        return id;

        int Times() => Wire.Handled.Count(handled => handled.Place == "notifications" && handled.Id == id);
    }

    /// <summary>
    /// Takes a receipt as the API does, and waits until the saga has dealt with it, and everything it caused is published.
    /// </summary>
    public async Task Report(Receipt receipt, string provider = "scripted")
    {
        var (located, reported) = (Handled<LocateReceipt>() + 1, Handled<DeliveryReceiptReceived>() + 1);
        await Receipts.Take(provider, [receipt]);
        await Pulse.Until(() => Handled<LocateReceipt>() >= located && Handled<DeliveryReceiptReceived>() >= reported);
    }

    /// <summary>Stores the step, and ends before anything of it is published. The broker has forgotten the message.</summary>
    /// <returns>The commands that were to be published.</returns>
    public async Task<IReadOnlyList<OutgoingMessage>> DieAfterStoring(Func<Task> handle)
    {
        var stored = new ConcurrentQueue<NotificationState>();
        Store.AfterWrite = step =>
        {
            stored.Enqueue(step.Notification);
            throw new ProcessDiedException();
        };
        await handle();
        Store.AfterWrite = null;
        var steps = _host.Services.GetRequiredService<NotificationSteps>();
        var effects = steps.Effects.Follow(stored.ShouldHaveSingleItem(), new HashSet<Guid>());
        return await _host.Services.GetRequiredService<EffectsPublisher>().Write(effects.Commands, conversationId: null);
    }

    /// <summary>An operator sets something for an account.</summary>
    public Task Set(string account, ProviderControl setting) =>
        Controls.ChangeProvider(account, new AccountOptions(), _ => setting, new ChangedBy("ann", "they are down"), CancellationToken.None);

    /// <summary>Waits until the host has heard of something that is common to all hosts.</summary>
    public async Task UntilBoard(Func<SendingControls, bool> condition)
    {
        var board = _host.Services.GetRequiredService<ControlBoard>();
        board.Tell(_ => Pulse.Beat());
        await Pulse.Until(() => condition(board.Current));
    }

    /// <summary>How many messages of a type were dealt with so far.</summary>
    public int Handled<TMessage>() => Wire.Handled.Count(handled => handled.Type == typeof(TMessage).Name);

    /// <summary>Publishes a message as it was kept.</summary>
    public Task Publish(OutgoingMessage message) => _host.Services.GetRequiredService<OutgoingPublisher>().Publish([message]);

    /// <summary>Waits until the notification is as the test wants it.</summary>
    public async Task<NotificationState> Until(Guid notificationId, Func<NotificationState, bool> condition)
    {
        NotificationState? notification = null;
        await Pulse.Until(() => (notification = Find(notificationId)) is not null && condition(notification));
        return notification!;
    }

    /// <summary>Waits until the notification has an outcome and another service has heard of it.</summary>
    public async Task<NotificationState> Outcome(Guid notificationId)
    {
        await Pulse.Until(() => Find(notificationId)?.CompletedAt is not null && OutcomesOf(notificationId).Count > 0);
        return Find(notificationId)!;
    }

    public IReadOnlyList<object> OutcomesOf(Guid notificationId) =>
        [
            .. _outcomes.Where(outcome =>
                notificationId
                == outcome switch
                {
                    NotificationDelivered delivered => delivered.NotificationId,
                    NotificationPartlyDelivered partly => partly.NotificationId,
                    NotificationCancelled cancelled => cancelled.NotificationId,
                    NotificationExpired expired => expired.NotificationId,
                    NotificationFailed failed => failed.NotificationId,
                    _ => Guid.Empty,
                }
            ),
        ];

    /// <summary>The store in memory answers at once.</summary>
    public NotificationState? Find(Guid notificationId) =>
        _host
            .Services.GetRequiredService<InMemoryNotificationStore>()
            .Load(notificationId, CancellationToken.None)
            .GetAwaiter()
            .GetResult();

    public async ValueTask DisposeAsync()
    {
        Email.Close();
        SecondEmail.Close();
        Push.Close();
        Sms.Close();
        await _host.StopAsync();
        _host.Dispose();
    }

    Task Note<TOutcome>(ConsumeContext<TOutcome> context)
        where TOutcome : class
    {
        ImmutableInterlocked.Update(ref _outcomes, outcomes => outcomes.Add(context.Message));
        Pulse.Beat();
        return Task.CompletedTask;
    }

    /// <summary>Whatever waits by chance waits as long as it may.</summary>
    sealed class LeastLuck : Random
    {
        public override double NextDouble() => 1;
    }

    static Dictionary<string, EventTypeOptions> EventTypes(FlowOptions flow)
    {
        var types = new Dictionary<string, EventTypeOptions>(StringComparer.Ordinal)
        {
            ["chat-message-sent"] = With("email", "push"),
            ["order-placed"] = flow.SmsLast ? With("email", "push", "sms") : With("email", "push"),
            ["payment-reminder-due"] = With("push"),
            ["order-shipped"] = With("push"),
            ["announcement"] = With("push", "email"),
        };
        types["order-shipped"].OnInDoubt = flow.OnInDoubt;
        types["payment-reminder-due"].WithdrawnBy = ["order-paid"];
        return types;

        EventTypeOptions With(params string[] channels) =>
            new()
            {
                Channels = channels,
                Mode = flow.Mode,
                EscalateAfter = flow.EscalateAfter,
                EscalateUnless = flow.EscalateUnless,
                Texts = flow.Texts,
            };
    }

    static Dictionary<string, ChannelOptions> Channels(FlowOptions flow)
    {
        var channels = new Dictionary<string, ChannelOptions>(StringComparer.Ordinal)
        {
            ["email"] = Unlimited(flow.Mailers, flow.MailRoutes),
            ["push"] = Unlimited(["scripted"]),
            ["sms"] = Unlimited(flow.SmsLast ? ["scripted"] : []),
        };
        flow.Set?.Invoke(channels);
        return channels;
    }

    /// <summary>Tests tell the same person thousands of things at one moment: the clock stands still.</summary>
    static ChannelOptions Unlimited(IReadOnlyList<string> providers, IReadOnlyList<ChannelRoute>? routes = null) =>
        new()
        {
            Providers = providers,
            Routes = routes ?? [],
            AddressLimit = 0,
        };

    /// <summary>
    /// Puts the watch of MassTransit's harness around the repository that the flow has registered, and that does the work.
    /// </summary>
    static void WatchSaga(IServiceCollection services)
    {
        var ours = services.Last(service => service.ServiceType == typeof(ISagaRepository<NotificationState>)).ImplementationFactory!;
        services.AddSagaStateMachineContainerTestHarness<NotificationStateMachine, NotificationState>();
        services.AddSingleton(provider =>
            provider
                .GetRequiredService<ISagaRepositoryDecoratorRegistration<NotificationState>>()
                .DecorateSagaRepository((ISagaRepository<NotificationState>)ours(provider))
        );
        services.AddSingleton<StoredSagas>();
        services.AddSingleton<ILoadSagaRepository<NotificationState>>(provider => provider.GetRequiredService<StoredSagas>());
        services.AddSingleton<IQuerySagaRepository<NotificationState>>(provider => provider.GetRequiredService<StoredSagas>());
    }
}
