using System.Net;
using System.Text.Json;
using NotificationBus.Erasures;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

/// <summary>One person is taken out of the record in memory. On real servers every table is looked through.</summary>
public sealed class When_a_person_is_erased(HostWithServices services) : IClassFixture<HostWithServices>, IAsyncLifetime
{
    readonly string _person = $"person-{Guid.NewGuid():N}";
    readonly string _mailbox = $"{Guid.NewGuid():N}@example.com";

    public async ValueTask InitializeAsync()
    {
        services.Gateway.Answers("200 OK");
        await services.SetProvider("gateway", """{"pin":"closed"}""");
        await services.SetEmail("{}");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Should_be_known_no_more_and_still_be_counted()
    {
        var sent = await Ask();
        await services.Host.Outcome(sent);
        var total = await Total();
        var preview = await Erase("\"preview\":true");

        var erased = await Erase();

        (Number(preview, "notifications"), Number(preview, "contents")).ShouldBe((1, 1));
        (Number(erased, "notifications"), Number(erased, "cancelled"), Number(erased, "contents")).ShouldBe((1, 0, 1));
        erased.GetProperty("isComplete").GetBoolean().ShouldBeTrue();
        var name = Text(erased, "recipient")!;
        name.ShouldStartWith(ErasureKey.Prefix);
        name.ShouldBe(Text(preview, "recipient"));
        var notification = (await services.Host.Get(sent)).Json;
        (Text(notification, "status"), Text(notification, "recipient")).ShouldBe(("delivered", name));
        foreach (var part in (string[])["", "/steps", "/explain"])
        {
            var answer = await services.Host.Get($"{sent}{part}");
            answer.Status.ShouldBe(HttpStatusCode.OK, part);
            foreach (var canary in (string[])[_person, _mailbox, "Nok the canary", "the secret word", "canary-event"])
                answer.Body.ShouldNotContain(canary, Case.Insensitive, part);
        }

        var delivery = Delivery(notification).GetProperty("id").GetGuid();
        (await services.Host.Get($"{sent}/deliveries/{delivery}/content")).Status.ShouldBe(HttpStatusCode.NotFound);
        All((await services.Host.Get($"/v1/notifications?recipient={_person}")).Json, "notifications").ShouldBeEmpty();
        All((await services.Host.Get($"/v1/notifications?address={_mailbox}")).Json, "notifications").ShouldBeEmpty();
        (await Total()).ShouldBe(total, "counts are the same");
    }

    [Fact]
    public async Task Should_be_done_once_however_often_it_is_said()
    {
        await services.Host.Outcome(await Ask());
        await Erase();

        var again = await Erase();

        (Number(again, "notifications"), again.GetProperty("isComplete").GetBoolean()).ShouldBe((0, true));
    }

    [Fact]
    public async Task Should_change_nothing_for_a_preview()
    {
        await services.SetEmail("""{"paused":true}""");
        var waiting = await Ask();
        await UntilWaiting(waiting);

        var preview = await Erase("\"preview\":true");

        (Number(preview, "notifications"), Number(preview, "cancelled"), Number(preview, "waiting")).ShouldBe((1, 1, 1));
        await services.SetEmail("{}");
        Text(await services.Host.Outcome(waiting), "status").ShouldBe("delivered");
        CallsFor(_mailbox, services.Gateway).ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_sent_nothing_that_waits()
    {
        await services.SetEmail("""{"paused":true}""");
        var waiting = await Ask();
        await UntilWaiting(waiting);

        var erased = await Erase();

        (Number(erased, "notifications"), Number(erased, "cancelled"), Number(erased, "waiting")).ShouldBe((1, 1, 1));
        Text(await services.Host.Outcome(waiting), "status").ShouldBe("cancelled");
        await services.SetEmail("{}");
        Text(await services.Host.Outcome(await Ask("another-1")), "status").ShouldBe("delivered", "what comes later is sent");
        CallsFor(_mailbox, services.Gateway).ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_erased_by_an_address_alone()
    {
        var sent = await Ask();
        await services.Host.Outcome(sent);

        var erased = await Post($$"""{"addresses":["{{_mailbox.ToUpperInvariant()}}"],"by":"ann","why":"a request"}""");

        Number(erased, "notifications").ShouldBe(1);
        (await services.Host.Get(sent)).Body.ShouldNotContain(_person);
    }

    [Fact]
    public async Task Should_stay_suppressed_under_a_hash_also_when_the_address_is_imported_again()
    {
        await services.Host.Outcome(await Ask());
        await Suppress();

        Number(await Erase(), "suppressions").ShouldBe(1);

        var listed = (await services.Host.Get("/v1/suppressions?limit=100")).Body;
        listed.ShouldNotContain(_mailbox);
        listed.ShouldContain(ErasureKey.Prefix);
        await Suppress();
        (await services.Host.Get("/v1/suppressions?limit=100")).Body.ShouldNotContain(_mailbox, customMessage: "it is suppressed already");
        var found = All((await services.Host.Get($"/v1/suppressions?channel=email&address={_mailbox}")).Json, "suppressions");
        Text(found.ShouldHaveSingleItem(), "address")!.ShouldStartWith(ErasureKey.Prefix);
        var outcome = await services.Host.Outcome(await Ask("another-2"));
        (Text(outcome, "status"), Text(Delivery(outcome), "code")).ShouldBe(("failed", "suppressed"));
        (await services.Host.Delete($"/v1/suppressions/email/{_mailbox}?by=ann&why=asked")).Status.ShouldBe(HttpStatusCode.NoContent);
        Text(await services.Host.Outcome(await Ask("another-3")), "status").ShouldBe("delivered");

        async Task Suppress() =>
            (
                await services.Host.Post("/v1/suppressions", $$"""{"channel":"email","address":"{{_mailbox}}","by":"ann","why":"asked"}""")
            ).Status.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Should_be_in_the_diary_under_the_name_in_its_place()
    {
        await services.Host.Outcome(await Ask());
        var name = Text(await Erase(), "recipient");

        var changes = (await services.Host.Get("/v1/changes?limit=2")).Json;

        foreach (var change in All(changes, "changes"))
        {
            (Text(change, "subject"), Text(change, "who"), Text(change, "why")).ShouldBe(($"recipient {name}", "ann", "a request"));
            change.GetRawText().ShouldNotContain(_person);
            change.GetRawText().ShouldNotContain(_mailbox);
        }

        All(changes, "changes").First().GetProperty("after").GetProperty("erased").GetProperty("notifications").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"by":"ann","why":"a request"}""", "recipient")]
    [InlineData("""{"recipient":"","by":"ann","why":"a request"}""", "recipient")]
    [InlineData("""{"recipient":"erased-0123456789abcdef","by":"ann","why":"a request"}""", "recipient")]
    [InlineData("""{"recipient":"a","addresses":[""],"by":"ann","why":"a request"}""", "addresses[0]")]
    [InlineData("""{"recipient":"a","addresses":[null],"by":"ann","why":"a request"}""", "addresses[0]")]
    [InlineData("""{"recipient":"a","by":"ann"}""", "why")]
    [InlineData("""{"recipient":"a","why":"a request"}""", "by")]
    public async Task Should_name_the_field_that_is_wrong(string body, string field) =>
        (await services.Host.Post("/v1/recipients/erase", body))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldBe([field]);

    async Task<string> Ask(string eventId = "canary-event")
    {
        var accepted = await services.Host.Post(
            "/v1/notifications",
            $$$"""
            {"eventId":"{{{eventId}}}-{{{_person}}}","category":"announcement","channels":["email"],
             "recipient":{"id":"{{{_person}}}","name":"Nok the canary","locale":"en","email":"{{{_mailbox}}}"},
             "data":{"title":"News","text":"the secret word"},"keys":{"order":"{{{_person}}}"},"metadata":{"of":"{{{_person}}}"}}
            """
        );
        accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);
        return Text(accepted.Json.GetProperty("links"), "self")!;
    }

    async Task UntilWaiting(string self) =>
        await services.Host.Until(
            self,
            notification => Text(notification, "status") == "sending" && Delivery(notification).TryGetProperty("waitingFor", out _)
        );

    Task<JsonElement> Erase(string what = "\"by\":\"ann\",\"why\":\"a request\"") => Post($$"""{"recipient":"{{_person}}",{{what}}}""");

    async Task<JsonElement> Post(string body)
    {
        var answer = await services.Host.Post("/v1/recipients/erase", body);
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Body);
        return answer.Json;
    }

    async Task<long> Total() =>
        All((await services.Host.Get("/v1/ledger")).Json, "hours").Sum(hour => hour.GetProperty("accepted").GetInt64());

    static int Number(JsonElement answer, string property) => answer.GetProperty(property).GetInt32();
}
