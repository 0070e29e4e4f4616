using System.Net;
using NotificationBus.Host;

namespace NotificationBus.Tests.Host;

/// <summary>Debts: OrderPlaced for order-placed gets "did you mean"; every problem says what to change.</summary>
public sealed class When_a_name_is_misspelt(RunningHost host) : IClassFixture<RunningHost>
{
    [Theory]
    [InlineData("OrderPlaced", "order-placed")]
    [InlineData("order_placed", "order-placed")]
    [InlineData("orderplaced", "order-placed")]
    [InlineData("order-palced", "order-placed")]
    [InlineData("PaymentReminderDue", "payment-reminder-due")]
    public async Task Should_guess_the_event(string name, string meant)
    {
        var answer = await host.Post($"/v1/events/{name}", "{}");

        answer.ShouldBeProblem(HttpStatusCode.NotFound, "unknown-event");
        answer.Json.GetProperty("detail").GetString().ShouldEndWith($" Did you mean {meant}?");
    }

    [Theory]
    [InlineData("nothing-like-it")]
    [InlineData("a")]
    [InlineData("---")]
    public async Task Should_not_guess_at_random(string name) =>
        (await host.Post($"/v1/events/{name}", "{}")).Body.ShouldNotContain("Did you mean");

    [Theory]
    [InlineData("/v1/notifications?status=Delivered", "status", "delivered")]
    [InlineData("/v1/notifications?status=partly_delivered", "status", "partly-delivered")]
    [InlineData("/v1/notifications?Recipient=a", "Recipient", "recipient")]
    [InlineData("/v1/notifications?categroy=a", "categroy", "category")]
    [InlineData("/v1/suppressions?channel=e-mail", "channel", "email")]
    [InlineData("/v1/failed-messages?state=Failed", "state", "failed")]
    public async Task Should_guess_what_a_query_means(string path, string place, string meant) =>
        (await host.Get(path)).ShouldBeProblem(HttpStatusCode.BadRequest, "validation")[place].ShouldEndWith($"; did you mean {meant}?");

    [Theory]
    [InlineData("/v1/providers/Sandbox", """{"by":"ann","why":"x"}""", "sandbox")]
    [InlineData("/v1/channels/e-mail", """{"by":"ann","why":"x"}""", "email")]
    public async Task Should_guess_what_an_operator_means(string path, string body, string meant) =>
        (await host.Put(path, body)).Json.GetProperty("detail").GetString().ShouldEndWith($" Did you mean {meant}?");

    [Fact]
    public async Task Should_guess_a_word_of_an_operator() =>
        (await host.Put("/v1/providers/sandbox", """{"switch":"Drain","by":"ann","why":"x"}"""))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")["switch"]
            .ShouldEndWith("; did you mean drain?");

    [Theory]
    [InlineData("--Transprot=InMemory", "; did you mean Transport?")]
    [InlineData("--EventTypes:order-placed:Channel=push", "; did you mean Channels?")]
    [InlineData("--EventTypes:orderplaced:Channels=push", "; did you mean order-placed?")]
    [InlineData("--EventTypes:order-placed:Channels=e-mail", "; did you mean email?")]
    [InlineData("--Channels:e-mail:Providers=sandbox", "; did you mean email?")]
    [InlineData("--Roles=api,wroker", "; did you mean worker?")]
    [InlineData("--Serilog:MinimumLevel:Overide:System=Warning", "; did you mean Override?")]
    public void Should_guess_a_setting(string setting, string meant) =>
        Should.Throw<SettingsException>(() => NotificationHost.Build([setting])).Message.ShouldContain(meant);

    [Theory]
    [InlineData("/v1/notifications", """{"catgory":"announcement"}""", "catgory", "category")]
    [InlineData("/v1/notifications", """{"recipient":{"id":"a","Email":"a@example.com"}}""", "recipient.Email", "email")]
    [InlineData("/v1/notifications", """{"category":"Announcement","recipient":{"id":"a"},"data":{}}""", "category", "announcement")]
    [InlineData(
        "/v1/notifications",
        """{"category":"announcement","recipient":{"id":"a"},"data":{},"channels":["e-mail"]}""",
        "channels[0]",
        "email"
    )]
    [InlineData("/v1/events/order-placed", """{"eventID":"1"}""", "eventID", "eventId")]
    [InlineData("/v1/events/order-placed", """{"seller":{"pushtoken":[]}}""", "seller.pushtoken", "pushTokens")]
    [InlineData("/v1/events/order-placed", """{"total":{"ammount":1}}""", "total.ammount", "amount")]
    // Whoever only decorates.
    [InlineData("/v1/events/order-placed", """{"buyer":{"nmae":"Som","locales":"th"}}""", "buyer.locales", "locale")]
    [InlineData("/v1/decisions", """{"filter":{"catgory":"a"},"by":"ann","why":"x","decision":"sent"}""", "filter.catgory", "category")]
    public async Task Should_guess_what_a_body_means(string path, string body, string place, string meant) =>
        (await host.Post(path, body))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")[place]
            .ShouldEndWith($"; did you mean {meant}?");

    [Theory]
    [InlineData("""{"adress":1,"zzz":1}""", "zzz")]
    [InlineData("""{"recipient":{"zzz":1}}""", "recipient.zzz")]
    public async Task Should_not_guess_at_random_in_a_body(string body, string place) =>
        (await host.Post("/v1/notifications", body))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")[place]
            .ShouldNotContain("did you mean");

    [Fact]
    public async Task Should_say_where_to_look_when_there_is_nothing() =>
        (await host.Get("/v1/nothing"))
            .Json.GetProperty("detail")
            .GetString()
            .ShouldBe("See /v1/notifications, /v1/events/{name} and /v1/status.");

    [Fact]
    public void Should_take_no_time_for_a_name_that_is_none() =>
        Spelling.Meant(new string('a', 1_000_000), ["order-placed"]).ShouldBeNull();
}
