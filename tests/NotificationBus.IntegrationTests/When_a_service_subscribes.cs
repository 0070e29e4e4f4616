using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>18.2: what becomes of notifications comes to a URL, over HTTP alone.</summary>
public sealed class When_a_service_subscribes
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    static readonly string[] Everything =
    [
        "notification.delivered",
        "notification.failed",
        "notification.cancelled",
        "delivery.sent",
        "delivery.failed",
        "delivery.cancelled",
    ];

    /// <summary>Signatures are proven with the library that receivers use, and not with our own.</summary>
    [Fact]
    public async Task Should_be_genuine_under_the_secret_that_was_shown_and_under_both_while_it_is_changed()
    {
        await using var host = await Start();
        await using var nobody = Subscriber.Start();
        var made = await Subscribe(host, nobody.Url, Everything);
        var (id, secret) = (IdOf(made), made.GetProperty("secret").GetString()!);
        await using var first = await WebhookReceiver.Start(secret);
        await Patch(host, id, new { url = first.Url });
        await Post(host, $"/v1/subscriptions/{id}/test");
        var test = await first.FirstReceived(Patience);
        test.Genuine.ShouldBeTrue(test.Error);
        test.Payload.GetProperty("type").GetString().ShouldBe("test");

        var rotated = await Post(host, $"/v1/subscriptions/{id}/rotate", new { graceSeconds = 3600 });
        var next = rotated.GetProperty("secret").GetString()!;
        next.ShouldNotBe(secret);
        await using var second = await WebhookReceiver.Start(next);
        var sent = await Send(host);
        await Until(async () => (await first.Received()).Count >= 3, "the receiver that has the secret before is told twice more");
        (await first.Received()).ShouldAllBe(webhook => webhook.Genuine);

        await Patch(host, id, new { url = second.Url });
        await Post(host, $"/v1/subscriptions/{id}/test");
        (await second.FirstReceived(Patience)).Genuine.ShouldBeTrue();

        // From now on the new one alone.
        var last = (await Post(host, $"/v1/subscriptions/{id}/rotate", new { graceSeconds = 0 })).GetProperty("secret").GetString()!;
        await Post(host, $"/v1/subscriptions/{id}/test");
        await Until(async () => (await second.Received()).Count >= 2, "it comes, and is not genuine");
        (await second.Received())[1].Genuine.ShouldBeFalse();
        await using var third = await WebhookReceiver.Start(last);
        await Patch(host, id, new { url = third.Url });
        await Post(host, $"/v1/subscriptions/{id}/test");
        (await third.FirstReceived(Patience)).Genuine.ShouldBeTrue();
        (await Get(host, $"/v1/subscriptions/{id}")).ToString().ShouldNotContain("whsec_");
        sent.ShouldNotBe(Guid.Empty);
    }

    [Fact]
    public async Task Should_be_told_in_order_what_became_of_it_and_of_nothing_else()
    {
        await using var host = await Start();
        await using var subscriber = Subscriber.Start();
        await using var other = Subscriber.Start();
        await Subscribe(host, subscriber.Url, Everything, "order-placed");
        await Subscribe(host, other.Url, ["notification.failed"]);

        var id = await Send(host);

        await Until(() => subscriber.Told.Count >= 2, "two events");
        subscriber
            .Told.Select(told => (told.Type, told.NotificationId, told.Sequence))
            .ShouldBe([("delivery.sent", id, 1), ("notification.delivered", id, 2)]);
        var data = subscriber.Told[1].Body.GetProperty("data");
        data.GetProperty("category").GetString().ShouldBe("order-placed");
        data.GetProperty("keys").GetProperty("order").GetString().ShouldBe("4711");
        data.GetProperty("channels")[0].GetString().ShouldBe("email");
        $"{data}".ShouldNotContain("som@example.com");
        await Send(host, "order-shipped");
        var another = await Send(host);
        await Until(() => subscriber.Told.Count(told => told.NotificationId == another) == 2, "two events of the next");
        subscriber.Told.Count.ShouldBe(4, "the shipped order is of a category that was not asked for");
        other.Told.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_come_again_as_the_same_after_a_pause_and_when_it_is_asked_for()
    {
        await using var host = await Start();
        await using var subscriber = Subscriber.Start();
        var refused = 0;
        subscriber.Answer = told =>
            told.Type == "notification.delivered" && Interlocked.Increment(ref refused) <= 2
                ? (503, null, TimeSpan.Zero)
                : (200, null, TimeSpan.Zero);
        var id = IdOf(await Subscribe(host, subscriber.Url, ["notification.delivered"]));

        await Send(host);

        await Until(() => subscriber.Told.Count == 3, "it comes three times");
        subscriber.Told.Select(told => told.Id).Distinct().Count().ShouldBe(1);
        subscriber.Told.Select(told => $"{told.Body}").Distinct(StringComparer.Ordinal).Count().ShouldBe(1);
        var delivery = await UntilListed(host, id, "delivered");
        delivery.GetProperty("tries").EnumerateArray().Select(one => one.GetProperty("result").GetString()!).Last().ShouldBe("took it");
        delivery.GetProperty("tries")[0].GetProperty("result").GetString()!.ShouldContain("answered 503");

        await Post(host, $"/v1/subscriptions/{id}/deliveries/{delivery.GetProperty("id").GetGuid()}/resend");
        await Until(() => subscriber.Told.Count == 4, "it comes once more");
        subscriber.Told[3].Id.ShouldBe(subscriber.Told[0].Id);
    }

    [Fact]
    public async Task Should_be_given_up_when_its_pauses_are_over_and_be_had_again()
    {
        await using var host = await Start();
        await using var subscriber = Subscriber.Start();
        subscriber.Answer = _ => (302, null, TimeSpan.Zero);
        var id = IdOf(await Subscribe(host, subscriber.Url, ["notification.delivered"]));
        await Send(host);

        var given = await UntilListed(host, id, "failed");
        given.GetProperty("attempts").GetInt32().ShouldBe(4);
        given.GetProperty("tries")[0].GetProperty("result").GetString()!.ShouldContain("redirects are not followed");
        subscriber.Answer = _ => (202, null, TimeSpan.Zero);
        var recovered = await Post(host, $"/v1/subscriptions/{id}/recover", new { since = TimeProvider.System.GetUtcNow().AddHours(-1) });

        (recovered.GetProperty("recovered").GetInt32(), recovered.GetProperty("isComplete").GetBoolean()).ShouldBe((1, true));
        (await UntilListed(host, id, "delivered")).GetProperty("id").GetGuid().ShouldBe(given.GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Should_be_disabled_when_it_answers_that_it_is_gone_and_say_so()
    {
        await using var host = await Start();
        await using var subscriber = Subscriber.Start();
        subscriber.Answer = _ => (410, null, TimeSpan.Zero);
        var id = IdOf(await Subscribe(host, subscriber.Url, ["notification.delivered"]));
        await Send(host);

        await Until(async () => !(await Get(host, $"/v1/subscriptions/{id}")).GetProperty("enabled").GetBoolean(), "it is disabled");
        (await Get(host, $"/v1/subscriptions/{id}")).GetProperty("disabledReason").GetString()!.ShouldContain("410");
        using var refused = await host.Client.PostAsync(new Uri($"/v1/subscriptions/{id}/test", UriKind.Relative), content: null);
        refused.StatusCode.ShouldBe(HttpStatusCode.Conflict);

        subscriber.Answer = _ => (204, null, TimeSpan.Zero);
        await Patch(host, id, new { enabled = true });

        await UntilListed(host, id, "delivered");
    }

    [Fact]
    public async Task Should_be_left_alone_for_as_long_as_it_asks()
    {
        await using var host = await Start();
        await using var subscriber = Subscriber.Start();
        var calls = 0;
        subscriber.Answer = _ => Interlocked.Increment(ref calls) == 1 ? (429, "3", TimeSpan.Zero) : (204, null, TimeSpan.Zero);
        var id = IdOf(await Subscribe(host, subscriber.Url, ["notification.delivered"]));
        await Send(host);

        await UntilListed(host, id, "delivered");
        (subscriber.Told[1].At - subscriber.Told[0].At).ShouldBeGreaterThan(TimeSpan.FromSeconds(2.9));
    }

    [Fact]
    public async Task Should_be_told_the_next_while_one_call_hangs()
    {
        await using var host = await Start();
        await using var subscriber = Subscriber.Start();
        var calls = 0;
        subscriber.Answer = _ => (204, null, Interlocked.Increment(ref calls) == 1 ? TimeSpan.FromMinutes(30) : TimeSpan.Zero);
        var id = IdOf(await Subscribe(host, subscriber.Url, ["notification.delivered"]));
        var first = await Send(host);
        await Until(() => subscriber.Told.Count == 1, "the first is called");

        var second = await Send(host);

        (await UntilListed(host, id, "delivered")).GetProperty("notificationId").GetGuid().ShouldBe(second);
        var hanging = await UntilListed(host, id, "waiting");
        hanging.GetProperty("notificationId").GetGuid().ShouldBe(first);
        hanging.GetProperty("attempts").GetInt32().ShouldBe(0, "its first call is under way");
    }

    [Fact]
    public async Task Should_be_told_at_another_address_though_the_one_before_answers_late_that_it_is_gone()
    {
        await using var host = await Start();
        await using var before = Subscriber.Start();
        await using var subscriber = Subscriber.Start();
        using var moved = new ManualResetEventSlim();
        before.Answer = _ => (moved.Wait(Patience) ? 410 : 500, null, TimeSpan.Zero);
        var id = IdOf(await Subscribe(host, before.Url, ["notification.delivered"]));
        await Send(host);
        await Until(() => before.Told.Count == 1, "the one before is called");

        await Patch(host, id, new { url = subscriber.Url });
        moved.Set();

        await UntilListed(host, id, "delivered");
        subscriber.Told.Count.ShouldBe(1);
        (await Get(host, $"/v1/subscriptions/{id}")).GetProperty("enabled").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_told_at_another_address_though_the_one_before_has_asked_to_be_left_alone()
    {
        await using var host = await Start();
        await using var before = Subscriber.Start();
        await using var subscriber = Subscriber.Start();
        before.Answer = _ => (503, "3600", TimeSpan.Zero);
        var id = IdOf(await Subscribe(host, before.Url, ["notification.delivered"]));
        await Send(host);
        await Until(async () => (await UntilListed(host, id, "waiting")).GetProperty("attempts").GetInt32() == 1, "it was tried");

        await Patch(host, id, new { url = subscriber.Url });
        var next = await Send(host);

        (await UntilListed(host, id, "delivered")).GetProperty("notificationId").GetGuid().ShouldBe(next);
    }

    [Fact]
    public async Task Should_be_told_at_once_when_it_is_enabled_though_it_has_asked_to_be_left_alone()
    {
        await using var host = await Start();
        await using var subscriber = Subscriber.Start();
        subscriber.Answer = _ => (503, "3600", TimeSpan.Zero);
        var id = IdOf(await Subscribe(host, subscriber.Url, ["notification.delivered"]));
        await Send(host);
        await Until(async () => (await UntilListed(host, id, "waiting")).GetProperty("attempts").GetInt32() == 1, "it was tried");

        subscriber.Answer = _ => (204, null, TimeSpan.Zero);
        await Patch(host, id, new { enabled = true });

        await UntilListed(host, id, "delivered");
        (await Get(host, $"/v1/subscriptions/{id}/deliveries?status=waiting")).GetProperty("deliveries").GetArrayLength().ShouldBe(0);
    }

    /// <summary>A reason has what a provider has written, and the names of our own servers. Who is told may be anybody.</summary>
    [Fact]
    public async Task Should_be_told_codes_and_no_reasons()
    {
        await using var vendor = Subscriber.Start();
        vendor.Answer = _ => (451, null, TimeSpan.Zero);
        await using var host = await Start(
            ("Channels:email:Providers", "gateway"),
            ("Providers:gateway:Type", "http"),
            ("Providers:gateway:Url", $"{vendor.Url}")
        );
        await using var subscriber = Subscriber.Start();
        await Subscribe(host, subscriber.Url, Everything);

        var id = await Send(host);

        await Until(() => subscriber.Told.Count >= 2, "two events");
        var view = await Get(host, $"/v1/notifications/{id}");
        view.GetProperty("reason").GetString()!.ShouldContain("451");
        view.GetProperty("results")[0].GetProperty("reason").GetString()!.ShouldContain("451");
        subscriber.Told.Select(told => told.Type).ShouldBe(["delivery.failed", "notification.failed"]);
        foreach (var told in subscriber.Told)
            $"{told.Body}".ShouldNotContain("reason");
        var data = subscriber.Told[1].Body.GetProperty("data");
        data.GetProperty("code").GetString().ShouldBe(view.GetProperty("code").GetString());
        data.GetProperty("results")[0].GetProperty("code").GetString().ShouldBe(view.GetProperty("code").GetString());
    }

    static Task<HostInProcess> Start(params (string Name, string Value)[] settings) =>
        HostInProcess.Start(
            new Dictionary<string, string>(
                settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)),
                StringComparer.Ordinal
            )
            {
                ["EventTypes:order-placed:Channels"] = "email",
                ["EventTypes:order-shipped:Channels"] = "email",
                ["Webhooks:AllowPrivateAddresses"] = "true",
                ["Webhooks:Timeout"] = "00:01:00",
                ["Webhooks:RetryDelays"] = "00:00:00.1,00:00:00.2,00:00:00.3",
            }
        );

    static async Task<JsonElement> Subscribe(HostInProcess host, Uri url, string[] events, params string[] categories) =>
        await Post(
            host,
            "/v1/subscriptions",
            new
            {
                url,
                events,
                categories,
            }
        );

    static Guid IdOf(JsonElement made) => made.GetProperty("subscription").GetProperty("id").GetGuid();

    /// <summary>Posts an order, and gives the id of the seller's notification.</summary>
    static async Task<Guid> Send(HostInProcess host, string name = "order-placed")
    {
        var person = new
        {
            id = "person-42",
            name = "Som",
            email = "som@example.com",
        };
        object order =
            name == "order-placed"
                ? new
                {
                    orderId = "4711",
                    product = "Bowl",
                    total = new { amount = 590, currency = "THB" },
                    buyer = new { id = "buyer-7" },
                    seller = person,
                }
                : new
                {
                    orderId = "4711",
                    product = "Bowl",
                    carrier = "Kerry",
                    trackingNumber = "TH1",
                    buyer = person,
                };
        var accepted = await Post(host, $"/v1/events/{name}", order);
        return accepted.GetProperty("notifications").EnumerateArray().Select(one => one.GetProperty("id").GetGuid()).First();
    }

    static async Task<JsonElement> Get(HostInProcess host, string path) =>
        await host.Client.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative));

    static async Task<JsonElement> Post(HostInProcess host, string path, object? body = null)
    {
        using var answer = await host.Client.PostAsync(new Uri(path, UriKind.Relative), body is null ? null : JsonContent.Create(body));
        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue($"{path}: {text}");
        return JsonElement.Parse(text);
    }

    static async Task Patch(HostInProcess host, Guid id, object body)
    {
        using var answer = await host.Client.PatchAsync(new Uri($"/v1/subscriptions/{id}", UriKind.Relative), JsonContent.Create(body));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    static async Task<JsonElement> UntilListed(HostInProcess host, Guid id, string status)
    {
        JsonElement found = default;
        await Until(
            async () =>
            {
                var all = (await Get(host, $"/v1/subscriptions/{id}/deliveries?status={status}")).GetProperty("deliveries");
                found = all.EnumerateArray().FirstOrDefault();
                return all.GetArrayLength() > 0;
            },
            $"one is {status}"
        );
        return found;
    }

    static Task Until(Func<bool> condition, string what) => Until(() => Task.FromResult(condition()), what);

    static async Task Until(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"In vain for {Patience}: {what}");
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
