using System.Net;
using System.Text.Json;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

public sealed class When_operators_suppress_an_address(HostWithServices services) : IClassFixture<HostWithServices>
{
    const string Path = "/v1/suppressions";

    [Fact]
    public async Task Should_not_use_it_however_it_is_written_until_it_is_allowed_again()
    {
        await Suppress("Suppressed@Example.com", "she asked us to");

        var refused = await services.Host.Outcome(await services.PlaceOrder("suppressed@EXAMPLE.com"));
        (Text(refused, "status"), Text(Delivery(refused), "status"), Text(Delivery(refused), "reason")).ShouldBe(
            ("failed", "failed", "the address is suppressed: she asked us to")
        );
        All(Delivery(refused), "attempts").ShouldBeEmpty();
        CallsFor("suppressed@EXAMPLE.com", services.Gateway).ShouldBe(0);
        CallsFor("suppressed@EXAMPLE.com", services.Backup).ShouldBe(0);

        (await services.Host.Delete($"{Path}/email/SUPPRESSED@example.com?by=bob&why=she%20came%20back")).Status.ShouldBe(
            HttpStatusCode.NoContent
        );

        Text(await services.Host.Outcome(await services.PlaceOrder("suppressed@example.com")), "status").ShouldBe("delivered");
        CallsFor("suppressed@example.com", services.Gateway).ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_use_it_for_the_category_they_name_and_go_on_with_the_others()
    {
        const string Mailbox = "choosy@example.com";
        await Suppress("Choosy@Example.com", "no news, please", "announcement");
        Text(await services.Host.Outcome(await services.PlaceOrder(Mailbox)), "status").ShouldBe("delivered");

        await Suppress(Mailbox, "orders by phone only", "order-placed");
        var refused = await services.Host.Outcome(await services.PlaceOrder(Mailbox));
        (Text(refused, "status"), Text(Delivery(refused), "reason")).ShouldBe(
            ("failed", "the address is suppressed: orders by phone only")
        );

        (await services.Host.Delete($"{Path}/email/{Mailbox}?by=bob&why=mended")).ShouldBeProblem(
            HttpStatusCode.NotFound,
            "unknown-suppression"
        );
        Text(await services.Host.Outcome(await services.PlaceOrder(Mailbox)), "status")
            .ShouldBe("failed", "only the one for every category would have gone");

        (await services.Host.Delete($"{Path}/email/{Mailbox}?category=order-placed&by=bob&why=mended")).Status.ShouldBe(
            HttpStatusCode.NoContent
        );
        Text(await services.Host.Outcome(await services.PlaceOrder(Mailbox)), "status").ShouldBe("delivered");
        CallsFor(Mailbox, services.Gateway).ShouldBe(2);

        var left = All((await services.Host.Get($"{Path}?channel=email&address={Mailbox}")).Json, "suppressions").ShouldHaveSingleItem();
        (Text(left, "category"), Text(left, "reason"), Text(left, "source")).ShouldBe(("announcement", "no news, please", "operator ann"));
        (await ChangesOf("choosy@")).ShouldBe([
            ("suppression email", "bob", "mended", $$"""{"removed":"{{Mailbox}}","category":"order-placed"}"""),
            ("suppression email", "ann", "orders by phone only", $$"""{"added":"{{Mailbox}}","category":"order-placed"}"""),
            ("suppression email", "ann", "no news, please", $$"""{"added":"{{Mailbox}}","category":"announcement"}"""),
        ]);
    }

    [Fact]
    public async Task Should_allow_an_address_with_slashes_again()
    {
        const string Hook = "https://hooks.example.com/orders/7";
        (await services.Host.Post(Path, $$"""{"channel":"webhook","address":"{{Hook}}","by":"ann","why":"so"}""")).Status.ShouldBe(
            HttpStatusCode.NoContent
        );

        (await services.Host.Delete($"{Path}/webhook/{Uri.EscapeDataString(Hook)}?by=bob&why=mended")).Status.ShouldBe(
            HttpStatusCode.NoContent
        );

        All((await services.Host.Get($"{Path}?channel=webhook")).Json, "suppressions").ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_list_it_with_who_said_so_and_why()
    {
        await Suppress("Listed@example.com", "it bounced");
        await Suppress("other@example.com", "it bounced too");
        await Suppress("third@example.com", "no more reminders", "payment-reminder-due");

        var listed = All((await services.Host.Get($"{Path}?channel=email&address=LISTED@example.com")).Json, "suppressions")
            .ShouldHaveSingleItem();

        listed
            .EnumerateObject()
            .Select(property => property.Name)
            .ShouldBe(["channel", "address", "reason", "source", "createdAt"], "without a category it is for every one");
        (Text(listed, "channel"), Text(listed, "address"), Text(listed, "reason"), Text(listed, "source")).ShouldBe(
            ("email", "listed@example.com", "it bounced", "operator ann")
        );
        Addresses((await services.Host.Get($"{Path}?category=payment-reminder-due")).Json).ShouldBe(["third@example.com"]);
        All((await services.Host.Get($"{Path}?limit=1")).Json, "suppressions").ShouldHaveSingleItem();
        All((await services.Host.Get($"{Path}?channel=push")).Json, "suppressions").ShouldBeEmpty();
        Addresses((await services.Host.Get(Path)).Json)
            .Take(3)
            .ShouldBe(["third@example.com", "other@example.com", "listed@example.com"], "the newest first");
    }

    [Fact]
    public async Task Should_list_the_rest_on_the_next_page()
    {
        for (var i = 0; i < 5; i++)
            await Suppress($"paged-{i}@example.com", "it bounced", "order-shipped");

        var seen = new List<string?>();
        for (var next = $"{Path}?channel=email&category=order-shipped&limit=2"; next is not null; )
        {
            var page = (await services.Host.Get(next)).Json;
            Addresses(page).Count().ShouldBeInRange(1, 2);
            seen.AddRange(Addresses(page));
            next = Text(page, "next");
        }

        seen.ShouldBe(["paged-4@example.com", "paged-3@example.com", "paged-2@example.com", "paged-1@example.com", "paged-0@example.com"]);
        (await services.Host.Get($"{Path}?after=nonsense")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation");
    }

    [Fact]
    public async Task Should_keep_who_added_and_who_removed_it_and_nothing_of_a_second_click()
    {
        for (var click = 0; click < 2; click++)
            await Suppress("clicked@example.com", "it bounced");
        const string Removal = $"{Path}/email/clicked@example.com?by=bob&why=mended";
        (await services.Host.Delete(Removal)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await services.Host.Delete(Removal)).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-suppression");

        (await ChangesOf("clicked@")).ShouldBe([
            ("suppression email", "bob", "mended", """{"removed":"clicked@example.com"}"""),
            ("suppression email", "ann", "it bounced", """{"added":"clicked@example.com"}"""),
        ]);
        All((await services.Host.Get($"{Path}?channel=email&address=clicked@example.com")).Json, "suppressions").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("category=&by=bob&why=mended")]
    [InlineData("category&by=bob&why=mended")]
    public async Task Should_not_take_an_empty_category_for_every_one(string query)
    {
        await Suppress("empty@example.com", "it bounced");

        (await services.Host.Delete($"{Path}/email/empty@example.com?{query}"))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldBe(["category"]);

        All((await services.Host.Get($"{Path}?channel=email&address=empty@example.com")).Json, "suppressions").ShouldHaveSingleItem();
    }

    async Task Suppress(string address, string why, string? category = null)
    {
        var only = category is null ? "" : $"\"category\":\"{category}\",";
        var answer = await services.Host.Post(Path, $$"""{"channel":"email","address":"{{address}}",{{only}}"by":"ann","why":"{{why}}"}""");
        answer.Status.ShouldBe(HttpStatusCode.NoContent, answer.Body);
    }

    async Task<IEnumerable<(string? Subject, string? Who, string? Why, string After)>> ChangesOf(string address) =>
        All((await services.Host.Get("/v1/changes")).Json, "changes")
            .Select(change => (Text(change, "subject"), Text(change, "who"), Text(change, "why"), After: $"{change.GetProperty("after")}"))
            .Where(change => change.After.Contains(address, StringComparison.Ordinal));

    static IEnumerable<string?> Addresses(JsonElement list) =>
        All(list, "suppressions").Select(suppression => Text(suppression, "address"));
}
