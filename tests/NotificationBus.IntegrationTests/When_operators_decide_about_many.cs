using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.IntegrationTests;

/// <summary>A10: two hundred that are held are decided in one call, and whoever is killed meanwhile, each once.</summary>
public sealed class When_operators_decide_about_many(BusAndDatabase servers)
{
    const int Count = 200;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData("sent", 1)]
    [InlineData("resend", 2)]
    public async Task Should_do_so_once_for_each_when_the_host_is_killed_and_the_call_repeated(string decision, int calls)
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer { Answer = [], Resets = true };
        await using var record = new The_record(database);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "gateway",
            ["Providers:gateway:Type"] = "http",
            ["Providers:gateway:Url"] = $"{gateway.Url}",
            ["EventTypes:order-placed:Channels"] = "email",
            ["EventTypes:order-placed:OnInDoubt"] = "Hold",
        };
        // What is sent by a host that is killed in the middle is in doubt, and held again: so the one that is killed does not send.
        await using var worker = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(settings, StringComparer.Ordinal) { ["Roles"] = "api,worker" }
        );
        await The_operator.SetsProvider(
            "gateway",
            new
            {
                pin = "closed",
                by = "ann",
                why = "no break for it",
            },
            one => one.TryGetProperty("pin", out _),
            worker
        );
        await Task.WhenAll(Enumerable.Range(1, Count).Select(order => The_shop.Places(worker, $"held-{order}")));
        await record.Until("SELECT count(*) FROM held_notification", Count, Soon);
        gateway.Answers("200 OK");
        gateway.Resets = false;

        await using (
            var api = await HostProcess.Start(
                broker,
                database,
                new Dictionary<string, string>(settings, StringComparer.Ordinal) { ["Roles"] = "api" }
            )
        )
        {
            (await Decide(api, decision, preview: true)).GetProperty("found").GetInt32().ShouldBe(Count);
            var deciding = Decide(api, decision);
            await record.Some("SELECT count(*) FROM control_change WHERE decides IS NOT NULL", Soon);
            await api.Kill();
            await Task.WhenAny(deciding); // Answered before the end, or not.
        }

        (await Decide(worker, decision)).GetProperty("left").GetInt32().ShouldBe(0);

        await record.UntilDelivered(Count, Soon);
        (await record.Scalar<long>("SELECT count(*) FROM control_change WHERE decides IS NOT NULL")).ShouldBe(Count);
        (
            await record.Scalar<long>("SELECT count(DISTINCT subject) FROM control_change WHERE who = 'ann' AND why = 'they are back'")
        ).ShouldBe(Count);
        (await record.Scalar<long>($"SELECT count(*) FROM delivery_overview WHERE attempts = {calls}")).ShouldBe(Count);
        gateway.Requests.Count.ShouldBe(calls * Count);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    static async Task<JsonElement> Decide(IRunningHost host, string decision, bool preview = false)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/decisions",
            new
            {
                filter = new
                {
                    channel = "email",
                    provider = "gateway",
                    status = "held",
                },
                decision,
                preview,
                by = "ann",
                why = "they are back",
            }
        );
        answer.StatusCode.ShouldBe(preview ? HttpStatusCode.OK : HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
