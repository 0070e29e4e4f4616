using System.Net;
using System.Text.Json;
using NotificationBus.Emulators;

namespace NotificationBus.Tests.Host;

public sealed class When_a_request_carries_more : IAsyncLifetime
{
    const string Path = "/v1/notifications";

    Emulator? _emulator;
    RunningHost? _host;

    RunningHost Host => _host!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _emulator = await Emulator.Start();
        _host = new RunningHost
        {
            Settings =
            [
                .. _emulator.SettingsOf("resend").Concat(_emulator.SettingsOf("fcm")).Select(one => $"--{one.Key}={one.Value}"),
                "--Channels:email:Providers=resend",
                "--Channels:push:Providers=fcm",
                "--EventTypes:announcement:Mode=AllAtOnce",
                "--Redelivery:FirstDelay=00:00:00.1",
            ],
        };
        await _host.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _emulator!.DisposeAsync();
    }

    [Fact]
    public async Task Should_send_it_with_templates_and_with_what_is_given()
    {
        foreach (var content in (string[])["", ""","content":{"email":{"subject":"S","text":"T"},"push":{"title":"T","body":"B"}}"""])
        {
            var done = await Done(
                $$$"""{{{content}}},"email":{"replyTo":"desk@example.com","cc":["boss@example.org"]},"push":"""
                    + """{"deepLink":"shop://orders/1","data":{"orderId":"1"}}"""
            );

            done.GetProperty("status").GetString().ShouldBe("delivered", $"{done}");
            _emulator!["resend"].Requests.Last().Find("reply_to").ShouldBe("desk@example.com");
            _emulator["resend"].Requests.Last().Find("cc.0").ShouldBe("boss@example.org");
            _emulator["fcm"].Requests.Last().Find("message.data.deepLink").ShouldBe("shop://orders/1");
            // It is no business of whoever only reads what became of it.
            $"{done}".ShouldNotContain("desk@");
            $"{done}".ShouldNotContain("boss@");
        }
    }

    [Fact]
    public async Task Should_give_metadata_back_and_to_no_vendor()
    {
        var done = await Done(""","metadata":{"campaign":"spring-2026","shop":"17"}""");

        done.GetProperty("metadata").GetProperty("campaign").GetString().ShouldBe("spring-2026");
        var listed = (await Host.Get($"{Path}?recipient=staff-1")).Json.GetProperty("notifications")[0];
        listed.GetProperty("metadata").GetProperty("shop").GetString().ShouldBe("17");
        var events = await Host.Client.GetStringAsync($"{Path}/{done.GetProperty("id")}/events", Cancellation);
        events.ShouldContain("\"metadata\":{\"campaign\":\"spring-2026\",\"shop\":\"17\"}");
        foreach (var vendor in (string[])["resend", "fcm"])
            _emulator![vendor].Requests.ShouldAllBe(request => !request.Body.Contains("spring-2026", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_be_another_request_with_other_extras()
    {
        await Accepted(""","eventId":"one","push":{"deepLink":"shop://1"}""");

        (await Host.Post(Path, Request(""","eventId":"one","push":{"deepLink":"shop://2"}"""))).Status.ShouldBe(
            HttpStatusCode.UnprocessableEntity
        );
        (await Host.Post(Path, Request(""","eventId":"one","push":{"deepLink":"shop://1"},"metadata":{"a":"b"}"""))).Status.ShouldBe(
            HttpStatusCode.UnprocessableEntity
        );
        (await Host.Post(Path, Request(""","eventId":"one","push":{"deepLink":"shop://1"}"""))).Status.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Should_foresee_that_no_vendor_takes_so_much()
    {
        var answer = await Host.Post(
            Path,
            Request(
                $$$""","channels":["push"],"push":{"data":{"note":"{{{new string('x', 4_000)}}}","other":"{{{new string('x', 1_000)}}}"}}"""
            )
        );

        answer.Status.ShouldBe(HttpStatusCode.UnprocessableEntity, answer.Body);
        answer.Body.ShouldContain("longer than the 4096 octets FCM takes");
    }

    async Task<JsonElement> Done(string more) => await Host.Outcome(await Accepted(more));

    async Task<string> Accepted(string more)
    {
        var answer = await Host.Post(Path, Request(more));
        answer.Status.ShouldBe(HttpStatusCode.Accepted, answer.Body);
        return answer.Json.GetProperty("links").GetProperty("self").GetString()!;
    }

    static string Request(string more) =>
        """{"category":"announcement","recipient":{"id":"staff-1","email":"staff@example.com","pushTokens":"""
        + $$$"""["fcm:demo-token-of-somebody"]},"data":{"title":"T","message":"M","subject":"S","text":"T"}{{{more}}}}""";
}
