using System.Text.Json.Nodes;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Sms;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_shipped_template_is_rendered
{
    static readonly LiquidTemplates Templates = LiquidTemplates.Load(TemplateFolder.Shipped, TemplateFolder.Channels);

    static readonly Dictionary<string, (string Required, string Optional)> Variables = new(StringComparer.Ordinal)
    {
        ["announcement"] = ("""{ "title": "New opening hours", "text": "We are open on Sunday." }""", "{}"),
        ["chat-message-sent"] = (
            """{ "conversationId": "C-77", "text": "Is it still available?" }""",
            """{ "product": "Silk scarf", "buyer": { "name": "Nok" }, "seller": { "name": "Som" } }"""
        ),
        ["order-placed"] = (
            """{ "orderId": "A-1042", "product": "Silk scarf", "total": { "amount": 1590, "currency": "THB" } }""",
            """{ "buyer": { "name": "Nok" }, "seller": { "name": "Som" } }"""
        ),
        ["order-shipped"] = (
            """{ "orderId": "A-1042", "product": "Silk scarf" }""",
            """{ "carrier": "Thailand Post", "trackingNumber": "EX123456789TH" }"""
        ),
        ["payment-reminder-due"] = (
            """{ "orderId": "A-1042", "product": "Silk scarf", "total": { "amount": 1590, "currency": "THB" } }""",
            "{}"
        ),
    };

    public static TheoryData<string, string> CategoriesAndLanguages =>
        [.. from category in Variables.Keys from language in new[] { "en", "th" } select (category, language)];

    public static TheoryData<string, string, string, string> Requirements =>
        [
            .. from category in Variables.Keys
            from language in new[] { "en", "th" }
            from channel in TemplateFolder.Channels
            from variable in PathsOf(JsonNode.Parse(Variables[category].Required)!.AsObject())
            // A push and a text message are too short for the number of the conversation.
            where (channel.Name, variable) is not ("push" or "sms", "conversationId")
            select (category, language, channel.Name, variable),
        ];

    [Fact]
    public void Should_be_there_for_every_event() => Templates.Categories.ShouldBe(Variables.Keys, ignoreOrder: true);

    [Theory]
    [MemberData(nameof(CategoriesAndLanguages))]
    public void Should_use_everything_it_is_given(string category, string language)
    {
        var data = With(category, Variables[category].Optional);
        var (email, push, sms, chat) = Render(category, language, "Malee", data);

        email.Text.ShouldContain("Malee");
        email.Html.ShouldContain("Malee");
        email.Html.ShouldContain($"<html lang=\"{language}\"");
        foreach (var value in ValuesOf(data).Where(value => value is not "Som"))
        {
            $"{email.Subject}\n{email.Text}".ShouldContain(value);
            email.Html.ShouldContain(value);
            chat.Text.ShouldContain(value);
        }

        push.Title.Length.ShouldBeInRange(1, 40);
        push.Body.Length.ShouldBeInRange(1, 120);
        sms.Encoding.ShouldBe(language == "th" && category != "announcement" ? SmsEncoding.Ucs2 : SmsEncoding.Gsm7);
        sms.Segments.ShouldBeInRange(1, 2);
    }

    [Theory]
    [MemberData(nameof(CategoriesAndLanguages))]
    public void Should_do_without_what_is_optional(string category, string language)
    {
        var (email, push, sms, chat) = Render(category, language, recipientName: null, With(category, "{}"));

        foreach (var text in new[] { email.Subject, email.Text, email.Html, push.Title, push.Body, sms.Text, chat.Text })
        {
            text.ShouldNotBeNullOrWhiteSpace();
            foreach (var tag in (string[])["{{", "}}", "{%", "%}"])
                text.ShouldNotContain(tag);
        }
    }

    [Theory]
    [MemberData(nameof(Requirements))]
    public void Should_name_what_is_required_and_missing(string category, string language, string channel, string variable)
    {
        var data = With(category, Variables[category].Optional);
        Remove(data, variable);

        Should
            .Throw<TemplateException>(() =>
                Templates.Render(
                    category,
                    TemplateFolder.Channels.Single(c => c.Name.Equals(channel, StringComparison.Ordinal)),
                    language,
                    "Malee",
                    TemplateFolder.Json(data.ToJsonString())
                )
            )
            .Message.ShouldBe($"{category}/{channel}.{language}: '{variable}' is missing");
    }

    /// <summary>
    /// C: long texts. What a user wrote is shortened where there is no room, and always goes out; emoji count what they take on the wire.
    /// </summary>
    [Theory]
    [MemberData(nameof(CategoriesAndLanguages))]
    public void Should_fit_whatever_a_user_wrote(string category, string language)
    {
        foreach (var letter in (string[])["a", "ก", "👩‍👩‍👧‍👦", "\\\"", "\n"])
        {
            var longest = JsonNode.Parse(With(category, Variables[category].Optional).ToJsonString())!.AsObject();
            Lengthen(longest, letter);

            var (_, push, sms, chat) = Render(category, language, "Malee", longest, withEmail: false);

            sms.Segments.ShouldBeLessThanOrEqualTo(4, $"{category} {letter}"); // MostSegments
            System
                .Text.Encoding.UTF8.GetByteCount(
                    System.Text.Json.JsonSerializer.Serialize(new { title = push.Title, body = push.Body }, Relaxed)
                )
                .ShouldBeLessThanOrEqualTo(2_597, $"{category} {letter}"); // Web Push, without what encrypts it
            chat.Text.Length.ShouldBeLessThanOrEqualTo(1_000, $"{category} {letter}"); // Discord takes 2,000, where each may be escaped
            foreach (var text in (string[])[push.Title, push.Body, sms.Text, chat.Text])
                text.EnumerateRunes().ShouldNotContain(System.Text.Rune.ReplacementChar);
        }
    }

    static readonly System.Text.Json.JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    static void Lengthen(JsonObject data, string letter)
    {
        foreach (var (name, value) in data.ToList())
        {
            if (value is JsonObject inner)
                Lengthen(inner, letter);
            else if (name is not ("amount" or "currency"))
                data[name] = string.Concat(Enumerable.Repeat(letter, 10_000 / letter.Length));
        }
    }

    static (EmailContent?, PushContent, SmsContent, ChatContent) Render(
        string category,
        string language,
        string? recipientName,
        JsonObject data,
        bool withEmail
    )
    {
        var json = TemplateFolder.Json(data.ToJsonString());
        return (
            withEmail ? (EmailContent)Templates.Render(category, TemplateFolder.Email, language, recipientName, json) : null,
            (PushContent)Templates.Render(category, TemplateFolder.Push, language, recipientName, json),
            (SmsContent)Templates.Render(category, TemplateFolder.Sms, language, recipientName, json),
            (ChatContent)Templates.Render(category, TemplateFolder.Chat, language, recipientName, json)
        );
    }

    static (EmailContent, PushContent, SmsContent, ChatContent) Render(
        string category,
        string language,
        string? recipientName,
        JsonObject data
    )
    {
        var (email, push, sms, chat) = Render(category, language, recipientName, data, withEmail: true);
        return (email!, push, sms, chat);
    }

    static JsonObject With(string category, string optional)
    {
        var data = JsonNode.Parse(Variables[category].Required)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(optional)!.AsObject())
            data[name] = value!.DeepClone();

        return data;
    }

    static IEnumerable<string> PathsOf(JsonObject data) =>
        data.SelectMany(member => member.Value is JsonObject inner ? inner.Select(deeper => $"{member.Key}.{deeper.Key}") : [member.Key]);

    static IEnumerable<string> ValuesOf(JsonObject data) =>
        data.SelectMany(member =>
            member.Value is JsonObject inner
                ? ValuesOf(inner).Where(value => value is not "1590" and not "THB")
                : [member.Value!.ToString()]
        );

    static void Remove(JsonObject data, string path)
    {
        var steps = path.Split('.');
        (steps.Length == 1 ? data : data[steps[0]]!.AsObject()).Remove(steps[^1]);
    }
}
