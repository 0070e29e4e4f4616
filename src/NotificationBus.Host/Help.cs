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

          … keys create APPLICATION --scopes send,read,operate,admin [--name TEXT] [--why TEXT] [--json] [settings as the host's]
          … keys list | rotate ID [--grace 1.00:00:00] | revoke ID      the same way
          … keys generate APPLICATION                                   prints a key for Auth:FirstKey, and keeps it nowhere

          … migrate [settings as the host's]                            brings the tables up to date as their owner, and ends

        Settings, on the command line as --Key:Sub=value, in the environment as Key__Sub=value, or in appsettings.json:

          Transport                        InMemory (default) or RabbitMq
          Roles                            api,worker (default both); what this host does. saga,sender are the two halves of a worker
          Inbox                            true or false: show what the sandbox caught at /inbox; by itself only embedded or in Development
          Sender:Channels                  email,push: the channels this host sends on, default all; others have to serve the rest
          Urls                             where HTTP is served, default http://localhost:8080
          PublicUrls                       http://0.0.0.0:8081: a port for the world, with receipts and unsubscribes and nothing else
          AllowedHosts                     notify.example.com;*.shop.example: names callers may use for this host, beside those of the PublicUrl
                                           settings and those the public DNS cannot have (addresses, localhost, names without a dot, .local,
                                           .internal)
          Auth:Mode                        Keys or None; by itself None only embedded on this machine alone (Urls), else Keys
          Auth:FirstKey                    a key that is put on record with every scope when it is not there
          Auth:KnownFor                    how long the keys known last are taken while PostgreSQL is away, default 01:00:00
          Kestrel:Certificates:Default:…   Path and KeyPath (PEM), or Path and Password (PKCS #12): what https shows
          ConnectionStrings:RabbitMq       amqp://… or amqps://…; the nodes of a cluster: amqp://user:password@one:5672,two:5672/vhost
          RabbitMq:TrustedCertificate      a PEM file with the only authorities to trust for amqps
          RabbitMq:ManagementUrl           http://rabbit:15672: where policies can be looked up; by default port 15672 of the broker,
                                           unless amqps
          ConnectionStrings:Postgres       Host=…;Database=…;Username=…;Password=…
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
          Contents:Keys                    Contents:Keys:{id}=32 bytes as base64, or file: and a path: that key, and those that encrypted before
          Intake:ConcurrencyLimit          calls of the API that one host publishes at the same time, default 1000; one more is answered 429
          Intake:Connections               connections that each address in Urls and PublicUrls holds open, default 2000; one more is closed
          Publishing:Timeout               how long RabbitMQ may take to confirm, default 00:00:10
          EventTypes:{category}:Channels   email,push: the channels an event uses
          EventTypes:{category}:Mode       AllAtOnce (default) or FirstThatWorks
          EventTypes:{category}:EscalateAfter  with FirstThatWorks: try the next channel too when none has taken it by then
          EventTypes:{category}:EscalateUnless  Sent (default), Confirmed or Read: what must be known by then so that it is not tried
          EventTypes:{category}:Lifetime   how long a notification is of use, default 1.00:00:00 (one day)
          EventTypes:{category}:Lane       Transactional (default), or Bulk: queues of its own, and delays nothing
          EventTypes:{category}:OnInDoubt  Resend (default), or Hold: an operator decides when nobody knows whether it was sent, unless
                                           its provider knows a repetition
          EventTypes:{category}:Texts      Planned (default), or Latest: filled again with the templates of the time when the first call is made
          EventTypes:{category}:Unsubscribe  true or false: whether mail carries a link to unsubscribe; default only announcement
          Channels:{channel}:Providers     smtp,sandbox: accounts in the order they are tried
          Channels:{channel}:Routes:{number}:Providers       the same for some deliveries, in their place; the first route that fits is taken
          Channels:{channel}:Routes:{number}:When:Countries  TH,SG: of these countries: the number's, the contact's country, or its locale's
          Channels:{channel}:Routes:{number}:When:Categories announcement: of these categories
          Channels:{channel}:Routes:{number}:When:Lane       Transactional or Bulk: of this lane
          Channels:{channel}:Concurrency   deliveries sent at the same time by one host, default 32
          Channels:{channel}:BulkConcurrency  the same for the bulk lane, default 4
          Providers:{account}:…            the account's own settings; Providers:{account}:Type when it is not named like its type
          Providers:{account}:PerSecond    the most calls per second, all hosts together; default no limit
          Providers:{account}:Circuit:…    when it is not called any more: MinimumCalls (8) of which FailureShare (0.9) fail within ten seconds,
                                           or in a row; it is probed after OpenFor (00:00:30), and called again after HalfOpenCalls (3)
          Providers:{smtp account}:…       Host and From, both required; Port, Security (StartTls, ImplicitTls, None), Username,
                                           Password, FromName, AllowPlaintext, TrustedCertificate, MessageIdDomain, Timeout,
                                           FinalDotTimeout, MaxConnections
          Providers:{account}:…            sendgrid, brevo, resend: ApiKey and From; postmark: ServerToken and From; ses: Region, AccessKeyId,
                                           SecretAccessKey and From; and what proves their receipts: see src/NotificationBus.Channels/README.md
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
          Telemetry:Otlp:Endpoint          http://collector:4317: where metrics and traces are sent; by itself nowhere, and /metrics has the metrics
          Telemetry:Otlp:Protocol          Grpc (default) or HttpProtobuf
          Telemetry:Traces:SampleShare     the share of traces that are recorded, 0 to 1, default 0.01
          Telemetry:Record:Interval        how often the record is read for the gauges, default 00:00:10
          Serilog:MinimumLevel:Default     what is logged: Verbose, Debug, Information (default), Warning, Error or Fatal

        A wrong or misspelt setting stops the host with a line that names it, and exit code 2. Exit code 3: RabbitMQ answers, and yet a queue could not be
        listened on for a minute; start it again.
        """;
}
