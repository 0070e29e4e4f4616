using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;
using NotificationBus.Access;
using NotificationBus.Host;
using NotificationBus.IntegrationTests.Servers;
using Npgsql;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// Bad inputs, section 2, 16: two hundred addresses and twenty secrets go through every path, failures included. None of them is in a log,
/// a trace, a metric, an answer to an error, a reason of a failed message, nor in what a reader of the database sees.
/// </summary>
public sealed class When_canaries_fly(BusAndDatabase servers)
{
    const int People = 40;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    // Words that are nowhere else, and no shorter than an address is.
    readonly string _mark = $"canary{RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    [Fact]
    public async Task Should_be_seen_nowhere_but_where_they_are_sent()
    {
        var secrets = Enumerable
            .Range(0, 20)
            .Select(number => $"{_mark}-secret-{number:00}-{RandomNumberGenerator.GetHexString(24)}")
            .ToList();
        var firstKey = KeyText.New("first").Reveal();
        await using var vendor = await Echo.Start();
        await using var collector = await OtlpCollector.Start();
        var broker = await servers.CreateVirtualHost();
        await using var postgres = await PostgresServer.Start();
        var database = await postgres.CreateDatabase();
        await using var super = new The_record(database);
        var roles = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docker", "postgres-roles.sql"));
        await super.Execute(roles);
        await super.Execute($"ALTER ROLE notificationbus_migrate PASSWORD '{secrets[0]}'");
        await super.Execute($"ALTER ROLE notificationbus_read PASSWORD '{secrets[1]}'");
        var seen = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var people = Enumerable.Range(0, People).Select(number => new Someone(_mark, number, vendor.Url)).ToList();
        var addresses = people.SelectMany(person => person.Addresses.Concat(person.Carried)).ToList();
        addresses.Distinct(StringComparer.Ordinal).Count().ShouldBe(320);

        await using (
            var host = await HostProcess.Start(
                broker,
                As("migrate", secrets[0]),
                Settings(secrets, firstKey, vendor.Url, collector.Endpoint)
            )
        )
        {
            await super.Execute(roles);
            await Deliver(host, firstKey, people, seen);
            await Fail(host, firstKey, broker, people, seen);
            await super.UntilSettled(Soon);

            foreach (
                var path in (string[])
                    ["/metrics", "/v1/status", "/v1/providers", "/v1/ledger", "/v1/failed-messages", "/v1/failed-messages/causes"]
            )
                seen[path] = await Ask(host, HttpMethod.Get, path, firstKey);
            await host.Terminate();
            seen["log"] = string.Join('\n', host.Output.Lines());
            foreach (var line in host.Output.Lines().Where(line => line.Length > 0))
                Should.NotThrow(() => JsonDocument.Parse(line), "each event of the log is one line of JSON");
        }

        seen["start with a wrong password"] = await StartIn(broker, As("migrate", secrets[2]));
        seen["traces and metrics"] = collector.Text;
        await using (var reader = new The_record($"{As("read", secrets[1])};Options=-c statement_timeout=3min"))
            seen["the database, as its reader"] = await reader.Dump();
        seen["reasons of failed messages"] = await super.Text("SELECT (row_to_json(f)::jsonb - 'body')::text FROM failed_message f");
        seen["reasons of attempts"] = await super.Text("SELECT reason FROM delivery_attempt WHERE reason IS NOT NULL");
        seen["changes"] = await super.Text(
            "SELECT row_to_json(c)::text FROM control_change c WHERE NOT (row_to_json(c)::text LIKE '%suppress%')"
        );

        vendor.Calls.ShouldBeGreaterThan(People, "they did fly");
        seen["the database, as its reader"].Length.ShouldBeGreaterThan(1_000);
        seen["traces and metrics"].Length.ShouldBeGreaterThan(1_000);
        var hits =
            from place in seen
            from canary in addresses.Concat(secrets).Append(firstKey)
            where place.Value.Contains(canary, StringComparison.OrdinalIgnoreCase)
            select $"{canary} in {place.Key}: {Around(place.Value, canary)}";
        hits.Take(10).ShouldBeEmpty();

        string As(string role, string password) =>
            new NpgsqlConnectionStringBuilder(database) { Username = $"notificationbus_{role}", Password = password }.ConnectionString;
    }

    static string Around(string text, string canary)
    {
        var at = text.IndexOf(canary, StringComparison.OrdinalIgnoreCase);
        return text[Math.Max(0, at - 200)..Math.Min(text.Length, at + canary.Length + 100)];
    }

    static Dictionary<string, string> Settings(List<string> secrets, string firstKey, Uri vendor, string collector)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Auth:FirstKey"] = firstKey,
            ["Unsubscribe:PublicUrl"] = "https://notify.shop.example",
            ["Unsubscribe:Key"] = secrets[3],
            ["Auth:OpenIdConnect:Authority"] = "http://127.0.0.1:9/",
            ["Auth:OpenIdConnect:ClientId"] = "notificationbus",
            ["Auth:OpenIdConnect:ClientSecret"] = secrets[4],
            ["Telemetry:Otlp:Endpoint"] = collector,
            ["Telemetry:Traces:SampleShare"] = "1",
            ["Redelivery:FirstDelay"] = "00:00:01",
            ["EventTypes:announcement:Channels"] = "email,push,sms,chat,webhook",
            ["EventTypes:announcement:Mode"] = "AllAtOnce",
            ["EventTypes:announcement:Lifetime"] = "00:00:20",
            // A server that is not there, with a password.
            ["Providers:smtp:Host"] = "127.0.0.1",
            ["Providers:smtp:Port"] = "9",
            ["Providers:smtp:From"] = "shop@example.com",
            ["Providers:smtp:Username"] = "shop",
            ["Providers:smtp:Password"] = secrets[5],
            ["Channels:email:Providers"] = "smtp,gate-email",
        };
        foreach (var (index, channel) in ((string[])["email", "push", "sms", "chat", "webhook"]).Index())
        {
            var account = $"gate-{channel}";
            settings[$"Providers:{account}:Type"] = "http";
            settings[$"Providers:{account}:Url"] = new Uri(vendor, $"/{channel}?token={secrets[6 + index]}").ToString();
            settings[$"Providers:{account}:Headers:Authorization"] = $"Bearer {secrets[11 + index]}";
            settings.TryAdd($"Channels:{channel}:Providers", account);
        }

        // Accounts that are named, and not asked.
        foreach (var (index, account) in ((string[])["one", "two", "three", "four"]).Index())
        {
            settings[$"Providers:{account}:Type"] = "http";
            settings[$"Providers:{account}:Url"] = new Uri(vendor, $"/{account}?token={secrets[16 + index]}").ToString();
        }

        return settings;
    }

    /// <summary>To a vendor that repeats what it was told: it takes it, refuses it, does not work, or is called too often.</summary>
    static async Task Deliver(HostProcess host, string key, List<Someone> people, ConcurrentDictionary<string, string> seen)
    {
        foreach (var person in people)
        {
            seen[$"answer to {person.Number}"] = await Ask(
                host,
                HttpMethod.Post,
                "/v1/notifications",
                key,
                new
                {
                    category = "announcement",
                    recipient = new
                    {
                        id = $"buyer-{person.Number}",
                        name = "Som\u001b[31m\u2028FAKE",
                        email = person.Email,
                        phone = person.Phone,
                        pushTokens = (string[])[person.Token],
                        chat = (string[])[person.Chat],
                        webhookUrl = person.Webhook,
                    },
                    data = new { title = "News", text = "We are open." },
                    email = new { replyTo = person.Reply, cc = (string[])[person.Copy] },
                    push = new { deepLink = person.Link },
                }
            );
        }
    }

    /// <summary>What is wrong with what comes, over HTTP and on the bus, with addresses in every place that is named.</summary>
    static async Task Fail(HostProcess host, string key, Uri broker, List<Someone> people, ConcurrentDictionary<string, string> seen)
    {
        var number = 0;
        foreach (var person in people.Take(10))
        {
            foreach (var address in person.Addresses)
            {
                foreach (
                    var body in (object[])
                        [
                            new { category = address },
                            new { category = "announcement", recipient = new { id = "a", email = $"{address}@@" } },
                            new { category = "announcement", recipient = new { id = "a", phone = $"x{address}" } },
                            new { category = "announcement", recipient = new { id = "a", webhookUrl = $"ftp://{address}" } },
                            new { category = "announcement", recipient = new { id = "a", chat = (string[])[$"nowhere:{address}"] } },
                            new
                            {
                                category = "announcement",
                                channels = (string[])[address],
                                recipient = new { id = "a" },
                            },
                            new { recipient = 5, by = address },
                        ]
                )
                    seen[$"refusal {number++}"] = await Ask(host, HttpMethod.Post, "/v1/notifications", key, body);
                seen[$"refusal {number++}"] = await Ask(
                    host,
                    HttpMethod.Get,
                    $"/v1/notifications?status={Uri.EscapeDataString(address)}",
                    key
                );
                seen[$"refusal {number++}"] = await Ask(host, HttpMethod.Get, $"/v1/providers/{Uri.EscapeDataString(address)}", key);
                seen[$"refusal {number++}"] = await Ask(
                    host,
                    HttpMethod.Post,
                    "/v1/decisions",
                    key,
                    new
                    {
                        decision = address,
                        by = "ann",
                        why = "a test",
                    }
                );
            }
        }

        await Ask(
            host,
            HttpMethod.Post,
            "/v1/suppressions",
            key,
            new
            {
                channel = "email",
                address = people[0].Email,
                by = "ann",
                why = "a test",
            }
        );
        await Ask(
            host,
            HttpMethod.Post,
            "/v1/notifications",
            key,
            new
            {
                category = "announcement",
                recipient = new { id = "buyer-0", email = people[0].Email },
                data = new { title = "a", text = "b" },
            }
        );

        await using var producer = await PlainAmqpProducer.Connect(broker);
        foreach (var person in people.Take(10))
        {
            var recipient = new JsonObject
            {
                ["id"] = "a",
                ["email"] = person.Email,
                ["phone"] = person.Phone,
            };
            await producer.Publish(
                "NotificationRequested",
                new JsonObject { ["category"] = person.Email, ["recipient"] = recipient.DeepClone() }
            );
            await producer.Publish("NotificationRequested", new JsonObject { ["category"] = "announcement", ["recipient"] = person.Phone });
            await producer.Publish(
                "NotificationBus.Contracts:NotificationRequested",
                new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true },
                Encoding.UTF8.GetBytes($"{{\"message\":{{\"recipient\":{{\"email\":\"{person.Email}\"")
            );
        }
    }

    /// <summary>A host that cannot start says why, and not with which password.</summary>
    static async Task<string> StartIn(Uri broker, string database)
    {
        await using var output = new StringWriter();
        await NotificationHost.Run(
            [
                "migrate",
                "--Transport=RabbitMq",
                $"--ConnectionStrings:RabbitMq={broker}",
                $"--ConnectionStrings:Postgres={database}",
                "--Postgres:StartTimeout=00:00:00",
            ],
            output,
            output
        );
        return $"{output}";
    }

    static async Task<string> Ask(HostProcess host, HttpMethod method, string path, string key, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await host.Client.SendAsync(request);
        ((int)answer.StatusCode).ShouldBeLessThan(500, path);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>Somebody with an address on each channel.</summary>
    sealed record Someone(string Mark, int Number, Uri Vendor)
    {
        public string Email => $"{Mark}-{Number:00}@example.org";

        public string Phone => $"+66812{Math.Abs(StringComparer.Ordinal.GetHashCode(Mark)) % 1000:000}{Number:000}";

        public string Token => $"{Mark}-token-{Number:00}-{new string('a', 40)}";

        public string Chat => $"telegram:7{Math.Abs(StringComparer.Ordinal.GetHashCode(Mark)) % 1_000_000:000000}{Number:000}";

        public string Webhook => $"https://{Mark}-{Number:00}.example.org/hooks";

        public string Reply => $"{Mark}-reply-{Number:00}@example.org";

        public string Copy => $"{Mark}-copy-{Number:00}@example.org";

        public string Link => $"shop://{Mark}-link-{Number:00}";

        public IReadOnlyList<string> Carried => [Reply, Copy, Link];

        public IReadOnlyList<string> Addresses => [Email, Phone, Token, Chat, Webhook];
    }

    /// <summary>A vendor that repeats in its answer what it was told, as many do.</summary>
    sealed class Echo(WebApplication app) : IAsyncDisposable
    {
        int _calls;

        public Uri Url => new(app.Urls.Single());

        public int Calls => _calls;

        public static async Task<Echo> Start()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var echo = new Echo(app);
            app.MapFallback(echo.Answer);
            await app.StartAsync();
            return echo;
        }

        public async ValueTask DisposeAsync() => await app.DisposeAsync();

        async Task Answer(HttpContext context)
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            var isEven = Interlocked.Increment(ref _calls) % 2 == 0;
            // Each channel has a failure of its own: one account that is left alone would keep the others' from being seen.
            context.Response.StatusCode = (context.Request.Path.Value, isEven) switch
            {
                ("/sms", _) => 401,
                ("/chat", _) => 429,
                ("/push", true) => 503,
                (_, true) => 400,
                _ => 200,
            };
            await context.Response.WriteAsync(
                $"{{\"error\":\"cannot send {JsonEncodedText.Encode(body)} to {context.Request.GetDisplayUrl()} as "
                    + $"{context.Request.Headers.Authorization}\"}}"
            );
        }
    }
}
