using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>Debts: the inbox shows what any host of a fleet caught; with <c>Roles=api</c> and <c>worker</c> apart it was empty.</summary>
public sealed class When_hosts_share_an_inbox(BusAndDatabase servers)
{
    const string Scans = "(SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'inbox')";

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_show_on_each_what_any_of_them_caught()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var worker = await Start(broker, database, ("Roles", "worker"));
        (await Refused(worker, "/v1/notifications")).ShouldContain(
            "takes no calls (Roles)",
            Case.Sensitive,
            "a worker's 404 must not lead to itself"
        );
        (await Refused(worker, "/inbox")).ShouldNotContain("See /v1/");
        await using var both = await Start(broker, database, ("Inbox", "false"));

        // While nobody has an inbox, what is caught is kept by who caught it, and costs the database nothing.
        await The_shop.Places(both, "early", pushToken: "demo-token");
        await record.UntilDelivered(1, Soon);
        // It asks whether anybody wants it, once a second and again while nobody does.
        var asked = await Asked();
        await record.Some($"SELECT ({Scans} > {asked + 2})::integer::bigint", Soon);
        (await record.Scalar<long>("SELECT count(*) FROM caught_delivery")).ShouldBe(0);

        await using var first = await Start(broker, database, ("Roles", "api"), ("Inbox", "true"));
        await using var second = await Start(broker, database, ("Roles", "api"), ("Inbox", "true"));
        (await Find(first, "address=early@example.com&wait=30")).ShouldHaveSingleItem();

        foreach (var order in Enumerable.Range(1, 20))
            await The_shop.Places(first, $"order-{order}", pushToken: "demo-token");
        var here = await UntilFound(42, first);
        var there = await UntilFound(42, second);

        here.Count.ShouldBe(42);
        here.Select(Number).ShouldBe(there.Select(Number), "a page may be of one host and its mail of another");
        here.Select(Number).ShouldBe(here.Select(Number).OrderDescending());
        var mail = here.First(item => item.GetProperty("channel").GetString() == "email");
        mail.GetProperty("content").GetProperty("subject").GetString().ShouldNotBeNullOrEmpty();
        (await second.Client.GetStringAsync(new Uri($"/inbox/deliveries/{Number(mail)}/html", UriKind.Relative))).ShouldContain("<html");

        using var cleared = await first.Client.DeleteAsync(new Uri("/inbox/deliveries", UriKind.Relative));
        cleared.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Find(first, "")).ShouldBeEmpty();
        await The_shop.Places(second, "late", pushToken: "demo-token");
        (await Find(second, "address=late@example.com&wait=30")).ShouldHaveSingleItem();
        (await Find(first, "address=late@example.com&wait=30")).ShouldHaveSingleItem();
        // The mail may be there before the push.
        (await UntilFound(2, second)).Count.ShouldBe(2, "what was cleared on one is cleared on all");

        Task<long> Asked() => record.Scalar<long>($"SELECT {Scans}");
    }

    [Fact]
    public async Task Should_keep_the_newest_and_go_on_when_the_database_crashes()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await Start(broker, database, ("Inbox", "true"));
        await The_shop.Places(host, "before", pushToken: "demo-token");
        (await Find(host, "address=before@example.com&wait=30")).ShouldHaveSingleItem();

        // More than are kept, and in the end what a crash leaves of tables that are not in the log: nothing.
        await record.Execute(
            "INSERT INTO caught_delivery (at, delivery) SELECT at, delivery FROM caught_delivery, generate_series(1, 300)"
        );
        await The_shop.Places(host, "between", pushToken: "demo-token");
        (await Find(host, "address=between@example.com&wait=30")).ShouldHaveSingleItem();
        (await record.Scalar<long>("SELECT count(*) FROM caught_delivery")).ShouldBeLessThanOrEqualTo(500);
        // Locked in the order in which the host asks for them, or each may wait for the other.
        await record.Execute("TRUNCATE inbox, caught_delivery RESTART IDENTITY");
        await The_shop.Places(host, "after", pushToken: "demo-token");

        (await Find(host, "address=after@example.com&wait=30")).ShouldHaveSingleItem();
    }

    static async Task<string> Refused(HostInProcess host, string path)
    {
        using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        return await answer.Content.ReadAsStringAsync();
    }

    static long Number(JsonElement item) => item.GetProperty("number").GetInt64();

    static async Task<List<JsonElement>> Find(IRunningHost host, string query) =>
        (await host.Client.GetFromJsonAsync<List<JsonElement>>(new Uri($"/inbox/deliveries?{query}", UriKind.Relative)))!;

    /// <summary>The sending itself may take longer on a busy machine than one question waits.</summary>
    static async Task<List<JsonElement>> UntilFound(int count, IRunningHost host)
    {
        var found = new List<JsonElement>();
        for (var tries = 0; tries < 4 && found.Count < count; tries++)
            found = await Find(host, $"category=order-placed&count={count}&wait=30");
        return found;
    }

    static Task<HostInProcess> Start(Uri broker, string database, params (string Key, string Value)[] settings) =>
        HostInProcess.Start(
            broker,
            database,
            settings.ToDictionary(setting => setting.Key, setting => setting.Value, StringComparer.Ordinal)
        );
}
