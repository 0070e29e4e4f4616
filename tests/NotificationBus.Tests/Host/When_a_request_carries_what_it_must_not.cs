using System.Net;

namespace NotificationBus.Tests.Host;

/// <summary>Nothing of it is stored, sent or repeated.</summary>
public sealed class When_a_request_carries_what_it_must_not(RunningHost host) : IClassFixture<RunningHost>
{
    const string Path = "/v1/notifications";

    public static TheoryData<string, string, string> Bad =>
        new()
        {
            { "email", """{"replyTo":"desk@example.com\r\nBcc: victim@example.org"}""", "email.replyTo" },
            { "email", """{"replyTo":"desk@example.com\nX-Evil: 1"}""", "email.replyTo" },
            { "email", """{"replyTo":"desk@example.com, victim@example.org"}""", "email.replyTo" },
            { "email", """{"replyTo":""}""", "email.replyTo" },
            { "email", """{"cc":["a@example.com","b@example.com\r\nBcc: victim@example.org"]}""", "email.cc[1]" },
            { "email", """{"cc":["victim <victim@example.org>"]}""", "email.cc[0]" },
            { "email", """{"cc":["a@example.com","A@example.com"]}""", "email.cc[1]" },
            { "email", """{"cc":["staff@example.com"]}""", "email.cc[0]" },
            { "email", """{"cc":[null]}""", "email.cc[0]" },
            {
                "email",
                """{"attachments":[{"url":"https://files.example.com/x","name":"../../etc/passwd"}]}""",
                "email.attachments[0].name"
            },
            { "email", """{"attachments":[{"url":"https://files.example.com/x","name":"..\\..\\x.exe"}]}""", "email.attachments[0].name" },
            {
                "email",
                """{"attachments":[{"url":"https://files.example.com/x","name":"a.pdf\r\nBcc: x@y.example"}]}""",
                "email.attachments[0].name"
            },
            {
                "email",
                """{"attachments":[{"url":"https://files.example.com/x","name":"invoice\u202Efdp.exe"}]}""",
                "email.attachments[0].name"
            },
            { "email", """{"attachments":[{"url":"https://files.example.com/x","name":".."}]}""", "email.attachments[0].name" },
            { "email", """{"attachments":[{"url":"http://files.example.com/x","name":"a.pdf"}]}""", "email.attachments[0].url" },
            {
                "email",
                """{"attachments":[{"url":"https://169.254.169.254/latest/meta-data","name":"a.pdf"}]}""",
                "email.attachments[0].url"
            },
            { "email", """{"attachments":[{"url":"https://[::ffff:169.254.169.254]/","name":"a.pdf"}]}""", "email.attachments[0].url" },
            { "email", """{"attachments":[{"url":"https://127.1/x","name":"a.pdf"}]}""", "email.attachments[0].url" },
            { "email", """{"attachments":[{"url":"https://10.0.0.1/x","name":"a.pdf"}]}""", "email.attachments[0].url" },
            { "email", """{"attachments":[{"url":"https://localhost/x","name":"a.pdf"}]}""", "email.attachments[0].url" },
            { "email", """{"attachments":[{"url":"https://files.example.com:8443/x","name":"a.pdf"}]}""", "email.attachments[0].url" },
            { "email", """{"attachments":[{"url":"https://user:pass@files.example.com/x","name":"a.pdf"}]}""", "email.attachments[0].url" },
            { "email", """{"attachments":[{"url":"file:///etc/passwd","name":"a.pdf"}]}""", "email.attachments[0].url" },
            {
                "email",
                """{"attachments":[{"url":"https://files.example.com/x","name":"a.pdf","contentType":"text/html\r\nX: 1"}]}""",
                "email.attachments[0].contentType"
            },
            {
                "email",
                """{"attachments":[{"url":"https://files.example.com/x","name":"a.pdf","contentType":"multipart/mixed"}]}""",
                "email.attachments[0].contentType"
            },
            { "push", """{"deepLink":"javascript:alert(document.cookie)"}""", "push.deepLink" },
            { "push", """{"deepLink":"JavaScript://x/%0aalert(1)"}""", "push.deepLink" },
            { "push", """{"deepLink":" javascript:alert(1)"}""", "push.deepLink" },
            { "push", """{"deepLink":"java\nscript://alert(1)"}""", "push.deepLink" },
            { "push", """{"deepLink":"data:text/html;base64,x"}""", "push.deepLink" },
            { "push", """{"deepLink":"file:///etc/passwd"}""", "push.deepLink" },
            { "push", """{"deepLink":"intent://scan/#Intent;scheme=zxing;end"}""", "push.deepLink" },
            { "push", """{"deepLink":"http://shop.example.com/"}""", "push.deepLink" },
            { "push", """{"deepLink":"/orders/4711"}""", "push.deepLink" },
            { "push", """{"image":"http://cdn.example.com/x.png"}""", "push.image" },
            { "push", """{"image":"https://192.168.1.1/x.png"}""", "push.image" },
            { "push", """{"data":{"from":"x"}}""", "push.data.from" },
            { "push", """{"data":{"google.x":"x"}}""", "push.data.google.x" },
            { "push", """{"data":{"aps":"x"}}""", "push.data.aps" },
            { "push", """{"data":{"a b":"x"}}""", "push.data" },
            { "metadata", """{"campaign":"two\nlines"}""", "metadata.campaign" },
            { "metadata", """{"campaign":17}""", "metadata.campaign" },
            { "metadata", """{"a b":"x"}""", "metadata" },
            { "metadata", "[]", "metadata" },
        };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Should_be_told_where_and_be_refused(string property, string value, string place)
    {
        var before = host.Inbox.Since(0).Count;

        var answer = await host.Post(Path, With(property, value));

        var problem = answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation");
        problem.Keys.ShouldContain(place);
        foreach (var secret in (string[])["victim", "169.254", "passwd", "alert(", "user:pass"])
            answer.Body.ShouldNotContain(secret);
        host.Inbox.Since(0).Count.ShouldBe(before);
    }

    [Theory]
    [InlineData("push", """{"data":{"x":17}}""")]
    [InlineData("push", """{"deepLink":{}}""")]
    [InlineData("email", """{"attachments":[{"name":"a.pdf"}]}""")]
    [InlineData("email", """{"attachments":"https://files.example.com/x"}""")]
    [InlineData("email", """{"bcc":["victim@example.org"]}""")]
    public async Task Should_be_refused_when_it_is_of_another_form(string property, string value) =>
        (await host.Post(Path, With(property, value))).Status.ShouldBe(HttpStatusCode.BadRequest);

    [Fact]
    public async Task Should_be_refused_when_it_is_more_than_a_body_may_be()
    {
        var data = $$$"""{"data":{"x":"{{{new string('x', 10_000_000)}}}"}}""";

        (await host.Post(Path, With("push", data), ("Expect", "100-continue"))).Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Should_count_what_there_may_be()
    {
        static string Pairs(int count) => $"{{{string.Join(',', Enumerable.Range(0, count).Select(one => $"\"k{one}\":\"v\""))}}}";
        static string List(int count) => string.Join(',', Enumerable.Range(0, count).Select(one => $"\"a{one}@example.com\""));
        static string Files(int count) =>
            string.Join(
                ',',
                Enumerable.Range(0, count).Select(one => $$"""{"url":"https://files.example.com/{{one}}","name":"{{one}}.pdf"}""")
            );

        (await host.Post(Path, With("metadata", Pairs(21)))).ShouldBeProblem(HttpStatusCode.BadRequest, "validation");
        (await host.Post(Path, With("metadata", Pairs(20)))).Status.ShouldBe(HttpStatusCode.Accepted);
        (await host.Post(Path, With("push", $$$"""{"data":{{{Pairs(51)}}}}"""))).ShouldBeProblem(HttpStatusCode.BadRequest, "validation");
        (await host.Post(Path, With("email", $$"""{"cc":[{{List(11)}}]}"""))).ShouldBeProblem(HttpStatusCode.BadRequest, "validation");
        (await host.Post(Path, With("email", $$"""{"cc":[{{List(10)}}]}"""))).Status.ShouldBe(HttpStatusCode.Accepted);
        (await host.Post(Path, With("email", $$"""{"attachments":[{{Files(11)}}]}"""))).ShouldBeProblem(
            HttpStatusCode.BadRequest,
            "validation"
        );
    }

    /// <summary>What no message would carry is lost, and whoever asks for it should know.</summary>
    [Fact]
    public async Task Should_not_lose_what_is_for_a_channel_that_is_not_asked_for()
    {
        var request = With("push", """{"deepLink":"shop://x"}""");
        request = request[..^1] + ""","channels":["email"]}""";

        (await host.Post(Path, request)).ShouldBeProblem(HttpStatusCode.BadRequest, "validation")["push"].ShouldContain("channel push");
    }

    [Fact]
    public async Task Should_say_so_of_each_in_a_batch()
    {
        var answer = await host.Post(
            "/v1/notifications/batch",
            $"[{With("push", """{"deepLink":"javascript:x"}""")},{With("push", """{"deepLink":"shop://x"}""")}]"
        );

        answer.Status.ShouldBe(HttpStatusCode.MultiStatus, answer.Body);
        answer.Json.GetProperty("items")[0].GetProperty("status").GetInt32().ShouldBe(400);
        answer.Json.GetProperty("items")[1].GetProperty("status").GetInt32().ShouldBe(202);
    }

    static string With(string property, string value)
    {
        var recipient = """{"id":"staff-1","email":"staff@example.com","pushTokens":["demo-token"]}""";
        var content = """{"email":{"subject":"S","text":"T"},"push":{"title":"T","body":"B"}}""";
        return $$$"""{"category":"announcement","recipient":{{{recipient}}},"content":{{{content}}},"{{{property}}}":{{{value}}}}""";
    }
}
