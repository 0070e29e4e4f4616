using System.Net;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Sandbox;
using NotificationBus.Providers;
using NotificationBus.Tests.Templates;

namespace NotificationBus.Tests.Host;

/// <summary>Two applications share a host: one has a sender of its own, the other takes what is there for all.</summary>
public sealed class When_applications_have_something_of_their_own(HostOfTwoSenders two) : IClassFixture<HostOfTwoSenders>
{
    [Fact]
    public async Task Should_send_from_the_sender_of_each()
    {
        var caught = await two.Send("cup", "email", "sms");

        caught["email"].Delivery.Sender.ShouldBe(new Sender("cup@example.com", "Cup & Co"));
        caught["sms"].Delivery.Sender.ShouldBe(new Sender("CupAndCo"));
        foreach (var delivery in (await two.Send("jar", "email", "sms")).Values)
            delivery.Delivery.Sender.ShouldBeNull();
    }

    [Fact]
    public async Task Should_say_it_in_the_words_of_each_and_in_those_for_all_where_it_has_none()
    {
        var cup = await two.Send("cup", "email", "push", "sms");
        var jar = await two.Send("jar", "email", "push", "sms");

        ((EmailContent)cup["email"].Delivery.Content).Subject.ShouldBe("The cup says News");
        ((EmailContent)jar["email"].Delivery.Content).Subject.ShouldBe("News");
        foreach (var channel in (string[])["push", "sms"])
            cup[channel].Delivery.Content.ShouldBe(jar[channel].Delivery.Content);
    }

    [Theory]
    [InlineData("cup", "", "The cup says News")]
    [InlineData("jar", "", "News")]
    [InlineData("platform", "", "News")]
    [InlineData("platform", "?application=cup", "The cup says News")]
    public async Task Should_preview_what_would_be_sent(string application, string query, string subject)
    {
        const string Body = """{"category":"announcement","data":{"title":"News","text":"of the day"}}""";
        var preview = await two.Call("POST", $"/v1/templates/preview{query}", two.KeyOf(application), Body);
        preview.Status.ShouldBe(HttpStatusCode.OK, preview.Body);
        var listed = await two.Call("GET", $"/v1/templates{query}", two.KeyOf(application));
        listed.Status.ShouldBe(HttpStatusCode.OK, listed.Body);

        var mail = preview
            .Json.GetProperty("texts")
            .EnumerateArray()
            .Single(text => text.TryGetProperty("template", out var template) && template.GetString() == "announcement/email.en");
        mail.GetProperty("parts")[0].GetProperty("text").GetString().ShouldBe(subject);
        var version = preview.Json.GetProperty("templateVersion").GetString();
        VersionIn(listed, "announcement").ShouldBe(version);
        if (query.Length == 0 && application != "platform")
            (await two.TemplateVersionOf(await two.Send(application, "email"))).ShouldBe(version);
    }

    [Fact]
    public async Task Should_call_versions_alike_only_where_nothing_is_its_own()
    {
        var cup = await two.Call("GET", "/v1/templates", two.KeyOf("cup"));
        var jar = await two.Call("GET", "/v1/templates", two.KeyOf("jar"));

        VersionIn(cup, "announcement").ShouldNotBe(VersionIn(jar, "announcement"));
        VersionIn(cup, "order-placed").ShouldBe(VersionIn(jar, "order-placed"));
    }

    /// <summary>A version is a word one could guess or be told: who asks sees what is for all, and its own.</summary>
    [Fact]
    public async Task Should_show_the_texts_of_one_to_no_other()
    {
        var own = VersionIn(await two.Call("GET", "/v1/templates", two.KeyOf("cup")), "announcement");
        var forAll = VersionIn(await two.Call("GET", "/v1/templates", two.KeyOf("jar")), "announcement");
        await two.Deployed(own);

        foreach (
            var (application, version, status) in ((string, string, HttpStatusCode)[])
                [
                    ("cup", own, HttpStatusCode.OK),
                    ("jar", own, HttpStatusCode.NotFound),
                    ("platform", own, HttpStatusCode.OK),
                    ("cup", forAll, HttpStatusCode.OK),
                    ("jar", forAll, HttpStatusCode.OK),
                ]
        )
        {
            var answer = await two.Call("GET", $"/v1/templates/announcement/versions/{version}", two.KeyOf(application));
            answer.Status.ShouldBe(status, $"{application} {version}");
            answer.Body.Contains("The cup says", StringComparison.Ordinal).ShouldBe(version == own && status == HttpStatusCode.OK);
        }

        var all = await two.Call("GET", "/v1/templates/announcement/versions", two.KeyOf("platform"));
        all.Json.GetProperty("versions")
            .EnumerateArray()
            .ToDictionary(
                one => one.GetProperty("version").GetString()!,
                one => one.TryGetProperty("application", out var of) ? of.GetString() : null,
                StringComparer.Ordinal
            )
            .ShouldBe(new Dictionary<string, string?>(StringComparer.Ordinal) { [own] = "cup", [forAll] = null }, ignoreOrder: true);
    }

    /// <summary>In the order it has chosen, and with the next when one fails; whoever has chosen nothing takes the channel's.</summary>
    [Fact]
    public async Task Should_send_by_the_accounts_that_each_has_chosen()
    {
        (await two.AccountsOf(await two.Send("cup", "email"))).ShouldBe(["second"]);
        (await two.AccountsOf(await two.Send("jar", "email"))).ShouldBe(["first"]);
        (await two.AccountsOf(await two.Send("cup", "chat"))).ShouldBe(["broken", "second"]);
        (await two.AccountsOf(await two.Send("jar", "chat"))).ShouldBe(["first"]);
    }

    /// <summary>A route of the channel is for those who have chosen nothing.</summary>
    [Fact]
    public async Task Should_take_its_own_accounts_in_the_place_of_a_route()
    {
        var cup = await two.Send("cup", "sms");
        (await two.AccountsOf(cup)).ShouldBe(["second"]);
        (await two.AccountsOf(await two.Send("jar", "sms"))).ShouldBe(["routed"]);

        var story = await two.Call("GET", $"/v1/notifications/{cup["sms"].Delivery.NotificationId}/explain", two.KeyOf("cup"));
        story.Body.ShouldContain("as its application has chosen it goes to second");
    }

    static string VersionIn(Answer listed, string category) =>
        listed
            .Json.GetProperty("categories")
            .EnumerateArray()
            .Single(one => one.GetProperty("category").GetString() == category)
            .GetProperty("templateVersion")
            .GetString()!;

    /// <summary>One that is named by whoever sees all, and not by its key.</summary>
    [Fact]
    public async Task Should_send_from_the_sender_of_the_application_that_is_named()
    {
        (await two.Send("platform", "?application=cup", "email"))["email"].Delivery.Sender!.Address.ShouldBe("cup@example.com");
        (await two.Send("platform", "?application=jar", "email"))["email"].Delivery.Sender.ShouldBeNull();
    }

    [Fact]
    public async Task Should_show_the_sender_in_the_inbox()
    {
        var caught = await two.Send("cup", "email", "push");
        var list = (await two.Call("GET", "/inbox/deliveries", HostWithKeys.FirstKey)).Body;

        list.ShouldContain("\"from\":\"\\u0022Cup \\u0026 Co\\u0022 \\u003Ccup@example.com\\u003E\"");
        var push = await two.Call("GET", $"/inbox/deliveries/{caught["push"].Number}", HostWithKeys.FirstKey);
        push.Body.ShouldNotContain("\"from\"");
    }
}

/// <summary>A host of two applications of which one, the cup, has something of its own.</summary>
public sealed class HostOfTwoSenders : IAsyncLifetime
{
    readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);
    int _sent;

    readonly TemplateFolder _texts = new TemplateFolder().Write(
        "announcement/email.en.liquid",
        "--- subject\nThe cup says {{ title }}\n--- text\n{{ text }}\n--- html\n<p>{{ text }}</p>\n"
    );
    RunningHost? _host;

    internal RunningHost Host =>
        _host ??= new RunningHost
        {
            Settings =
            [
                "--EventTypes:announcement:Mode=AllAtOnce",
                $"--Applications:cup:Templates:Folder={_texts.Path}",
                .. ((string[])["first", "second", "broken", "routed"]).Select(account => $"--Providers:{account}:Type=sandbox"),
                "--Providers:broken:FailureShare=1",
                "--Channels:email:Providers=first,second",
                "--Channels:chat:Providers=first,second,broken",
                "--Channels:sms:Providers=first,second",
                "--Channels:sms:Routes:0:When:Countries=TH",
                "--Channels:sms:Routes:0:Providers=routed",
                "--Applications:cup:Channels:email:Providers=second",
                "--Applications:cup:Channels:chat:Providers=broken,second",
                "--Applications:cup:Channels:sms:Providers=second",
                "--Auth:Mode=Keys",
                $"--Auth:FirstKey={HostWithKeys.FirstKey}",
                "--Applications:cup:Email:From=cup@example.com",
                "--Applications:cup:Email:FromName=Cup & Co",
                "--Applications:cup:Sms:From=CupAndCo",
            ],
        };

    public async ValueTask InitializeAsync()
    {
        await Host.InitializeAsync();
        foreach (var application in (string[])["cup", "jar", "platform"])
        {
            var body = $$"""{"application":"{{application}}","scopes":["send","read"],"why":"a test"}""";
            var made = await Call("POST", "/v1/keys", HostWithKeys.FirstKey, body);
            made.Status.ShouldBe(HttpStatusCode.Created, made.Body);
            _keys[application] = made.Json.GetProperty("key").GetString()!;
        }
    }

    /// <summary>The key of an application.</summary>
    internal string KeyOf(string application) => _keys[application];

    internal Task<Answer> Call(string method, string path, string key, string? json = null, string? prefer = null) =>
        Host.Send(
            new HttpMethod(method),
            path,
            json is null ? null : RunningHost.Json(Encoding.UTF8.GetBytes(json)),
            [("Authorization", $"Bearer {key}"), .. prefer is null ? [] : ((string, string)[])[("Prefer", prefer)]]
        );

    internal Task<IReadOnlyDictionary<string, CaughtDelivery>> Send(string application, params string[] channels) =>
        channels[0].StartsWith('?') ? Send(application, channels[0], channels[1..]) : Send(application, "", channels);

    /// <summary>Sends an announcement on some channels, and waits for what the sandbox caught of it.</summary>
    async Task<IReadOnlyDictionary<string, CaughtDelivery>> Send(string application, string query, string[] channels)
    {
        var number = Interlocked.Increment(ref _sent);
        var recipient = $"{application}-{number}";
        var asked = await Call(
            "POST",
            $"/v1/notifications{query}",
            KeyOf(application),
            JsonSerializer.Serialize(
                new
                {
                    category = "announcement",
                    recipient = new
                    {
                        id = recipient,
                        email = $"{recipient}@example.com",
                        phone = $"+6681234{5000 + number}",
                        pushTokens = new[] { recipient },
                        chat = new[] { "slack:C0123456789" },
                    },
                    data = new { title = "News", text = "of the day" },
                    channels,
                }
            ),
            "wait=30"
        );
        asked.Body.ShouldContain("\"delivered\"");
        var id = asked.Json.GetProperty("id").GetGuid();
        return Host
            .Inbox.Since(0)
            .Where(caught => caught.Delivery.NotificationId == id)
            .ToDictionary(caught => caught.Delivery.Channel, StringComparer.Ordinal);
    }

    /// <summary>The accounts that were called for the one delivery of a notification, in order.</summary>
    internal async Task<IReadOnlyList<string>> AccountsOf(IReadOnlyDictionary<string, CaughtDelivery> caught)
    {
        var id = caught.Values.Single().Delivery.NotificationId;
        var notification = (await Call("GET", $"/v1/notifications/{id}", HostWithKeys.FirstKey)).Json;
        return
        [
            .. notification
                .GetProperty("deliveries")[0]
                .GetProperty("attempts")
                .EnumerateArray()
                .Select(attempt => attempt.GetProperty("provider").GetString()!),
        ];
    }

    /// <summary>The version of the texts that a notification was planned with.</summary>
    internal async Task<string?> TemplateVersionOf(IReadOnlyDictionary<string, CaughtDelivery> caught)
    {
        var id = caught.Values.First().Delivery.NotificationId;
        return (await Call("GET", $"/v1/notifications/{id}", HostWithKeys.FirstKey)).Json.GetProperty("templateVersion").GetString();
    }

    /// <summary>Waits until a version is on record: the host writes that down when it has started.</summary>
    internal async Task Deployed(string version)
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while ((await Call("GET", $"/v1/templates/announcement/versions/{version}", HostWithKeys.FirstKey)).Status != HttpStatusCode.OK)
            await Task.Delay(10, patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _texts.Dispose();
    }
}
