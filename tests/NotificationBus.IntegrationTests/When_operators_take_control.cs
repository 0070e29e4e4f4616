using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.IntegrationTests;

/// <summary>What is set on one host is obeyed by both, because each may be the one that sends.</summary>
public sealed class When_operators_take_control(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_be_obeyed_by_every_host_and_kept_on_record()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        await using var backup = new ScriptedHttpServer();
        gateway.Answers("200 OK");
        backup.Answers("200 OK");
        await using var record = new The_record(database);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "gateway,backup",
            ["Providers:gateway:Type"] = "http",
            ["Providers:gateway:Url"] = $"{gateway.Url}",
            ["Providers:backup:Type"] = "http",
            ["Providers:backup:Url"] = $"{backup.Url}",
            ["EventTypes:order-placed:Channels"] = "email",
            ["EventTypes:order-placed:OnInDoubt"] = "Hold",
        };
        await using var first = await HostProcess.Start(broker, database, settings);
        await using var second = await HostInProcess.Start(broker, database, settings);

        // Switched off: the next provider sends.
        await The_operator.SetsProvider(
            "gateway",
            new
            {
                @switch = "off",
                by = "ann",
                why = "maintenance",
            },
            one => one.GetProperty("switch").GetString() == "off",
            first,
            second
        );
        foreach (var order in Enumerable.Range(1, 10))
            await The_shop.Places(first, $"off-{order}");
        await record.UntilDelivered(10, Soon);
        (gateway.Requests.Count, backup.Requests.Count).ShouldBe((0, 10));
        await The_operator.SetsProvider(
            "gateway",
            new { by = "bob", why = "it is back" },
            one => one.GetProperty("switch").GetString() == "on",
            second,
            first
        );

        // Paused: what is to be sent waits, and comes when the channel is resumed.
        await The_operator.SetsChannel("email", paused: true, "a wrong template", first, second);
        foreach (var order in Enumerable.Range(1, 10))
            await The_shop.Places(second, $"paused-{order}");
        await record.Until("SELECT count(*) FROM outgoing_message WHERE waits_for = 'channel email'", 10, Soon);
        gateway.Requests.Count.ShouldBe(0);
        await The_operator.SetsChannel("email", paused: false, "mended", second, first);
        await record.UntilDelivered(20, Soon);
        gateway.Requests.Count.ShouldBe(10);

        // Suppressed: nobody is asked, however the address is written, until it is allowed again.
        await The_operator.Asks(
            first,
            HttpMethod.Post,
            "/v1/suppressions",
            new
            {
                channel = "email",
                address = "Som@Example.com",
                by = "ann",
                why = "she asked us to",
            }
        );
        await The_shop.Places(second, "suppressed", "som@EXAMPLE.com");
        await record.Until(
            "SELECT count(*) FROM delivery_overview WHERE status = 'failed' AND reason = 'the address is suppressed: she "
                + "asked us to' AND attempts = 0",
            1,
            Soon
        );
        await The_operator.Asks(second, HttpMethod.Delete, "/v1/suppressions/email/som@example.com?by=bob&why=she%20came%20back");
        await The_shop.Places(second, "allowed", "som@EXAMPLE.com");
        await record.UntilDelivered(21, Soon);
        gateway.Requests.Count(request => request.Body.Contains("som@", StringComparison.OrdinalIgnoreCase)).ShouldBe(1);

        // Held: it is sent again when they say so, and only then.
        gateway.Answers("500 Internal Server Error");
        await The_shop.Places(first, "held");
        var held = (
            await The_operator.Sees(
                second,
                "/v1/notifications?status=held",
                found => found.GetProperty("notifications").GetArrayLength() == 1
            )
        )
            .GetProperty("notifications")[0]
            .GetProperty("id")
            .GetGuid();
        var delivery = (await second.Client.GetFromJsonAsync<JsonElement>($"/v1/notifications/{held}"))
            .GetProperty("deliveries")[0]
            .GetProperty("id")
            .GetGuid();
        var asked = gateway.Requests.Count;
        gateway.Answers("200 OK");
        await The_operator.Asks(
            second,
            HttpMethod.Post,
            $"/v1/notifications/{held}/deliveries/{delivery}/decision",
            new
            {
                decision = "resend",
                by = "ann",
                why = "they never had it",
            }
        );
        await record.UntilDelivered(22, Soon);
        gateway.Requests.Count.ShouldBe(asked + 1);
        backup.Requests.Count.ShouldBe(10);
        (
            await record.Scalar<string>(
                $"SELECT string_agg(status, ',' ORDER BY number) FROM delivery_attempt WHERE delivery_id = '{delivery}'"
            )
        ).ShouldBe("InDoubt,Accepted");

        (
            await record.Scalar<string>(
                "SELECT string_agg(concat_ws('|', subject, who, why, before, after), E'\\n' ORDER BY number) FROM control_change "
                    + "WHERE at > now() - interval '10 minutes'"
            )
        ).ShouldBe(
            string.Join(
                '\n',
                [
                    """provider gateway|ann|maintenance|{"switch": "on"}|{"switch": "off"}""",
                    """provider gateway|bob|it is back|{"switch": "off"}|{"switch": "on"}""",
                    """channel email|ann|a wrong template|{"paused": false}|{"paused": true}""",
                    """channel email|ann|mended|{"paused": true}|{"paused": false}""",
                    """suppression email|ann|she asked us to|null|{"added": "som@example.com"}""",
                    """suppression email|bob|she came back|null|{"removed": "som@example.com"}""",
                    $$"""delivery {{delivery}}|ann|they never had it|null|{"decision": "resend", "notification": "{{held}}"}""",
                ]
            )
        );
        await The_broker.ShouldHaveNoStrays(broker);
    }

    [Fact]
    public async Task Should_send_all_that_waits_in_its_turn_when_the_rate_is_cut()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Providers:sandbox:PerSecond"] = "1",
                ["EventTypes:order-placed:Channels"] = "email",
            }
        );
        const int Count = 20;
        const string Waiting = "outgoing_message WHERE waits_for = 'turn at sandbox'";
        await Task.WhenAll(Enumerable.Range(1, Count).Select(order => The_shop.Places(host, $"waits-{order}")));
        await record.Until($"SELECT (SELECT count(*) FROM {Waiting}) + (SELECT count(*) FROM delivery_attempt)", Count, Soon);
        await record.Execute($"CREATE TABLE the_line AS SELECT notification_id, due_at AS turn FROM {Waiting}");

        await The_operator.Asks(
            host,
            HttpMethod.Put,
            "/v1/providers/sandbox",
            new
            {
                perSecond = 0.5,
                by = "ann",
                why = "they asked us to",
            }
        );

        await record.Execute(
            $"CREATE TABLE put_back AS SELECT notification_id, due_at AS turn FROM (SELECT * FROM {Waiting}) AS waiting JOIN the_line "
                + "USING (notification_id) WHERE due_at > turn + interval '2 seconds'"
        );
        // A host that cannot keep up is late for some. But whoever had lost his turn would take another one, behind the last.
        await record.Some(
            "SELECT count(*) FROM delivery_attempt JOIN put_back USING (notification_id) "
                + "WHERE started_at - turn BETWEEN interval '-0.1 seconds' AND interval '1 second'",
            Soon
        );

        await The_operator.Asks(
            host,
            HttpMethod.Put,
            "/v1/providers/sandbox",
            new
            {
                perSecond = 1000,
                by = "ann",
                why = "they have mended it",
            }
        );
        await record.UntilDelivered(Count, Soon);
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt")).ShouldBe(Count);
    }

    [Fact]
    public async Task Should_name_the_field_that_no_database_can_hold()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);

        foreach (
            var (method, path, field) in new[]
            {
                (HttpMethod.Get, "/v1/suppressions?channel=email&address=a%00", "address"),
                (HttpMethod.Get, "/v1/changes?before=9223372036854775808", "before"),
                (HttpMethod.Delete, "/v1/suppressions/email/som@example.com?by=ann%00&why=so", "by"),
            }
        )
        {
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
            using var refused = await host.Client.SendAsync(request);
            refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest, path);
            (await refused.Content.ReadFromJsonAsync<JsonElement>())
                .GetProperty("errors")
                .EnumerateObject()
                .ShouldHaveSingleItem()
                .Name.ShouldBe(field);
        }

        var changes = await host.Client.GetFromJsonAsync<JsonElement>("/v1/changes?before=9223372036854775807");
        changes.GetProperty("changes").GetArrayLength().ShouldBe(0);
    }
}
