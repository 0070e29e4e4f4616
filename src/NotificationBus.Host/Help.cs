namespace NotificationBus.Host;

/// <summary>The text that <c>--help</c> prints.</summary>
static class Help
{
    public const string Text = """
        NotificationBus: tells buyers and sellers what happened, by e-mail, push, text message, chat and webhook.

        Without settings it runs embedded: one process, in memory, every delivery caught at /inbox.

          dotnet run --project src/NotificationBus.Host
          dotnet run --project src/NotificationBus.Host -- --Transport=RabbitMq \
              --ConnectionStrings:RabbitMq=amqp://user:password@localhost:5672 \
              --ConnectionStrings:Postgres="Host=localhost;Database=notificationbus;Username=…;Password=…"

        A host on real servers asks its callers for a key, and does not start while there is none (docs/keys.md):

          … keys create APPLICATION --scopes send,read,operate,admin [settings as the host's]

        Commands, each with a --help of its own (docs/command-line.md):

          send FILE, plan FILE             sends an event or a request, or a file of many; tells offline what would go where and why
          find [WHAT], explain WHAT, tail  notifications by an order number, an id, an address; their story; as they come
          status, providers, channels      what is wrong now; accounts and channels, and what operators set of them
          cancel, withdraw                 ends what is not sent of one notification, or of all with a business key
          resend                           sends one delivery that has ended once more
          repair                           plans, runs and shows repairs of many that have failed
          decide, replay, archive          decides what is in doubt; puts failed messages back, or away
          keys, migrate, check-config      keys of the API; the tables as their owner; whether a host would start

        Settings, on the command line as --Key:Sub=value, in the environment as Key__Sub=value, or in appsettings.json:

          Transport                        InMemory (default) or RabbitMq
          Roles                            api,dashboard,worker (default all); what this host does. dashboard is the console at /, beside
                                           api; saga,sender are the two halves of a worker
          Inbox                            true or false: show what the sandbox caught at /inbox; by itself only embedded or in Development
          Sender:Channels                  email,push: the channels this host sends on, default all; others have to serve the rest
          Urls                             where HTTP is served, default http://localhost:8080
          PublicUrls                       http://0.0.0.0:8081: a port for the world, with receipts and unsubscribes and nothing else
          GrpcUrls                         http://localhost:8082: a port for gRPC without TLS
          AllowedHosts                     notify.example.com;*.shop.example: names callers may use for this host, beside those of the
                                           PublicUrl settings and those the public DNS cannot have (addresses, localhost, names without a
                                           dot, .local, .internal)
          Auth:Mode                        Keys or None; by itself None only embedded on this machine alone (Urls), else Keys
          Auth:FirstKey                    a key that is put on record with every scope when it is not there
          Auth:KnownFor                    how long the keys known last are taken while PostgreSQL is away, default 01:00:00
          Auth:OpenIdConnect:Authority     https://login.example.com/realms/shop: the provider of OpenID Connect at which people sign in
          Auth:OpenIdConnect:ClientId      the id it has given this installation, for pages
          Auth:OpenIdConnect:ClientSecret  the secret to it
          Auth:OpenIdConnect:Audience      the audience that tokens of calls must name; by itself calls bring keys alone
          Auth:OpenIdConnect:Scopes        what is asked for at sign-in, default openid,profile
          Auth:OpenIdConnect:RoleClaim     the claim with the roles, default roles; realm_access.roles leads into an object
          Auth:OpenIdConnect:NameClaim     the claim with a name people know, default name
          Auth:OpenIdConnect:ApplicationClaim  the claim that limits a person to one application; by itself nobody is limited
          Auth:OpenIdConnect:ViewerRole    the role that reads, default viewer
          Auth:OpenIdConnect:OperatorRole  the role that does what operators do as well, default operator
          Auth:OpenIdConnect:AdminRole     the role that may do everything, default admin
          Auth:OpenIdConnect:Lifetime      how long a sign-in lasts, default 08:00:00
          RateLimits:CallsPerKey           calls of the API with one key in a window, default 20000; one more is answered 429
          RateLimits:CallsPerApplication   calls with all keys of one application, default 50000
          RateLimits:Window                the window, default 00:00:10
          Kestrel:Certificates:Default:…   Path and KeyPath (PEM), or Path and Password (PKCS #12): what https shows
          ConnectionStrings:RabbitMq       amqp://… or amqps://…; the nodes of a cluster: amqp://user:password@one:5672,two:5672/vhost
          RabbitMq:TrustedCertificate      a PEM file with the only authorities to trust for amqps
          RabbitMq:ManagementUrl           http://rabbit:15672: where policies can be looked up; by default port 15672 of the broker,
                                           unless amqps
          ConnectionStrings:Postgres       Host=…;Database=…;Username=…;Password=…
          ConnectionStrings:PostgresReplica  a replica of it: lists and the console are read there as long as it is in step
          Postgres:Migrate                 true (default): bring the tables up to date at start
          Postgres:StartTimeout            how long to wait for the servers at start, default 00:01:00
          Retention:Notifications          how long they stay in PostgreSQL, such as 90.00:00:00; by itself for ever. They go by months
          Retention:Contents               how long the texts of notifications stay, default 30.00:00:00. They go by months
          Retention:FailedMessages         how long failed messages stay that were replayed or archived, default 90.00:00:00
          Retention:FailedMessagesCount    the most failed messages on record, default 100000; further ones wait in their queue
          Retention:FailedMessagesBytes    the most bytes of their bodies, default 1073741824 (1 GiB)
          Retention:Changes                how long changes of operators stay on record, default 730.00:00:00
          Retention:ChangesCount           the most changes on record, default 1000000; when they are more, the oldest go
          Contents:Key                     the id of the key that encrypts these texts; by itself they are compressed and not encrypted
          Contents:Keys                    Contents:Keys:{id}=32 bytes as base64, or file: and a path: that key, and those that encrypted
                                           before
          Attachments:MaxBytes             the most octets of all files of one e-mail, default 7000000
          Attachments:Timeout              how long fetching one may take, default 00:00:15
          Attachments:HostBytes            the most octets of files that a host holds in memory at the same time, default 32000000
          Attachments:Concurrency          files that a host fetches at the same time for each channel and lane, default 32
          Attachments:ServerConcurrency    the most of them from one server, default 4
          Attachments:AllowPrivateAddresses  true lets their URLs lead to private networks, http and any port; default false
          Intake:ConcurrencyLimit          calls of the API that one host publishes at the same time, default 1000; one more is answered 429
          Intake:Connections               connections that each address in Urls and PublicUrls holds open, default 2000; one more is closed
          Intake:Application               application of what comes over the bus or by SQL from whom nothing else names, default default
          Applications:{name}:BusUsers     users of the broker whose messages belong to an application; they set user_id, which RabbitMQ
                                           checks
          Applications:{name}:DatabaseUsers  users of the database whose events by SQL belong to it
          Applications:{name}:Email:From   mailbox that its e-mails go out from, in the place of the account's
          Applications:{name}:Email:FromName  the name beside it
          Applications:{name}:Sms:From     number or name that its text messages go out from, in the place of the account's
          Applications:{name}:Channels:{channel}:Providers  accounts that its deliveries use, in order, of those that the channel has
          Applications:{name}:RateLimits:Calls  calls with all its keys in RateLimits:Window, default RateLimits:CallsPerApplication
          Applications:{name}:Templates:Folder  a folder of its own templates; what it lacks is taken from those for all
          Intake:Sql:Enabled               true takes what producers publish by SQL (notificationbus.publish), default false
          Intake:Sql:Poll                  how often a host looks for that though nobody woke it, default 00:00:01
          Publishing:Timeout               how long RabbitMQ may take to confirm, default 00:00:10
          Withdrawals:KeptFor              how long a withdrawal, such as that of order-paid, holds for what begins after it, default
                                           1.00:00:00
          Webhooks:Timeout                 how long a subscriber has to answer, default 00:00:15
          Webhooks:Concurrency             calls of one subscriber that one host makes at the same time, default 16
          Webhooks:RetryDelays             when what it did not take comes again; by itself 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h
          Webhooks:DisableAfter            how long it may take nothing until it is disabled, default 5.00:00:00
          Webhooks:MostWaiting             the most that may wait for it until it is disabled, default 5000000
          Webhooks:KeptFor                 how long what it was told stays on record, default 7.00:00:00
          Webhooks:AllowPrivateAddresses   true lets URLs lead to private networks, http and any port; default false
          Streams:MostPerHost              the most streams of events that a host holds open, default 1000
          Streams:MostPerKey               the most that it holds open for one key, default 250
          Streams:Longest                  the longest that one lasts until its reader comes again, default 01:00:00
          Streams:KeptFor                  how long a stream by filter can be taken up again, default 00:10:00
          Operators:EditFailedMessages     true lets operators put failed messages back with an edited body; default false
          EventTypes:{category}:Channels   email,push: the channels an event uses
          EventTypes:{category}:Mode       AllAtOnce (default) or FirstThatWorks
          EventTypes:{category}:EscalateAfter  with FirstThatWorks: try the next channel too when none has taken it by then
          EventTypes:{category}:EscalateUnless  Sent (default), Confirmed or Read: what must be known by then so that it is not tried
          EventTypes:{category}:Lifetime   how long a notification is of use, default 1.00:00:00 (one day)
          EventTypes:{category}:Lane       Transactional (default), or Bulk: queues of its own, and delays nothing
          EventTypes:{category}:OnInDoubt  Resend (default), or Hold: an operator decides when nobody knows whether it was sent, unless
                                           its provider knows a repetition
          EventTypes:{category}:Texts      Planned (default), or Latest: filled again with the templates of the time when the first call is
                                           made
          EventTypes:{category}:WithdrawnBy  order-paid: the events after which it is not sent any more, whichever comes first
          EventTypes:{category}:PublishAttempts  true publishes DeliveryAttemptFailed for each call that fails, and DeliveryWaiting each
                                           time a delivery is put off; default false
          EventTypes:{category}:Unsubscribe  true or false: whether mail carries a link to unsubscribe; default only announcement
          Channels:{channel}:Providers     smtp,sandbox: accounts in the order they are tried
          Channels:{channel}:Routes:{number}:Providers       the same for some deliveries, in their place; the first route that fits is
                                                             taken
          Channels:{channel}:Routes:{number}:When:Countries  TH,SG: of these countries: the number's, the contact's country, or its locale's
          Channels:{channel}:Routes:{number}:When:Categories announcement: of these categories
          Channels:{channel}:Routes:{number}:When:Lane       Transactional or Bulk: of this lane
          Channels:{channel}:Concurrency   the same as Channels:{channel}:Concurrency:Max
          Channels:{channel}:Concurrency:Max  the most deliveries that one host has at its providers at the same time, and that may be sent
                                           twice when it is killed, default 256; how many of them an account gets it finds out itself
          Channels:{channel}:Concurrency:Min  calls at the same time that an account gets however slow it is, default 32
          Channels:{channel}:BulkConcurrency  the most of the bulk lane, beside the others and behind them, default 64
          Channels:{channel}:AddressLimit  deliveries that one host sends to one address in a window, default 100 on email, push and sms;
                                           further ones wait for their turn. 0: as many as come
          Channels:{channel}:AddressWindow the window, default 00:01:00
          Channels:{channel}:Guard:AllowCountries    TH,SG: the only countries of numbers that are sent to; default all
          Channels:{channel}:Guard:BlockCountries    countries that are not
          Channels:{channel}:Guard:MonitorCountries  countries that are, and are counted
          Channels:{channel}:Guard:AddressPerDay     deliveries to one address in a day, all hosts together; default as many as come
          Channels:{channel}:Guard:SpendPerDay       what a day may cost, all hosts together; default as much as it takes
          Channels:{channel}:Guard:Price             what one part of a message costs
          Channels:{channel}:Guard:Prices            Channels:{channel}:Guard:Prices:{country}=0.02: the same for one country
          Providers:{account}:…            the account's own settings; Providers:{account}:Type when it is not named like its type
          Providers:{account}:PerSecond    the most calls per second, all hosts together; default no limit
          Providers:{account}:Circuit:…    when it is not called any more: MinimumCalls (8) of which FailureShare (0.9) fail within ten
                                           seconds, or in a row; it is probed after OpenFor (00:00:30), and called again after HalfOpenCalls
                                           (3)
          Providers:{smtp account}:…       Host and From, both required; Port, Security (StartTls, ImplicitTls, None), Username,
                                           Password, FromName, AllowPlaintext, TrustedCertificate, MessageIdDomain, Timeout,
                                           FinalDotTimeout, MaxConnections
          Providers:{account}:…            sendgrid, brevo, resend: ApiKey and From; postmark: ServerToken and From; ses: Region,
                                           AccessKeyId, SecretAccessKey and From; and what proves their receipts: see
                                           src/NotificationBus.Channels/README.md
          Providers:{account}:…            fcm, apns, webpush, twilio, vonage: see src/NotificationBus.Channels/README.md
          Providers:{account}:…            slack, telegram: BotToken; line: ChannelAccessToken; slack-webhook, teams, discord: nothing;
                                           webhook: Secret, AllowPrivateAddresses
          Providers:{account}:…            http: Url, Headers, Body, MessageIdPath, Accepted, Rejected, AddressIsWrong, Throttled,
                                           Unavailable, KnowsRepetitionFor, RetryAfterHeader, RetryAfterPath, IdempotencyHeader, Timeout
          Providers:{account}:SendTraceParent     true tells a service of your own to which trace a call belongs
          Providers:{account}:TrustedCertificate  a PEM file with the only authorities to trust, for every account that is called over TLS
          Providers:log:ShowContent        true (default): the log shows the texts that would be sent, masked; false: their lengths
          Providers:sandbox:…              Latency and FailureShare (0 to 1): how long each call takes, and how many fail
          Redelivery:FirstDelay            the most a delivery first waits when no provider is available, default 00:00:05
          Redelivery:LongestDelay          the most it ever waits, default 00:10:00
          Redelivery:LongestDelayInDoubt   the same when nobody knows whether it was sent, default 01:00:00
          Redelivery:MostInDoubt           how often that may be so before it is held for an operator, default 10
          Channels:{channel}:RedeliveryDelays  a list instead, such as 00:00:05,00:05:00; webhooks have the one of Standard Webhooks
          Sweep:After                      how old a notification is when it is asked whether it was forgotten, default 00:10:00
          Receipts:PublicUrl               where vendors reach this host, when they sign that; default the address the host sees
          Receipts:ReadAfter               how soon after a delivery a link is followed by a program, default 00:00:10
          Receipts:LinksTogether           how close two links are followed by a program, default 00:00:02
          Receipts:ClickSettles            how long a click waits for others before it counts as read, default 00:00:10
          Unsubscribe:PublicUrl            https://…, where recipients reach this host; without it there are no links to unsubscribe
          Unsubscribe:Key                  signs these links; 32 characters or more, the same on all hosts
          Unsubscribe:EarlierKeys          keys that signed before, separated by commas: their links still work
          Templates:Folder                 a folder of your own templates
          Templates:DefaultLanguage        en
          Brand:Name                       the shop's name, which the shipped e-mails show
          Brand:Logo                       the https URL of a picture before the name, 28 pixels high
          Brand:Color                      the colour of their lines, default #2f6bff
          Telemetry:Otlp:Endpoint          http://collector:4317: where metrics and traces are sent; by itself nowhere, and /metrics has the
                                           metrics
          Telemetry:Otlp:Protocol          Grpc (default) or HttpProtobuf
          Telemetry:Traces:SampleShare     the share of traces that are recorded, 0 to 1, default 0.01
          Telemetry:Traces:Url             https://jaeger.internal/trace/{traceId}: where the console leads to; by itself nowhere
          Telemetry:Record:Interval        how often the record is read for the gauges, default 00:00:10
          Serilog:MinimumLevel:Default     what is logged: Verbose, Debug, Information (default), Warning, Error or Fatal

        A wrong or misspelt setting stops the host with a line that names it, and exit code 2. Exit code 3: RabbitMQ answers, and yet a
        queue could not be listened on for a minute; start it again.
        """;
}
