using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.Access;
using NotificationBus.Host;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>D: everybody who reaches the port may do everything. Two hosts on one database, and keys.</summary>
public sealed class When_hosts_ask_for_keys(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_know_a_key_on_the_other_host_within_a_second_and_refuse_it_within_five()
    {
        var (broker, database) = await servers.CreateBoth();
        var first = KeyText.New("first").Reveal();
        await using var one = await Start(broker, database, first);
        await using var other = await Start(broker, database, first);
        await using var record = new The_record(database);

        // Several times: once may be luck. Of how soon it is known the middle one counts, for the first pays for what is compiled on the
        // way.
        var known = new List<TimeSpan>();
        for (var round = 0; round < 5; round++)
        {
            var (key, id) = await Make(one, first);
            known.Add(await Until(HttpStatusCode.OK, () => Asks(other, key)));

            using var revoked = await Send(one, HttpMethod.Post, $"/v1/keys/{id}/revoke", first, new { why = "it was in a log" });
            revoked.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await Asks(one, key)).ShouldBe(HttpStatusCode.Unauthorized);
            (await Until(HttpStatusCode.Unauthorized, () => Asks(other, key))).ShouldBeLessThan(TimeSpan.FromSeconds(5));
        }

        known.Order().ElementAt(2).ShouldBeLessThan(TimeSpan.FromSeconds(1));

        // Neither the key nor its secret is anywhere in the database.
        (await Dump(record, "access_key")).ShouldNotContain(first[^64..]);
        (await Dump(record, "control_change")).ShouldNotContain(first[^64..]);
        (
            await record.Scalar<bool>(
                "SELECT bool_and(hash = sha256(convert_to($$" + first + "$$, 'UTF8'))) FROM access_key WHERE application = 'first'"
            )
        ).ShouldBeTrue();
    }

    /// <summary>The store tells; should it fail to, each host looks for itself.</summary>
    [Fact]
    public async Task Should_refuse_a_key_that_was_revoked_without_a_word()
    {
        var (broker, database) = await servers.CreateBoth();
        var first = KeyText.New("first").Reveal();
        await using var host = await Start(broker, database, first);
        await using var record = new The_record(database);
        var (key, id) = await Make(host, first);
        (await Asks(host, key)).ShouldBe(HttpStatusCode.OK);

        await record.Execute($"UPDATE access_key SET revoked_at = now() WHERE id = '{id}'");

        (await Until(HttpStatusCode.Unauthorized, () => Asks(host, key))).ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Should_take_the_keys_known_last_while_the_database_is_away()
    {
        var broker = await servers.CreateVirtualHost();
        await using var postgres = await PostgresServer.Start();
        var database = await postgres.CreateDatabase();
        var first = KeyText.New("first").Reveal();
        await using var host = await Start(broker, database, first);

        await postgres.Kill();

        using var accepted = await Send(host, HttpMethod.Post, "/v1/events/order-placed", first, JsonElement.Parse(Readme.CurlBody));
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        (await Asks(host, KeyText.New("first").Reveal())).ShouldBe(HttpStatusCode.Unauthorized);
        var secret = first[^64..];
        host.Output.Lines().ShouldNotContain(line => line.Contains(secret, StringComparison.Ordinal));
        await postgres.Restart();
        await Until(HttpStatusCode.OK, () => Asks(host, first, "/v1/notifications"));
    }

    /// <summary>What an operator does who has a database and nothing in it.</summary>
    [Fact]
    public async Task Should_be_made_listed_rotated_and_revoked_on_the_command_line()
    {
        var (broker, database) = await servers.CreateBoth();
        string[] settings = ["--Transport=RabbitMq", $"--ConnectionStrings:RabbitMq={broker}", $"--ConnectionStrings:Postgres={database}"];

        var (exit, text) = await Run([.. settings, "--Urls=http://127.0.0.1:0", "--Serilog:MinimumLevel:Default=Fatal"]);
        (exit, text).ShouldBe((2, KeyRing.NoKey));

        (exit, text) = await Run(["keys", "create", "shop", "--scopes", "read,send", "--name=orders", "--json", .. settings]);
        exit.ShouldBe(0, text);
        var made = JsonElement.Parse(text);
        var (key, id) = (made.GetProperty("key").GetString()!, made.GetProperty("onRecord").GetProperty("id").GetString()!);

        await using var host = await Start(broker, database, firstKey: null);
        (await Asks(host, key)).ShouldBe(HttpStatusCode.OK);
        (await Run(["keys", "list", .. settings])).Text.ShouldMatch($@"{id}\s+shop\s+send,read");

        (exit, text) = await Run(["keys", "rotate", id, "--grace", "00:00:00", .. settings]);
        exit.ShouldBe(0, text);
        var next = text.Split('\n')[0].Trim();
        await Until(HttpStatusCode.OK, () => Asks(host, next));
        (await Asks(host, key)).ShouldBe(HttpStatusCode.Unauthorized);

        (await Run(["keys", "revoke", id, "--why=closed", .. settings])).Exit.ShouldBe(0);
        (await Until(HttpStatusCode.Unauthorized, () => Asks(host, next))).ShouldBeLessThan(TimeSpan.FromSeconds(5));
        (await Run(["keys", "rotate", id, .. settings])).Exit.ShouldBe(1);
        (await Run(["keys", "revoke", "0123456789abcdef", .. settings])).Exit.ShouldBe(1);

        await using var record = new The_record(database);
        (
            await record.Scalar<long>($"SELECT count(*) FROM control_change WHERE subject = 'key shop/{id}' AND who LIKE 'command line %'")
        ).ShouldBe(3);
        (
            await record.Scalar<string>($"SELECT why FROM control_change WHERE subject = 'key shop/{id}' ORDER BY number DESC LIMIT 1")
        ).ShouldBe("closed");
    }

    [Fact]
    public async Task Should_not_bring_a_revoked_first_key_back()
    {
        var (broker, database) = await servers.CreateBoth();
        var first = KeyText.New("first").Reveal();
        string spare;
        await using (var host = await Start(broker, database, first))
        {
            spare = (await Make(host, first)).Key;
            using var revoked = await Send(
                host,
                HttpMethod.Post,
                $"/v1/keys/{KeyText.Parse(first)!.Id}/revoke",
                first,
                new { why = "a test" }
            );
            revoked.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        await using var again = await Start(broker, database, first);
        (await Asks(again, first)).ShouldBe(HttpStatusCode.Unauthorized);
        (await Asks(again, spare)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Should_note_when_a_key_was_used_and_who_used_it()
    {
        var (broker, database) = await servers.CreateBoth();
        var first = KeyText.New("first").Reveal();
        await using var record = new The_record(database);
        await using (var host = await Start(broker, database, first))
        {
            using var set = await Send(
                host,
                HttpMethod.Put,
                "/v1/channels/email",
                first,
                new
                {
                    paused = true,
                    by = "ann",
                    why = "a test",
                }
            );
            set.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        (await record.Scalar<bool>("SELECT last_used_at > now() - interval '1 minute' FROM access_key")).ShouldBeTrue();
        (
            await record.Scalar<string>("SELECT concat_ws('|', who, on_behalf_of) FROM control_change WHERE subject = 'channel email'")
        ).ShouldBe($"key first/{KeyText.Parse(first)!.Id}|ann");
    }

    static Task<HostInProcess> Start(Uri broker, string database, string? firstKey)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["Auth:Mode"] = "Keys" };
        if (firstKey is not null)
            settings["Auth:FirstKey"] = firstKey;
        return HostInProcess.Start(broker, database, settings);
    }

    static async Task<(string Key, string Id)> Make(HostInProcess host, string first)
    {
        using var made = await Send(
            host,
            HttpMethod.Post,
            "/v1/keys",
            first,
            new
            {
                application = "shop",
                scopes = new[] { "read" },
                why = "a test",
            }
        );
        made.StatusCode.ShouldBe(HttpStatusCode.Created);
        var key = await made.Content.ReadFromJsonAsync<JsonElement>();
        return (key.GetProperty("key").GetString()!, key.GetProperty("onRecord").GetProperty("id").GetString()!);
    }

    static async Task<HttpStatusCode> Asks(HostInProcess host, string key, string path = "/v1/providers")
    {
        using var answer = await Send(host, HttpMethod.Get, path, key);
        return answer.StatusCode;
    }

    static async Task<HttpResponseMessage> Send(HostInProcess host, HttpMethod method, string path, string key, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative))
        {
            Content = body is null ? null : JsonContent.Create(body),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
        };
        return await host.Client.SendAsync(request);
    }

    static async Task<TimeSpan> Until(HttpStatusCode wanted, Func<Task<HttpStatusCode>> ask)
    {
        var waiting = Stopwatch.StartNew();
        while (await ask() != wanted)
        {
            waiting.Elapsed.ShouldBeLessThan(Soon);
            await Task.Delay(10);
        }

        return waiting.Elapsed;
    }

    static async Task<string> Dump(The_record record, string table) =>
        await record.Scalar<string>($"SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} t");

    static async Task<(int Exit, string Text)> Run(string[] args)
    {
        await using var output = new StringWriter();
        var exit = await NotificationHost.Run(args, output, output).WaitAsync(Soon);
        return (exit, output.ToString().TrimEnd());
    }
}
