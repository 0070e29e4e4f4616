using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace NotificationBus.Tests.Host;

public sealed class When_a_request_is_wrong(RunningHost host) : IClassFixture<RunningHost>, IAsyncLifetime
{
    const string OrderPlaced = "/v1/events/order-placed";

    /// <summary>Stands in every wrong value, so that an answer that repeats one is seen.</summary>
    const string Canary = "canary";

    string _before = "";

    public async ValueTask InitializeAsync() => _before = await Everything();

    /// <summary>Nothing wrong may be taken, whatever else its test looks at.</summary>
    public async ValueTask DisposeAsync() => (await Everything()).ShouldBe(_before);

    [Theory]
    [InlineData("", "It ends or goes wrong at line 1, byte 1. At most 62 levels are read.")]
    [InlineData("canary", "It ends or goes wrong at line 1, byte 1. At most 62 levels are read.")]
    [InlineData("{\"orderId\":\"canary\",\n\"product\":", "It ends or goes wrong at line 2, byte 11. At most 62 levels are read.")]
    [InlineData("{\"orderId\":NaN}", "It ends or goes wrong at line 1, byte 12. At most 62 levels are read.")]
    [InlineData("{\"orderId\":\"canary\",}", "It ends or goes wrong at line 1, byte 21. At most 62 levels are read.")]
    [InlineData("{} {}", "It ends or goes wrong at line 1, byte 4. At most 62 levels are read.")]
    [InlineData("{\"orderId\":\"1\",\"orderId\":\"canary\"}", "An object has a property twice.")]
    [InlineData("{\"orderId\":\"1\",\"order\\u0049d\":\"canary\"}", "An object has a property twice.")]
    [InlineData("{\"total\":{\"amount\":1,\"amount\":2}}", "An object has a property twice.")]
    [InlineData("{\"canary\\ud800\":1}", "The name of a property is no valid Unicode text.")]
    [InlineData("{\"seller\":{\"canary\\udc00\\ud800\":1}}", "The name of a property is no valid Unicode text.")]
    public async Task Should_say_where_the_json_breaks(string body, string detail)
    {
        var answer = await host.Post(OrderPlaced, body);

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "malformed-json");
        answer.Json.GetProperty("detail").GetString().ShouldBe(detail);
        answer.Body.ShouldNotContain(Canary);
    }

    /// <summary>C: what begins with a byte order mark is read (RFC 8259, section 8.1), and one alone is no JSON.</summary>
    [Fact]
    public async Task Should_pass_over_a_byte_order_mark()
    {
        byte[] mark = [0xEF, 0xBB, 0xBF];

        (await host.Post(OrderPlaced, RunningHost.Json([.. mark, .. "{}"u8])))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldContain("orderId");
        (await host.Post(OrderPlaced, RunningHost.Json(mark))).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed-json");
        (await host.Post(OrderPlaced, RunningHost.Json([.. mark, .. mark, .. "{}"u8]))).ShouldBeProblem(
            HttpStatusCode.BadRequest,
            "malformed-json"
        );
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"canary\"")]
    [InlineData("null")]
    [InlineData("1")]
    public async Task Should_want_an_object(string body)
    {
        foreach (var path in (string[])[OrderPlaced, "/v1/notifications"])
        {
            var answer = await host.Post(path, body);

            answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").ShouldBe([KeyValuePair.Create("$", "must be an object")]);
            answer.Body.ShouldNotContain(Canary);
        }
    }

    [Theory]
    [InlineData(63)]
    [InlineData(100_000)]
    public async Task Should_not_follow_json_into_the_deep(int depth)
    {
        (await host.Post(OrderPlaced, Nested(depth, "[", "]"))).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed-json");
        var data = Occurrence.WithRaw("notification-requested", "data.rows", Nested(depth - 2, "[", "]"));
        (await host.Post(Occurrence.Announcement, data)).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed-json");
    }

    [Fact]
    public async Task Should_take_json_as_deep_as_it_says()
    {
        // 62 levels are legal JSON here; what is wrong with them is only that nobody knows the property.
        (await host.Post(OrderPlaced, Nested(62, "{\"a\":", "}")))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldContain("a");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_not_read_more_than_it_says(bool withLength)
    {
        var tooMuch = Occurrence.With("order-placed", "product", new string('x', 256 * 1024));
        using HttpContent body = withLength ? RunningHost.Json(Encoding.UTF8.GetBytes(tooMuch)) : new Chunked(tooMuch);

        var answer = await host.Post(OrderPlaced, body);

        answer.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "too-large");
        answer.Json.GetProperty("detail").GetString().ShouldBe("At most 256 KB are read.");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/jsonx")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json; charset=iso-8859-1")]
    public async Task Should_read_json_in_utf8_only(string? type)
    {
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(Occurrence.ByName["order-placed"]));
        if (type is not null)
            body.Headers.TryAddWithoutValidation("Content-Type", type);

        (await host.Post(OrderPlaced, body)).ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("canary")]
    public async Task Should_not_unpack(string encoding)
    {
        using var body = RunningHost.Json(Encoding.UTF8.GetBytes(Occurrence.ByName["order-placed"]));
        body.Headers.ContentEncoding.Add(encoding);

        (await host.Post(OrderPlaced, body)).ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
    }

    [Theory]
    [InlineData("seller.statsu", "allowed are id, name, locale, country, email, phone, pushTokens")]
    [InlineData("status", "allowed are eventId, orderId, product, total, buyer, seller")]
    [InlineData("tenantId", "allowed are eventId, orderId, product, total, buyer, seller")]
    [InlineData("OrderId", "allowed are eventId, orderId, product, total, buyer, seller")]
    [InlineData("seller.__proto__", "allowed are id")]
    [InlineData("$type", "allowed are eventId")]
    [InlineData("total.tax", "allowed are amount, currency")]
    public async Task Should_name_a_property_it_does_not_know_and_those_it_does(string place, string allowed)
    {
        var errors = await Refused("order-placed", place, Canary);

        errors[place].ShouldStartWith($"is unknown, {allowed}");
    }

    [Fact]
    public async Task Should_keep_a_long_name_short()
    {
        var errors = await Refused("order-placed", new string('n', 5000), Canary);

        errors.Keys.ShouldAllBe(place => place.Length <= 64);
    }

    [Theory]
    [InlineData("data", """{"$":"\ud800"}""")]
    [InlineData("data", """["\ud800"]""")]
    [InlineData("recipient.pushTokens", "[1]")]
    [InlineData("recipient", """{"$":1}""")]
    [InlineData("channels", """["pigeon"]""")]
    public async Task Should_name_a_hundred_places_and_stop(string place, string wrong)
    {
        var (open, item, close) = (wrong[..1], wrong[1..^1], wrong[^1..]);
        var many =
            open
            + string.Join(',', Enumerable.Range(0, 1_000).Select(number => item.Replace("$", $"p{number}", StringComparison.Ordinal)))
            + close;

        var answer = await host.Post(Occurrence.Announcement, Occurrence.WithRaw("notification-requested", place, many));

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Count.ShouldBe(100);
    }

    [Fact]
    public async Task Should_name_everything_that_is_missing_at_once()
    {
        var errors = (await host.Post(OrderPlaced, """{"total":{},"seller":{}}""")).ShouldBeProblem(
            HttpStatusCode.BadRequest,
            "validation"
        );

        errors.Keys.ShouldBe(["total.amount", "total.currency", "seller.id", "orderId", "product"], ignoreOrder: true);
        errors.Values.ShouldAllBe(error => error == "is missing");
    }

    [Theory]
    [InlineData("order-placed", "orderId", "null", "must not be null")]
    [InlineData("order-placed", "seller", "null", "must not be null")]
    [InlineData("order-placed", "seller.id", "null", "must not be null")]
    [InlineData("order-placed", "total.amount", "null", "must not be null")]
    [InlineData("order-placed", "total.currency", "null", "must not be null")]
    [InlineData("order-placed", "orderId", "5", "must be a string")]
    [InlineData("order-placed", "orderId", "true", "must be a string")]
    [InlineData("order-placed", "orderId", "{\"canary\":1}", "must be a string")]
    [InlineData("order-placed", "total", "\"canary\"", "must be an object")]
    [InlineData("order-placed", "total", "[590,\"THB\"]", "must be an object")]
    [InlineData("order-placed", "seller", "\"canary\"", "must be an object")]
    [InlineData("order-placed", "seller.email", "[\"canary\"]", "must be a string")]
    [InlineData("order-placed", "seller.pushTokens", "\"canary\"", "must be an array")]
    [InlineData("order-placed", "seller.pushTokens", "{\"canary\":1}", "must be an array")]
    [InlineData("order-placed", "seller.pushTokens[0]", "7", "must be a string")]
    [InlineData("order-placed", "total.amount", "\"590\"", "must be a number in range")]
    [InlineData("order-placed", "total.amount", "1e400", "must be a number in range")]
    [InlineData("order-placed", "total.amount", "79228162514264337593543950336", "must be a number in range")]
    [InlineData("order-placed", "total.amount", "1e-40", "must be a number in range")]
    [InlineData("order-placed", "total.amount", "0.00000000000000000000000000001", "must be a number in range")]
    [InlineData("order-placed", "total.amount", "590.00000000000000000000000000001", "must be a number in range")]
    [InlineData("order-placed", "total.amount", "1e-28", "must be 0 to 999999999999.99 with at most 4 decimals")]
    [InlineData("notification-requested", "data", "[\"canary\"]", "must be a JSON object")]
    [InlineData("notification-requested", "data", "\"canary\"", "must be a JSON object")]
    [InlineData("notification-requested", "channels", "\"canary\"", "must be an array")]
    [InlineData("notification-requested", "channels", "[]", "must name at least one channel, or be left out")]
    public async Task Should_name_the_place_of_a_wrong_type(string name, string place, string json, string error)
    {
        var answer = await host.Post(Occurrence.AddressOf(name), Occurrence.WithRaw(name, place, json));

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").ShouldBe([KeyValuePair.Create(place, error)]);
        answer.Body.ShouldNotContain(Canary);
    }

    [Theory]
    [InlineData("order-placed", "orderId", "\"canary\\u0000\"", "must not contain the character U+0000")]
    [InlineData("order-placed", "seller.pushTokens[0]", "\"canary\\u0000\"", "must not contain the character U+0000")]
    [InlineData("order-placed", "orderId", "\"canary\\ud800\"", "is no valid Unicode text")]
    [InlineData("notification-requested", "data.text", "\"canary\\u0000\"", "must not contain the character U+0000")]
    [InlineData("notification-requested", "data.title", "\"canary\\ud800\"", "is no valid Unicode text")]
    public async Task Should_take_only_text_that_is_text(string name, string place, string json, string error)
    {
        var answer = await host.Post(Occurrence.AddressOf(name), Occurrence.WithRaw(name, place, json));

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").ShouldContain(KeyValuePair.Create(place, error));
        answer.Body.ShouldNotContain(Canary);
    }

    [Theory]
    [InlineData("orderId", "is no valid Unicode text")]
    public async Task Should_refuse_bytes_that_are_no_utf8(string place, string error)
    {
        var body = Encoding.Latin1.GetBytes(Occurrence.WithRaw("order-placed", place, "\"canary\u00ff\u00fe\""));

        (await host.Post(OrderPlaced, RunningHost.Json(body)))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")[place]
            .ShouldBe(error);
    }

    [Fact]
    public async Task Should_refuse_a_name_whose_bytes_are_no_utf8()
    {
        var body = Encoding.Latin1.GetBytes("{\"canary\u00ff\":1}");

        (await host.Post(OrderPlaced, RunningHost.Json(body))).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed-json");
    }

    [Theory]
    [InlineData("canary@")]
    [InlineData("@canary.example")]
    [InlineData("canary")]
    [InlineData("canary@b@c.example")]
    [InlineData("can ary@b.example")]
    [InlineData("canary@b example")]
    [InlineData("<script>canary</script>@b.example")]
    [InlineData("Canary <canary@b.example>")]
    [InlineData("canary@b.example,canary@c.example")]
    [InlineData("\"canary\r\nRCPT TO:<x>\"@b.example")]
    [InlineData("canary@b.example\r\nBcc: x@c.example")]
    [InlineData(".canary@b.example")]
    [InlineData("can..ary@b.example")]
    [InlineData("canary@-b.example")]
    [InlineData("canary@b..example")]
    public async Task Should_refuse_what_is_no_mailbox(string mailbox)
    {
        var errors = await Refused("order-placed", "seller.email", mailbox);

        errors.ShouldBe([KeyValuePair.Create("seller.email", "the mailbox is not of the form local@domain")]);
    }

    [Fact]
    public async Task Should_refuse_a_mailbox_longer_than_mail_can_carry()
    {
        var errors = await Refused("order-placed", "seller.email", $"{new string('c', 245)}@b.example");

        errors.Keys.ShouldBe(["seller.email"]);
    }

    [Theory]
    [InlineData("seller.id", "", "must be 1 to 200 characters without control characters")]
    [InlineData("seller.id", "canary\n", "must be 1 to 200 characters without control characters")]
    [InlineData("seller.id", "*201", "must be 1 to 200 characters without control characters")]
    [InlineData("eventId", "", "must be 1 to 255 characters without control characters")]
    [InlineData("eventId", "*256", "must be 1 to 255 characters without control characters")]
    [InlineData("seller.phone", "12345", "the number is not in E.164 form, such as +66812345678")]
    [InlineData("seller.phone", "+canary", "the number is not in E.164 form, such as +66812345678")]
    [InlineData("seller.phone", "+0812345678", "the number is not in E.164 form, such as +66812345678")]
    [InlineData("seller.phone", "+6681234567890123", "the number is not in E.164 form, such as +66812345678")]
    [InlineData("seller.phone", "+447700900123", "the number is none that its country assigns")]
    [InlineData("seller.pushTokens[0]", "can ary", "the push token has spaces or control characters")]
    [InlineData("seller.pushTokens[0]", "*5000", "the push token is longer than 4096 characters")]
    public async Task Should_refuse_a_recipient_nobody_can_reach(string place, string value, string error)
    {
        var errors = await Refused("order-placed", place, value.StartsWith('*') ? new string('c', int.Parse(value[1..])) : value);

        errors.ShouldBe([KeyValuePair.Create(place, error)]);
    }

    [Fact]
    public async Task Should_refuse_more_devices_than_anybody_has()
    {
        var tokens = new JsonArray([.. Enumerable.Range(0, 51).Select(number => JsonValue.Create($"token-{number}"))]);

        var errors = await Refused("order-placed", "seller.pushTokens", tokens);

        errors.ShouldBe([KeyValuePair.Create("seller.pushTokens", "must be at most 50 tokens")]);
    }

    [Fact]
    public async Task Should_name_the_categories_there_are()
    {
        var errors = await Refused("notification-requested", "category", Canary);

        errors["category"]
            .ShouldBe("is unknown, allowed are announcement, chat-message-sent, order-placed, order-shipped, payment-reminder-due");
    }

    [Fact]
    public async Task Should_name_the_channels_there_are()
    {
        var errors = await Refused("notification-requested", "channels", new JsonArray("push", Canary));

        errors.ShouldBe([KeyValuePair.Create("channels[1]", "is no channel, allowed are chat, email, push, sms, webhook")]);
    }

    [Theory]
    [InlineData("/v1/events/canary", "")]
    [InlineData("/v1/events/Order-Placed", " Did you mean order-placed?")]
    public async Task Should_name_the_events_there_are(string path, string guess)
    {
        var answer = await host.Post(path, Occurrence.ByName["order-placed"]);

        answer.ShouldBeProblem(HttpStatusCode.NotFound, "unknown-event");
        answer
            .Json.GetProperty("detail")
            .GetString()
            .ShouldBe(
                "Events are chat-message-sent, notification-requested, order-paid, order-placed, order-shipped, "
                    + $"payment-reminder-due.{guess}"
            );
    }

    [Fact]
    public async Task Should_not_let_a_variable_into_the_headers_of_a_mail()
    {
        var answer = await host.Post(
            OrderPlaced,
            Occurrence.With("order-placed", "orderId", "4711\r\nBcc: canary@c.example"),
            ("Prefer", "handling=strict")
        );

        answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "template-variables");
        answer.Json.GetProperty("detail").GetString().ShouldBe("email: order-placed/email.th: the subject has more than one line");
    }

    [Fact]
    public async Task Should_refuse_a_key_where_it_would_be_passed_over()
    {
        var answer = await host.Post(OrderPlaced, Occurrence.ByName["order-placed"], ("Idempotency-Key", "canary"));

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe(["Idempotency-Key"]);
    }

    async Task<IReadOnlyDictionary<string, string>> Refused(string name, string place, JsonNode value)
    {
        var answer = await host.Post(Occurrence.AddressOf(name), Occurrence.With(name, place, value));
        answer.Body.ShouldNotContain(Canary, Case.Insensitive);
        return answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation");
    }

    async Task<string> Everything() => (await host.Get("/v1/notifications?limit=200")).Body;

    internal static string Nested(int depth, string open, string close) =>
        new StringBuilder().Insert(0, open, depth).Append('1').Insert(depth * open.Length + 1, close, depth).ToString();

    /// <summary>A body whose length nobody announces.</summary>
    sealed class Chunked : HttpContent
    {
        readonly byte[] _body;

        public Chunked(string body)
        {
            _body = Encoding.UTF8.GetBytes(body);
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context) => await stream.WriteAsync(_body);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
