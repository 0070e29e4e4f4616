using NotificationBus.Access;
using NotificationBus.Contents;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Postgres;
using NotificationBus.Providers;
using NotificationBus.Receipts;
using NotificationBus.Saga;
using NotificationBus.Sending;
using NotificationBus.Subscriptions;
using NotificationBus.Templates;

namespace NotificationBus.Host.Settings;

/// <summary>
/// Everything the host can be told, from appsettings.json, the environment (<c>Channels__email__Concurrency</c>) and the command line
/// (<c>--Channels:email:Concurrency=32</c>).
/// </summary>
public sealed class HostSettings
{
    /// <summary>The way messages travel, and with it the place where the record is kept.</summary>
    public Transport Transport { get; set; }

    /// <summary>
    /// The roles of this host: <c>api</c> (HTTP), <c>dashboard</c> (the console, beside <c>api</c>), <c>saga</c>, <c>sender</c>, or
    /// <c>worker</c> for the last two. Embedded it must have all but the console, because no other process shares its memory.
    /// </summary>
    public IReadOnlyList<string> Roles { get; set; } = [];

    /// <summary>
    /// Shows at <c>/inbox</c> what the sandbox caught. It shows addresses and whole texts to every key that may read, so that by default
    /// it is <c>true</c> only when the host runs embedded or in Development.
    /// </summary>
    public bool? Inbox { get; set; }

    /// <summary>
    /// The addresses at which the world reaches this host, such as <c>http://0.0.0.0:8081</c>, separated by semicolons: receipts of vendors
    /// and links to unsubscribe, and nothing else. Ports of their own, beside those of <c>Urls</c>. Default: none, and <c>Urls</c> has
    /// everything.
    /// </summary>
    public string? PublicUrls { get; set; }

    /// <summary>
    /// The addresses at which gRPC is spoken without TLS, such as <c>http://localhost:8082</c>, separated by semicolons. Ports of their
    /// own: without TLS one port speaks HTTP/1.1 or HTTP/2. An <c>https</c> address in <c>Urls</c> speaks both. Default: none.
    /// </summary>
    public string? GrpcUrls { get; set; }

    /// <summary>
    /// The names callers may use for this host (<c>Host</c>), such as <c>notify.example.com;*.shop.example</c>, or <c>*</c> for every one.
    /// They add to what is always taken: the names in <c>Receipts:PublicUrl</c> and <c>Unsubscribe:PublicUrl</c>, and names that the public
    /// DNS cannot have. Default: no others.
    /// </summary>
    public string? AllowedHosts { get; set; }

    /// <summary>The callers that are let in.</summary>
    public AuthOptions Auth { get; set; } = new();

    /// <summary>The most calls of one caller.</summary>
    public RateLimitOptions RateLimits { get; set; } = new();

    /// <summary>The addresses of the servers. Needed with Transport=RabbitMq.</summary>
    public ServerAddresses ConnectionStrings { get; set; } = new();

    /// <summary>The broker.</summary>
    public RabbitMqOptions RabbitMq { get; set; } = new();

    /// <summary>The database.</summary>
    public PostgresOptions Postgres { get; set; } = new();

    /// <summary>Retention of the record in the database.</summary>
    public RetentionOptions Retention { get; set; } = new();

    /// <summary>Encryption of the texts on record.</summary>
    public ContentsOptions Contents { get; set; } = new();

    /// <summary>Files that are fetched and sent with e-mails.</summary>
    public AttachmentsOptions Attachments { get; set; } = new();

    /// <summary>The most the HTTP API takes at the same time.</summary>
    public IntakeOptions Intake { get; set; } = new();

    /// <summary>The applications that share this installation, by name, as far as there is something to say of them.</summary>
    public IReadOnlyDictionary<string, ApplicationOptions> Applications { get; set; } =
        new Dictionary<string, ApplicationOptions>(StringComparer.Ordinal);

    /// <summary>The longest the broker may take.</summary>
    public PublishingOptions Publishing { get; set; } = new();

    /// <summary>The work that a host that sends takes on.</summary>
    public SenderOptions Sender { get; set; } = new();

    /// <summary>Redelivery of a command that no provider could take: when it comes again.</summary>
    public RedeliveryOptions Redelivery { get; set; } = new();

    /// <summary>The sweep: when a notification counts as forgotten.</summary>
    public SweepOptions Sweep { get; set; } = new();

    /// <summary>Withdrawals by business key: how long they hold.</summary>
    public WithdrawalsOptions Withdrawals { get; set; } = new();

    /// <summary>Webhooks to those who subscribe to what becomes of notifications.</summary>
    public WebhooksOptions Webhooks { get; set; } = new();

    /// <summary>Streams of what becomes of notifications, to those who read along.</summary>
    public StreamsOptions Streams { get; set; } = new();

    /// <summary>What operators may do beside what is usual.</summary>
    public OperatorsOptions Operators { get; set; } = new();

    /// <summary>The receipts of vendors.</summary>
    public ReceiptsOptions Receipts { get; set; } = new();

    /// <summary>Links with which a recipient unsubscribes from one category on one channel.</summary>
    public UnsubscribeOptions Unsubscribe { get; set; } = new();

    /// <summary>The texts.</summary>
    public TemplateSettings Templates { get; set; } = new();

    /// <summary>The brand that writes the shipped e-mails.</summary>
    public BrandOptions Brand { get; set; } = new();

    /// <summary>Traces, and the collector that is sent metrics and traces.</summary>
    public TelemetryOptions Telemetry { get; set; } = new();

    /// <summary>Settings of each category of notification, by category.</summary>
    public IReadOnlyDictionary<string, EventTypeOptions> EventTypes { get; set; } =
        new Dictionary<string, EventTypeOptions>(StringComparer.Ordinal);

    /// <summary>Settings of each channel, by channel.</summary>
    public IReadOnlyDictionary<string, ChannelOptions> Channels { get; set; } =
        new Dictionary<string, ChannelOptions>(StringComparer.Ordinal);

    /// <summary>True when this host serves HTTP.</summary>
    public bool IsApi => Roles.Contains("api");

    /// <summary>True when this host serves the console.</summary>
    public bool IsDashboard => Roles.Contains("dashboard");

    /// <summary>True when this host runs the saga.</summary>
    public bool IsSaga => Roles.Contains("saga") || Roles.Contains("worker");

    /// <summary>True when this host sends.</summary>
    public bool IsSender => Roles.Contains("sender") || Roles.Contains("worker");

    /// <summary>True when this host does one or the other.</summary>
    public bool IsWorker => IsSaga || IsSender;
}
