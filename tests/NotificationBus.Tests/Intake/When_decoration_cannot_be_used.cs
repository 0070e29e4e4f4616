using System.Diagnostics;
using System.Net;
using System.Net.Mime;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit;
using MassTransit.Serialization;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Tests.Host;

namespace NotificationBus.Tests.Intake;

/// <summary>
/// C: decoration costs the notification. Every decorating property of every contract, over HTTP and on the bus, with whatever people and
/// programs put there.
/// </summary>
public sealed class When_decoration_cannot_be_used(When_decoration_cannot_be_used.HostOfOneSeller one)
    : IClassFixture<When_decoration_cannot_be_used.HostOfOneSeller>
{
    readonly RunningHost _host = one.Host;

    static readonly string[] Hostile =
    [
        "null",
        "\"\"",
        "\"  \"",
        "5",
        "1e400",
        "true",
        "[]",
        "[\"a\"]",
        "{}",
        "{\"name\":5}",
        "{\"name\":\"\\ud800\"}",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"en_US\"",
        "\"THA\"",
        "\"Som\\r\\nBcc: victim@example.net\"",
        "\"a\\u2028b\"",
        $"\"{new string('x', 9_000)}\"",
        $"\"{string.Concat(Enumerable.Repeat("👩‍👩‍👧‍👦", 500))}\"",
        $"\"a{new string('\u0301', 5_000)}\"",
    ];

    public static TheoryData<string, string> Places
    {
        get
        {
            var places = new TheoryData<string, string>();
            foreach (var name in Occurrence.ByName.Keys)
            {
                foreach (var place in DecorationsOf(ContractOf(name), ""))
                    places.Add(name, place);
            }

            return places;
        }
    }

    [Fact]
    public void Should_be_marked_where_people_are_named() =>
        Places
            .Select(row => $"{row.Data.Item1} {row.Data.Item2}")
            .ShouldBe(
                [
                    "order-placed buyer",
                    "order-placed seller.name",
                    "order-placed seller.locale",
                    "order-placed seller.country",
                    "chat-message-sent product",
                    "chat-message-sent buyer",
                    "chat-message-sent seller.name",
                    "chat-message-sent seller.locale",
                    "chat-message-sent seller.country",
                    "payment-reminder-due buyer.name",
                    "payment-reminder-due buyer.locale",
                    "payment-reminder-due buyer.country",
                    "order-shipped carrier",
                    "order-shipped trackingNumber",
                    "order-shipped buyer.name",
                    "order-shipped buyer.locale",
                    "order-shipped buyer.country",
                    "notification-requested recipient.name",
                    "notification-requested recipient.locale",
                    "notification-requested recipient.country",
                ],
                ignoreOrder: true
            );

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Should_go_out_without_it(string name, string place)
    {
        foreach (var value in Hostile)
        {
            var json = WithRaw(name, place, value);
            var overHttp = await _host.Post(Occurrence.AddressOf(name), json);
            overHttp.Status.ShouldBe(HttpStatusCode.Accepted, $"{place} {value[..Math.Min(value.Length, 40)]}: {overHttp.Body}");
            var onTheBus = await Publish(name, json);

            foreach (var self in (string[])[overHttp.Self, onTheBus])
                (await Outcome(self))
                    .GetProperty("status")
                    .GetString()
                    .ShouldBe("delivered", $"{place} {value[..Math.Min(value.Length, 40)]}");
        }
    }

    /// <summary>C: what is left out is said, and nothing is said of what is only empty.</summary>
    [Theory]
    [InlineData("name", "\"\"", null)]
    [InlineData("name", "null", null)]
    [InlineData("name", "\" Som \"", null)]
    [InlineData("name", "5", "seller.name was left out: it is no text")]
    [InlineData("name", "\"So\\nm\"", "seller.name was put on one line")]
    [InlineData("name", "\"×60\"", "seller.name was cut to 200 characters")]
    [InlineData("locale", "\"en_US\"", null)]
    [InlineData("locale", "\"en_US.UTF-8\"", null)]
    [InlineData("locale", "\"en-US,en;q=0.9\"", null)]
    [InlineData("locale", "\"English\"", null)]
    [InlineData("locale", "\"C\"", "seller.locale was left out: it is no language tag (BCP 47) such as th or en-GB")]
    [InlineData("locale", "{}", "seller.locale was left out: it is no language tag (BCP 47) such as th or en-GB")]
    [InlineData("country", "\"THA\"", "seller.country was left out: it is no code of two letters (ISO 3166-1) such as TH")]
    [InlineData("country", "\" th \"", null)]
    [InlineData("pushTokens", "null", null)]
    [InlineData("pushTokens", "[null,\" demo-token \"]", "seller.pushTokens[0] was left out: it is empty")]
    [InlineData("chat", "null", null)]
    [InlineData("email", "\" som@example.com \"", null)]
    [InlineData("email", "\"\"", null)]
    public async Task Should_be_on_record_when_it_is_left_out(string property, string value, string? decision)
    {
        var json = WithRaw(
            "order-placed",
            $"seller.{property}",
            value.Replace("×60", string.Concat(Enumerable.Repeat("👨‍👩‍👧", 60)), StringComparison.Ordinal)
        );
        var accepted = await _host.Post("/v1/events/order-placed", json);
        accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);

        foreach (var self in (string[])[accepted.Self, await Publish("order-placed", json)])
        {
            var notification = await Outcome(self);
            notification.GetProperty("status").GetString().ShouldBe("delivered");
            notification
                .GetProperty("decisions")
                .EnumerateArray()
                .Select(one => one.GetString()!)
                .Where(one => one.StartsWith("seller.", StringComparison.Ordinal))
                .ShouldBe(decision is null ? [] : [decision]);
        }
    }

    [Fact]
    public async Task Should_still_hear_of_a_name_that_is_misspelt()
    {
        var answer = await _host.Post("/v1/events/order-placed", WithRaw("order-placed", "buyer.naem", "\"Nok\""));

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe(["buyer.naem"]);
    }

    [Fact]
    public async Task Should_leave_the_channel_out_whose_address_is_no_text_on_the_bus()
    {
        var self = await Publish("order-placed", WithRaw("order-placed", "seller.email", "[\"som@example.com\"]"));

        var notification = await Outcome(self);
        notification
            .GetProperty("results")
            .EnumerateArray()
            .Select(result => $"{result.GetProperty("channel")} {result.GetProperty("result")}")
            .ShouldBe(["push sent", "email left-out"]);
    }

    /// <summary>The outcome of what may still be in the broker.</summary>
    async Task<JsonElement> Outcome(string self)
    {
        for (var waiting = Stopwatch.StartNew(); waiting.Elapsed < RunningHost.Patience; await Task.Delay(5))
        {
            if ((await _host.Get(self)).Status == HttpStatusCode.OK)
                return await _host.Outcome(self);
        }

        throw new TimeoutException($"{self} is not on record");
    }

    static string WithRaw(string name, string place, string value) =>
        Occurrence.With(name, place, "✂").Replace(JsonSerializer.Serialize("✂"), value, StringComparison.Ordinal);

    /// <summary>Publishes the event as it stands, as a service in another language would, and says where to ask.</summary>
    async Task<string> Publish(string name, string json)
    {
        var messageId = Guid.CreateVersion7();
        var contract = ContractOf(name);
        await _host.Bus.Publish(
            JsonSerializer.Deserialize(Occurrence.ByName[name], contract, JsonSerializerOptions.Web)!,
            contract,
            Pipe.Execute<PublishContext>(publish => (publish.MessageId, publish.Serializer) = (messageId, new AsItStands(json)))
        );
        var recipient = name is "order-placed" or "chat-message-sent" or "notification-requested" ? "seller-42" : "buyer-7";
        return $"/v1/notifications/{DeterministicId.From("notification", name, $"{messageId:N}", recipient)}";
    }

    static Type ContractOf(string name) =>
        name switch
        {
            "order-placed" => typeof(OrderPlaced),
            "chat-message-sent" => typeof(ChatMessageSent),
            "payment-reminder-due" => typeof(PaymentReminderDue),
            "order-shipped" => typeof(OrderShipped),
            _ => typeof(NotificationRequested),
        };

    static IEnumerable<string> DecorationsOf(Type contract, string at)
    {
        foreach (var property in contract.GetProperties())
        {
            var place = at + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            if (property.IsDefined(typeof(DecorationAttribute)))
                yield return place;
            else if (property.PropertyType == typeof(Contact))
            {
                foreach (var within in DecorationsOf(typeof(Contact), $"{place}."))
                    yield return within;
            }
        }
    }

    /// <summary>A host that sends one address as much as comes: all of it is for the same seller.</summary>
    public sealed class HostOfOneSeller : IAsyncLifetime
    {
        public RunningHost Host { get; } = new() { Settings = ["--Channels:email:AddressLimit=0", "--Channels:push:AddressLimit=0"] };

        public ValueTask InitializeAsync() => Host.InitializeAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }

    /// <summary>Writes an envelope around JSON that nobody has checked.</summary>
    sealed class AsItStands(string message) : IMessageSerializer
    {
        public ContentType ContentType => SystemTextJsonMessageSerializer.JsonContentType;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class
        {
            var envelope = JsonNode.Parse(SystemTextJsonMessageSerializer.Instance.GetMessageBody(context).GetString())!;
            envelope["message"] = "✂";
            return new BytesMessageBody(
                Encoding.UTF8.GetBytes(envelope.ToJsonString().Replace(JsonSerializer.Serialize("✂"), message, StringComparison.Ordinal))
            );
        }
    }
}
