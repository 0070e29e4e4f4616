using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Sms;
using NotificationBus.Channels.Webhook;
using NotificationBus.Contracts;
using NotificationBus.Embedded;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Intake;

public sealed class When_a_request_breaks_a_rule
{
    static readonly ChannelSet Channels = new([
        new EmailChannel(),
        new PushChannel(),
        new ChatChannel(),
        new SmsChannel(),
        new WebhookChannel(),
    ]);

    static readonly IntakeRules Rules = new(
        Channels,
        new EventTypeRules(
            new Dictionary<string, EventTypeOptions>(StringComparer.Ordinal) { ["order-placed"] = new(), ["announcement"] = new() },
            new ControlBoard(new InMemoryControls(TimeProvider.System), TimeProvider.System, NullLogger<ControlBoard>.Instance),
            Channels
        ),
        TimeProvider.System
    );

    static readonly NotificationRequest Fine = new()
    {
        NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
        EventName = "order-placed",
        EventId = "event-1",
        Category = "order-placed",
        Recipient = A.Seller with { Phone = "+66812345678" },
        Data = JsonElement.Parse("""{"product":"Blue ceramic bowl"}"""),
        Channels = ["email"],
    };

    public static TheoryData<string, string, string> Breaches =>
        new()
        {
            { "eventId", "", "must be 1 to 255 characters without control characters" },
            { "eventId", new string('x', 256), "must be 1 to 255 characters without control characters" },
            { "eventId", "secret\n", "must be 1 to 255 characters without control characters" },
            { "category", "secret", "is unknown, allowed are announcement, order-placed" },
            { "category", null!, "is unknown, allowed are announcement, order-placed" },
            { "channels", null!, "must name at least one channel, or be left out" },
            { "channels[1]", "secret", "is no channel, allowed are chat, email, push, sms, webhook" },
            { "channels[1]", null!, "is no channel, allowed are chat, email, push, sms, webhook" },
            { "seller.id", "", "must be 1 to 200 characters without control characters" },
            { "seller.id", null!, "must be 1 to 200 characters without control characters" },
            { "seller.id", new string('x', 201), "must be 1 to 200 characters without control characters" },
            { "seller.id", "secret\0", "must be 1 to 200 characters without control characters" },
            { "seller.phone", "0812345678", "the number is not in E.164 form, such as +66812345678" },
            { "seller.phone", "+66812345678\n", "the number is not in E.164 form, such as +66812345678" },
            { "seller.email", "secret", "the mailbox is not of the form local@domain" },
            { "seller.pushTokens", "51", "must be at most 50 tokens" },
            { "seller.pushTokens[1]", "", "the push token is empty" },
            { "seller.pushTokens[1]", null!, "the push token is empty" },
            { "seller.pushTokens[1]", "sec ret", "the push token has spaces or control characters" },
            { "seller.chat", "51", "must be at most 50 places" },
            { "seller.chat[1]", "", "the place is empty" },
            { "seller.chat[1]", null!, "the place is empty" },
            { "seller.chat[1]", "secret", "the place is not of the form service:place, such as slack:C0123456789" },
            { "seller.webhookUrl", "secret", "the URL is not absolute" },
            { "seller.webhookUrl", "ftp://secret.example.com/", "the URL must begin with https" },
            { "data", "[]", "must be a JSON object" },
            { "data", """{"a":[{"b":"secret\u0000"}]}""", "must not contain the character U+0000 or half a surrogate pair" },
            { "data", """{"a":{"secret\u0000":1}}""", "must not contain the character U+0000 or half a surrogate pair" },
            { "data", """{"a":"secret\ud800"}""", "must not contain the character U+0000 or half a surrogate pair" },
            { "data", """{"secret\ud800":1}""", "must not contain the character U+0000 or half a surrogate pair" },
        };

    [Fact]
    public void Should_have_nothing_to_say_when_none_is_broken()
    {
        Rules.Check(Fine, "seller").ShouldBeEmpty();
        Should.NotThrow(() => Rules.Demand(Fine, "seller"));
    }

    [Fact]
    public void Should_allow_what_is_optional_to_be_missing() =>
        Rules
            .Check(
                Fine with
                {
                    EventId = null,
                    Channels = null,
                    Recipient = new Contact { Id = "seller-42" },
                    Data = JsonElement.Parse("{}"),
                },
                "seller"
            )
            .ShouldBeEmpty();

    [Fact]
    public void Should_allow_what_is_as_long_as_it_may_be() =>
        Rules
            .Check(
                Fine with
                {
                    EventId = new string('x', 255),
                    Recipient = Fine.Recipient with
                    {
                        Id = new string('x', 200),
                        Name = new string('ส', 200),
                        PushTokens = [.. Enumerable.Range(0, 50).Select(token => $"token-{token}")],
                    },
                },
                "seller"
            )
            .ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Breaches))]
    public void Should_name_the_place_and_never_the_value(string path, string? value, string message)
    {
        var errors = Rules.Check(With(path, value), "seller");

        errors.Keys.ShouldBe([path]);
        errors[path].ShouldBe([message]);
        message.ShouldNotContain("secret");
    }

    [Theory]
    [MemberData(nameof(Breaches))]
    public void Should_refuse_the_event_on_the_bus_unless_only_an_address_is_wrong(string path, string? value, string message)
    {
        var request = With(path, value);

        if (
            path is "seller.email" or "seller.phone" or "seller.chat" or "seller.chat[1]" or "seller.webhookUrl"
            || path.StartsWith("seller.pushTokens", StringComparison.Ordinal)
        )
            Should.NotThrow(() => Rules.Demand(request, "seller"));
        else
            Should.Throw<InvalidEventException>(() => Rules.Demand(request, "seller")).Message.ShouldBe($"{path} {message}");
    }

    [Fact]
    public void Should_refuse_an_address_on_the_bus_that_no_database_can_hold()
    {
        foreach (
            var recipient in new[]
            {
                A.Seller with
                {
                    Email = "som\0@example.com",
                },
                A.Seller with
                {
                    PushTokens = ["phone\0"],
                },
                A.Seller with
                {
                    Phone = "+66812345678\0",
                },
                A.Seller with
                {
                    Chat = ["slack:\0"],
                },
                A.Seller with
                {
                    WebhookUrl = "https://\0",
                },
            }
        )
        {
            Should
                .Throw<InvalidEventException>(() => Rules.Demand(Fine with { Recipient = recipient }, "seller"))
                .Message.ShouldBe("seller must not contain the character U+0000");
        }
    }

    [Fact]
    public void Should_name_every_breach_at_once()
    {
        var request = Fine with { Category = "unknown", Recipient = A.Seller with { Id = "", Email = "nobody" } };

        Rules.Check(request, "buyer").Keys.ShouldBe(["category", "buyer.id", "buyer.email"], ignoreOrder: true);
        Should
            .Throw<InvalidEventException>(() => Rules.Demand(request, "buyer"))
            .Message.ShouldBe(
                "category is unknown, allowed are announcement, order-placed; buyer.id must be 1 to 200 characters "
                    + "without control characters"
            );
    }

    [Fact]
    public void Should_look_at_no_address_of_a_list_that_is_too_long()
    {
        var recipient = A.Seller with { PushTokens = [.. Enumerable.Repeat("sec ret", 51)], Chat = [.. Enumerable.Repeat("nowhere", 51)] };

        Rules.Check(Fine with { Recipient = recipient }, "seller").Keys.ShouldBe(["seller.pushTokens", "seller.chat"], ignoreOrder: true);
    }

    static NotificationRequest With(string path, string? value) =>
        path switch
        {
            "eventId" => Fine with { EventId = value },
            "category" => Fine with { Category = value! },
            "channels" => Fine with { Channels = [] },
            "channels[1]" => Fine with { Channels = ["push", value!] },
            "seller.id" => Fine with { Recipient = Fine.Recipient with { Id = value! } },
            "seller.phone" => Fine with { Recipient = Fine.Recipient with { Phone = value } },
            "seller.email" => Fine with { Recipient = Fine.Recipient with { Email = value } },
            "seller.pushTokens" => Fine with
            {
                Recipient = Fine.Recipient with { PushTokens = [.. Enumerable.Range(0, 51).Select(token => $"token-{token}")] },
            },
            "seller.pushTokens[1]" => Fine with { Recipient = Fine.Recipient with { PushTokens = ["phone", value!] } },
            "seller.chat" => Fine with
            {
                Recipient = Fine.Recipient with { Chat = [.. Enumerable.Range(0, 51).Select(place => $"slack:C{place}")] },
            },
            "seller.chat[1]" => Fine with { Recipient = Fine.Recipient with { Chat = ["slack:C1", value!] } },
            "seller.webhookUrl" => Fine with { Recipient = Fine.Recipient with { WebhookUrl = value } },
            "data" => Fine with { Data = JsonElement.Parse(value!) },
            _ => throw new ArgumentOutOfRangeException(nameof(path), path, "no such place"),
        };
}
