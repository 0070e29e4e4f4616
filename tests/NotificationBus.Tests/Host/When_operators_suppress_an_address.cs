using System.Net;

using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

public sealed class When_operators_suppress_an_address(HostWithServices services) : IClassFixture<HostWithServices>
{
    const string Path = "/v1/suppressions";

    [Fact]
    public async Task Should_not_use_it_however_it_is_written_until_it_is_allowed_again()
    {
        (await Suppress("Suppressed@Example.com", "she asked us to")).Status.ShouldBe(HttpStatusCode.NoContent);

        var refused = await services.Host.Outcome(await services.PlaceOrder("suppressed@EXAMPLE.com"));
        (Text(refused, "status"), Text(Delivery(refused), "status"), Text(Delivery(refused), "reason")).ShouldBe(
            ("failed", "failed", "the address is suppressed: she asked us to"));
        All(Delivery(refused), "attempts").ShouldBeEmpty();
        CallsFor("suppressed@EXAMPLE.com", services.Gateway).ShouldBe(0);
        CallsFor("suppressed@EXAMPLE.com", services.Backup).ShouldBe(0);

        (await services.Host.Delete($"{Path}/email/SUPPRESSED@example.com?by=bob&why=she%20came%20back")).Status.ShouldBe(HttpStatusCode.NoContent);

        Text(await services.Host.Outcome(await services.PlaceOrder("suppressed@example.com")), "status").ShouldBe("delivered");
        CallsFor("suppressed@example.com", services.Gateway).ShouldBe(1);
    }

    [Fact]
    public async Task Should_list_it_with_who_said_so_and_why()
    {
        await Suppress("Listed@example.com", "it bounced");
        await Suppress("other@example.com", "it bounced too");

        var listed = All((await services.Host.Get($"{Path}?channel=email&address=LISTED@example.com")).Json, "suppressions").ShouldHaveSingleItem();

        listed.EnumerateObject().Select(property => property.Name).ShouldBe(["channel", "address", "reason", "source", "createdAt"]);
        (Text(listed, "channel"), Text(listed, "address"), Text(listed, "reason"), Text(listed, "source")).ShouldBe(("email", "listed@example.com", "it bounced", "operator ann"));
        All((await services.Host.Get($"{Path}?limit=1")).Json, "suppressions").ShouldHaveSingleItem();
        All((await services.Host.Get($"{Path}?channel=push")).Json, "suppressions").ShouldBeEmpty();
        Addresses((await services.Host.Get(Path)).Json).Take(2).ShouldBe(["other@example.com", "listed@example.com"], "the newest first");
    }

    [Fact]
    public async Task Should_keep_who_added_and_who_removed_it_and_nothing_of_a_second_click()
    {
        for (var click = 0; click < 2; click++)
            (await Suppress("clicked@example.com", "it bounced")).Status.ShouldBe(HttpStatusCode.NoContent);
        for (var click = 0; click < 2; click++)
            (await services.Host.Delete($"{Path}/email/clicked@example.com?by=bob&why=mended")).Status.ShouldBe(HttpStatusCode.NoContent);

        var changes = All((await services.Host.Get("/v1/changes")).Json, "changes").Where(change => $"{change.GetProperty("after")}".Contains("clicked@", StringComparison.Ordinal));
        changes.Select(change => (Text(change, "subject"), Text(change, "who"), Text(change, "why"), $"{change.GetProperty("after")}")).ShouldBe(
        [
            ("suppression email", "bob", "mended", """{"removed":"clicked@example.com"}"""),
            ("suppression email", "ann", "it bounced", """{"added":"clicked@example.com"}"""),
        ]);
        All((await services.Host.Get($"{Path}?channel=email&address=clicked@example.com")).Json, "suppressions").ShouldBeEmpty();
    }

    Task<Answer> Suppress(string address, string why) =>
        services.Host.Post(Path, $$"""{"channel":"email","address":"{{address}}","by":"ann","why":"{{why}}"}""");

    static IEnumerable<string?> Addresses(System.Text.Json.JsonElement list) => All(list, "suppressions").Select(suppression => Text(suppression, "address"));
}
