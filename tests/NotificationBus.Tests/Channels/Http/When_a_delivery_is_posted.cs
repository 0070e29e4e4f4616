using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Http;
using NotificationBus.Channels.Push;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Http;

public sealed class When_a_delivery_is_posted : With_a_scripted_service
{
    public When_a_delivery_is_posted() => Service.Answers("200 OK");

    [Fact]
    public async Task Should_say_everything_unless_told_otherwise()
    {
        await Provider().Send(ADelivery(new EmailContent("Sold", "<p>Sold</p>", "Sold.")), Cancellation);

        var (head, body) = Service.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /send HTTP/1.1");
        head.ShouldContain("Idempotency-Key: 22222222-2222-2222-2222-222222222222");
        head.ShouldContain("Content-Type: application/json");
        var json = JsonDocument.Parse(body).RootElement;
        json.GetProperty("id").GetGuid().ShouldBe(ADelivery().Id);
        json.GetProperty("notificationId").GetGuid().ShouldBe(ADelivery().NotificationId);
        json.GetProperty("address").GetString().ShouldBe("token-of-soms-phone");
        json.GetProperty("recipientName").GetString().ShouldBe("Som \"the\" seller");
        json.GetProperty("category").GetString().ShouldBe("order-placed");
        json.GetProperty("content").GetProperty("html").GetString().ShouldBe("<p>Sold</p>");
    }

    [Fact]
    public async Task Should_say_what_the_template_says_and_stay_JSON()
    {
        await Provider(options => options.Body = """{"to":"{{address}}","text":"{{recipientName}}: {{content.body}}","key":"{{id}}"}""")
            .Send(ADelivery(), Cancellation);

        var json = JsonDocument.Parse(Service.Requests.ShouldHaveSingleItem().Body).RootElement;
        json.GetProperty("text").GetString().ShouldBe("Som \"the\" seller: Your \"bowl\" is sold & paid.");
        json.GetProperty("key").GetGuid().ShouldBe(ADelivery().Id);
    }

    [Fact]
    public async Task Should_say_which_sender_an_application_has_of_its_own()
    {
        var own = ADelivery() with { Sender = new Sender("cup@example.com", "Cup \"&\" Co") };
        await Provider().Send(ADelivery(), Cancellation);
        await Provider().Send(own, Cancellation);
        await Provider(options => options.Body = """{"from":"{{sender.address}}","name":"{{sender.name}}"}""").Send(own, Cancellation);

        var bodies = Service.Requests.Select(request => JsonDocument.Parse(request.Body).RootElement).ToList();
        bodies[0].TryGetProperty("sender", out _).ShouldBeFalse();
        bodies[1].GetProperty("sender").GetProperty("address").GetString().ShouldBe("cup@example.com");
        bodies[1].GetProperty("sender").GetProperty("name").GetString().ShouldBe("Cup \"&\" Co");
        bodies[2].GetProperty("from").GetString().ShouldBe("cup@example.com");
        bodies[2].GetProperty("name").GetString().ShouldBe("Cup \"&\" Co");
    }

    /// <summary>It would go out under another name, and nobody would know.</summary>
    [Fact]
    public async Task Should_leave_to_others_what_has_a_sender_that_the_template_has_no_place_for()
    {
        var provider = Provider(options => options.Body = """{"from":"shop@example.com","to":"{{address}}"}""");

        (await provider.Send(ADelivery() with { Sender = new Sender("cup@example.com") }, Cancellation))
            .ShouldBeOfType<ProviderResult.Declined>()
            .Reason.ShouldBe("Body has no place for sender.address");
        Service.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_fill_a_form()
    {
        await Provider(options =>
            {
                options.Headers = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["Content-Type"] = "application/x-www-form-urlencoded",
                };
                options.Body = "To={{address}}&Body={{content.body}}";
            })
            .Send(ADelivery(), Cancellation);

        var (head, body) = Service.Requests.ShouldHaveSingleItem();
        head.ShouldContain("Content-Type: application/x-www-form-urlencoded");
        body.ShouldBe("To=token-of-soms-phone&Body=Your%20%22bowl%22%20is%20sold%20%26%20paid.");
    }

    /// <summary>C: a value is escaped for what the account declares, and comes out of an independent parser as it was.</summary>
    [Theory]
    [InlineData("text/xml; charset=utf-8")]
    [InlineData("application/xml")]
    [InlineData("application/soap+xml")]
    public async Task Should_stay_XML(string type)
    {
        const string Hostile = "</to><to attribute=\"x\">victim & 'co' ]]> \u0001\n\"{{id}}\"";
        await Provider(Template(type, """<send to="{{address}}"><text>{{content.body}}</text></send>"""))
            .Send(ADelivery(new PushContent("Sold", Hostile)) with { Address = "a\"b<c>&\n" }, Cancellation);

        var send = XDocument.Parse(Service.Requests.ShouldHaveSingleItem().Body, LoadOptions.PreserveWhitespace).Root!;
        send.Attribute("to")!.Value.ShouldBe("a\"b<c>&\n");
        send.Elements().ShouldHaveSingleItem().Value.ShouldBe(Hostile.Replace("\u0001", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/json")]
    [InlineData("application/vnd.acme.v1+json")]
    public async Task Should_stay_JSON_of_any_kind(string type)
    {
        const string Hostile = "\",\"to\":\"victim\\\n";
        await Provider(Template(type, """{"to":"{{address}}","text":"{{content.body}}"}"""))
            .Send(ADelivery(new PushContent("Sold", Hostile)), Cancellation);

        var json = JsonDocument.Parse(Service.Requests.ShouldHaveSingleItem().Body).RootElement;
        (json.GetProperty("to").GetString(), json.GetProperty("text").GetString()).ShouldBe((ADelivery().Address, Hostile));
    }

    /// <summary>C: tags decide and keep, and what they write stays in its place, too.</summary>
    [Theory]
    [InlineData("""{"text":"{% if category == 'order-placed' %}{{ content.body }}{% else %}?{% endif %}"}""", "\"<&>\\\n'")]
    [InlineData("""{"text":"{% assign body = content.body %}{{ body }}"}""", "\"<&>\\\n'")]
    [InlineData("""{"text":"{% capture body %}{{ content.body }}{% endcapture %}{{ body }}"}""", "\"<&>\\\n'")]
    [InlineData("""{"text":"{{ content.nothing | default: content.body }}{{ nothing }}"}""", "\"<&>\\\n'")]
    [InlineData("""{"text":"{{ 'a"b' }}"}""", "a\"b")]
    public async Task Should_decide_and_keep(string template, string text)
    {
        await Provider(Template("application/json", template)).Send(ADelivery(new PushContent("Sold", "\"<&>\\\n'")), Cancellation);

        JsonDocument.Parse(Service.Requests.ShouldHaveSingleItem().Body).RootElement.GetProperty("text").GetString().ShouldBe(text);
    }

    [Fact]
    public async Task Should_leave_nothing_to_guess_in_a_form()
    {
        await Provider(Template("application/x-www-form-urlencoded", "Body={{ content.body }}"))
            .Send(ADelivery(new PushContent("Sold", "a;b+c ~'()*!,:/?@é🏎")), Cancellation);

        Service.Requests.ShouldHaveSingleItem().Body.ShouldBe("Body=a%3Bb%2Bc%20~%27%28%29%2A%21%2C%3A%2F%3F%40%C3%A9%F0%9F%8F%8E");
    }

    [Fact]
    public async Task Should_write_plain_text_as_it_is()
    {
        await Provider(Template("text/plain", "{{content.body}}")).Send(ADelivery(new PushContent("Sold", "<b> & \"c\"")), Cancellation);

        Service.Requests.ShouldHaveSingleItem().Body.ShouldBe("<b> & \"c\"");
    }

    /// <summary>C: what cannot be escaped, or is not, stops the host.</summary>
    [Theory]
    [InlineData("application/json", """{"to":"{{{address}}}"}""")]
    [InlineData("application/json", """{"to":"{{&address}}"}""")]
    [InlineData("application/json", """{"to":"{{~{address}~}}"}""")]
    [InlineData("application/json", """{"to":"{{{{raw}}}}{{{{/raw}}}}"}""")]
    [InlineData("text/html", "<p>{{content.body}}</p>")]
    [InlineData("text/plain", "to={{address}}\ntext={{content.body}}")]
    [InlineData("text/plain", "to=+66812345678\ntext={{content.body}}")]
    [InlineData("TEXT/plain; charset=utf-8", "{{address}} {{content.body}}")]
    [InlineData("text/plain", "{% if content.title %}{{content.title}}{% endif %}{{content.body}}")]
    [InlineData("application/json", """{"to":"{{ address | raw }}"}""")]
    [InlineData("application/json", """{"to":"{{ address | escape }}"}""")]
    [InlineData("application/json", """{"to":"{% if channel %}{% assign to = address | url_decode %}{{ to }}{% endif %}"}""")]
    [InlineData("application/json", """{"to":"{% include 'appsettings.json' %}"}""")]
    [InlineData("application/json", """{"to":"{% render 'appsettings.json' %}"}""")]
    [InlineData("application/json", """{"to":"{{#if address}}{{address}}{{/if}}"}""")]
    [InlineData("multipart/form-data", "{{content.body}}")]
    [InlineData("application/octet-stream", "{{content.body}}")]
    [InlineData("text/xml", "<to><![CDATA[{{address}}]]></to>")]
    [InlineData("text/xml", "<to><!-- {{address}} --></to>")]
    [InlineData("application/json; charset=windows-874", """{"to":"{{address}}"}""")]
    public void Should_refuse_a_body_in_which_a_text_could_be_more_than_text(string type, string body)
    {
        var options = new HttpProviderOptions { Url = "https://gateway.example.com" };
        Template(type, body)(options);
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(options, new(options), results, validateAllProperties: true);

        results.ShouldHaveSingleItem().MemberNames.ShouldBe(["Body"]);
    }

    static Action<HttpProviderOptions> Template(string type, string body) =>
        options =>
        {
            options.Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Content-Type"] = type };
            options.Body = body;
        };

    [Fact]
    public async Task Should_carry_the_headers_of_the_account()
    {
        await Provider(options =>
            {
                options.IdempotencyHeader = "X-Request-Id";
                options.Headers = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["Authorization"] = "key=abc",
                    ["X-Tenant"] = "shop",
                };
            })
            .Send(ADelivery(), Cancellation);

        var (head, _) = Service.Requests.ShouldHaveSingleItem();
        head.ShouldContain("Authorization: key=abc");
        head.ShouldContain("X-Tenant: shop");
        head.ShouldContain("X-Request-Id: 22222222-2222-2222-2222-222222222222");
        head.ShouldNotContain("Idempotency-Key");
    }

    [Theory]
    [InlineData("blocked", true)]
    [InlineData("=blocked", true)]
    [InlineData("99", true)]
    [InlineData("409,,600", true)]
    [InlineData("409, error.code=", false)]
    [InlineData("", false)]
    public void Should_be_an_error_to_name_no_answer(string conditions, bool isWrong)
    {
        var options = new HttpProviderOptions
        {
            Url = "https://example.com",
            Rejected = conditions,
            AddressIsWrong = conditions,
            Throttled = conditions,
        };
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);

        results.SelectMany(result => result.MemberNames).ShouldBe(isWrong ? (string[])["Rejected", "AddressIsWrong", "Throttled"] : []);
    }

    /// <summary>A time that leaves none for the call and the clocks would never be used.</summary>
    [Theory]
    [InlineData("00:00:00", true)]
    [InlineData("00:00:01", false)]
    [InlineData("00:02:14", false)]
    [InlineData("00:02:15", true)]
    [InlineData("30.00:00:00", true)]
    [InlineData("30.00:00:01", false)]
    public void Should_know_a_repetition_for_long_enough_or_not_at_all(string known, bool isTaken)
    {
        var options = new HttpProviderOptions
        {
            Url = "https://example.com",
            KnowsRepetitionFor = TimeSpan.Parse(known, CultureInfo.InvariantCulture),
        };
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true).ShouldBe(isTaken);

        results.SelectMany(result => result.MemberNames).ShouldBe(isTaken ? [] : [nameof(HttpProviderOptions.KnowsRepetitionFor)]);
    }

    [Theory]
    [InlineData("", null, null, null, nameof(HttpProviderOptions.Url))]
    [InlineData("ftp://example.com", null, null, null, nameof(HttpProviderOptions.Url))]
    [InlineData("https://user:password@example.com", null, null, null, nameof(HttpProviderOptions.Url))]
    [InlineData("https://example.com", "two words", null, null, nameof(HttpProviderOptions.Headers))]
    [InlineData("https://example.com", "Content-Length", null, null, nameof(HttpProviderOptions.Headers))]
    [InlineData("https://example.com", null, "{% if %}", null, nameof(HttpProviderOptions.Body))]
    [InlineData("https://example.com", null, null, "ok", nameof(HttpProviderOptions.Accepted))]
    public void Should_refuse_what_cannot_work(string url, string? header, string? body, string? accepted, string member)
    {
        var options = new HttpProviderOptions
        {
            Url = url,
            Body = body,
            Accepted = accepted,
        };
        if (header is not null)
            options.Headers = new Dictionary<string, string>(StringComparer.Ordinal) { [header] = "1" };

        var results = new List<System.ComponentModel.DataAnnotations.ValidationResult>();
        System
            .ComponentModel.DataAnnotations.Validator.TryValidateObject(options, new(options), results, validateAllProperties: true)
            .ShouldBeFalse();

        results.SelectMany(result => result.MemberNames).ShouldContain(member);
    }
}
