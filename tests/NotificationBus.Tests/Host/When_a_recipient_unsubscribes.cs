using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using NotificationBus.Planning;
using NotificationBus.Sending;

namespace NotificationBus.Tests.Host;

public sealed class When_a_recipient_unsubscribes : IAsyncLifetime
{
    const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const string PublicUrl = "https://notify.example.com/bus";
    const string Key = "0123456789abcdef0123456789abcdef";

    readonly ReportingProvider _provider = new("letters");
    readonly RunningHost _host;

    public When_a_recipient_unsubscribes() =>
        _host = new RunningHost
        {
            Settings =
            [
                "--Channels:email:Providers=letters",
                "--Providers:letters:Type=reporting",
                "--EventTypes:announcement:Channels=email",
                "--EventTypes:chat-message-sent:Channels=email",
                "--EventTypes:chat-message-sent:Unsubscribe=true",
                $"--Unsubscribe:PublicUrl={PublicUrl}",
                $"--Unsubscribe:Key={Key}",
            ],
            Configure = _provider.AddTo,
        };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("notification-requested", true)]
    [InlineData("chat-message-sent", true)]
    [InlineData("order-placed", false)]
    public async Task Should_have_found_a_link_in_what_may_be_left(string name, bool hasLink)
    {
        var link = await Deliver(name);

        (link is not null).ShouldBe(hasLink);
        if (link is not null)
        {
            link.AbsoluteUri.ShouldStartWith($"{PublicUrl}/v1/unsubscribe/");
            link.AbsoluteUri.ShouldNotContain("som");
            link.AbsoluteUri.Length.ShouldBeLessThan(160);
            // A version, two ids, and 128 bits that nobody guesses.
            link.Segments[^1].Length.ShouldBe(Base64Url.GetEncodedLength(1 + 2 * 16 + 16));
        }
    }

    [Fact]
    public async Task Should_suppress_the_address_with_one_click_however_often()
    {
        var here = Here(await Deliver("notification-requested"));

        for (var click = 0; click < 2; click++)
        {
            var answer = await _host.Post(here, OneClick());
            answer.Status.ShouldBe(HttpStatusCode.OK);
            answer.Headers.Contains("Set-Cookie").ShouldBeFalse();
        }

        var suppression = (await Suppressions()).ShouldHaveSingleItem();
        string?[] shown =
        [
            .. ((string[])["channel", "address", "category", "source"]).Select(name => suppression.GetProperty(name).GetString()),
        ];
        shown.ShouldBe(["email", "som@example.com", "announcement", "recipient"]);
        await Deliver("notification-requested", calls: 1, outcome: "failed");
    }

    [Fact]
    public async Task Should_go_on_sending_what_was_not_unsubscribed()
    {
        var announcements = Here(await Deliver("notification-requested"));
        (await _host.Post(announcements, OneClick())).Status.ShouldBe(HttpStatusCode.OK);

        var messages = Here(await Deliver("chat-message-sent", calls: 2));
        (await _host.Post(messages, OneClick())).Status.ShouldBe(HttpStatusCode.OK);

        await Deliver("chat-message-sent", calls: 2, outcome: "failed");
        (await Suppressions())
            .Select(suppression => suppression.GetProperty("category").GetString())
            .ShouldBe(["announcement", "chat-message-sent"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("notification-requested", "“announcement”")]
    [InlineData("chat-message-sent", "“chat message sent”")]
    public async Task Should_say_what_is_unsubscribed_before_and_after(string name, string kind)
    {
        var here = Here(await Deliver(name));

        (await _host.Get(here)).Body.ShouldContain($"no more messages of the kind {kind} at this address?");
        (await _host.Post(here, OneClick())).Body.ShouldContain($"You get no more messages of the kind {kind} at this address.");
    }

    [Fact]
    public async Task Should_take_the_form_in_parts_as_some_mail_providers_post_it()
    {
        var here = Here(await Deliver("notification-requested"));
        using var form = new MultipartFormDataContent { { new StringContent("One-Click"), "List-Unsubscribe" } };

        (await _host.Post(here, form)).Status.ShouldBe(HttpStatusCode.OK);

        (await Suppressions()).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_change_nothing_when_the_link_is_only_looked_at()
    {
        var here = Here(await Deliver("notification-requested"));

        var page = await _host.Get(here);
        (await _host.Send(HttpMethod.Head, here)).Status.ShouldBe(HttpStatusCode.OK);

        page.Status.ShouldBe(HttpStatusCode.OK);
        page.ContentHeaders.ContentType!.MediaType.ShouldBe("text/html");
        page.Body.ShouldContain("""<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">""");
        page.Body.ShouldNotContain("som@example.com");
        page.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
        (await Suppressions()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_change_nothing_without_the_words_of_the_form()
    {
        var here = Here(await Deliver("notification-requested"));
        HttpContent[] bodies =
        [
            new FormUrlEncodedContent([]),
            new FormUrlEncodedContent([new("List-Unsubscribe", "Two-Clicks")]),
            new StringContent("List-Unsubscribe=One-Click"),
            new ByteArrayContent([]),
            new StringContent("broken")
            {
                Headers = { ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("multipart/form-data") },
            },
        ];

        foreach (var body in bodies)
            (await _host.Post(here, body)).Status.ShouldBe(HttpStatusCode.BadRequest);

        (await Suppressions()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_know_a_link_in_which_one_letter_is_another()
    {
        var here = Here(await Deliver("notification-requested"));
        var token = here[(here.LastIndexOf('/') + 1)..];

        for (var place = 0; place < token.Length; place++)
        {
            // The last letter has bits that mean nothing; a quarter of the alphabet further those that mean something differ.
            var other = Letters[(Letters.IndexOf(token[place]) + 16) % Letters.Length];
            var forged = $"/v1/unsubscribe/{token[..place]}{other}{token[(place + 1)..]}";
            (await _host.Post(forged, OneClick())).Status.ShouldBe(HttpStatusCode.NotFound, $"place {place}");
        }

        foreach (var forged in (string[])["x", token + "A", token[..^1], new string('A', token.Length), token.Replace(token[0], '%')])
            (await _host.Post($"/v1/unsubscribe/{Uri.EscapeDataString(forged)}", OneClick())).Status.ShouldBe(
                HttpStatusCode.NotFound,
                forged
            );
        (await Suppressions()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_know_links_that_another_key_has_signed_nor_any_without_a_key()
    {
        var here = Here(await Deliver("notification-requested"));
        await ShouldNotBeKnown(here);
        await ShouldNotBeKnown(here, "--Unsubscribe:PublicUrl=https://a.example", "--Unsubscribe:Key=another-key-another-key-another-key");
    }

    /// <summary>B: an unsubscribe token read without a key</summary>
    [Fact]
    public async Task Should_not_know_a_link_that_anybody_can_write_where_there_is_no_key()
    {
        await using var host = new RunningHost();
        await host.InitializeAsync();
        var self = (await host.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"])).Self;
        var notification = await host.Outcome(self);
        byte[] signed =
        [
            1,
            .. notification.GetProperty("id").GetGuid().ToByteArray(bigEndian: true),
            .. notification.GetProperty("deliveries")[0].GetProperty("id").GetGuid().ToByteArray(bigEndian: true),
        ];
        byte[] token = [.. signed, .. HMACSHA256.HashData(Array.Empty<byte>(), signed).AsSpan(0, 16)];

        (await host.Post($"/v1/unsubscribe/{Base64Url.EncodeToString(token)}", OneClick())).Status.ShouldBe(HttpStatusCode.NotFound);

        (await host.Get("/v1/suppressions")).Json.GetProperty("suppressions").GetArrayLength().ShouldBe(0);
    }

    /// <summary>B: rotation of <c>Unsubscribe:Key</c></summary>
    [Fact]
    public void Should_know_the_links_of_an_earlier_key_and_write_with_the_newest()
    {
        const string NewKey = "fedcba9876543210fedcba9876543210";
        var (earlier, now, later) = (Links(Key), Links(NewKey, Key), Links(NewKey));
        var command = new SendDelivery
        {
            NotificationId = Guid.NewGuid(),
            DeliveryId = Guid.NewGuid(),
            Channel = "email",
            Address = "som@example.com",
            Category = "announcement",
            RecipientId = "r",
            Data = default,
            ExpiresAt = DateTimeOffset.MaxValue,
        };

        var (old, current) = (TokenOf(earlier.Of(command)), TokenOf(now.Of(command)));

        now.Read(old).ShouldBe((command.NotificationId, command.DeliveryId));
        now.Read(current).ShouldBe((command.NotificationId, command.DeliveryId));
        later.Read(current).ShouldBe((command.NotificationId, command.DeliveryId));
        later.Read(old).ShouldBeNull();

        static string TokenOf(Uri? link) => link!.Segments[^1];
    }

    /// <summary>What another version means by the same octets is not known here, whoever has signed it.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Should_know_links_of_its_own_version_only(byte version, bool isKnown)
    {
        byte[] signed = [version, .. Guid.NewGuid().ToByteArray(bigEndian: true), .. Guid.NewGuid().ToByteArray(bigEndian: true)];
        byte[] token = [.. signed, .. HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), signed).AsSpan(0, 16)];

        Links(Key).Read(Base64Url.EncodeToString(token)).HasValue.ShouldBe(isKnown);
    }

    UnsubscribeLinks Links(string key, params string[] earlierKeys) =>
        new(
            _host.Services.GetRequiredService<PlanningRules>(),
            Options.Create(
                new UnsubscribeOptions
                {
                    PublicUrl = PublicUrl,
                    Key = key,
                    EarlierKeys = earlierKeys,
                }
            )
        );

    /// <summary>B: rotation of <c>Unsubscribe:Key</c></summary>
    [Theory]
    [InlineData("short", Key, "must each have at least 32 characters")]
    [InlineData(Key, null, "must be at most 10, beside a Key")]
    public void Should_refuse_an_earlier_key_that_can_be_guessed_or_stands_alone(string earlier, string? key, string reason)
    {
        var options = new UnsubscribeOptions
        {
            PublicUrl = key is null ? null : PublicUrl,
            Key = key,
            EarlierKeys = [earlier],
        };

        options.Validate(new ValidationContext(options)).ShouldHaveSingleItem().ErrorMessage.ShouldBe(reason);
    }

    /// <summary>B: work before proof</summary>
    [Fact]
    public async Task Should_not_read_a_form_that_is_longer_than_the_one_there_is()
    {
        var here = Here(await Deliver("notification-requested"));
        using var form = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click"), new("x", new string('x', 5_000))]);

        (await _host.Post(here, form)).Status.ShouldBe(HttpStatusCode.BadRequest);

        (await Suppressions()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_know_links_to_what_is_not_on_record()
    {
        var here = Here(await Deliver("notification-requested"));
        await ShouldNotBeKnown(here, $"--Unsubscribe:PublicUrl={PublicUrl}", $"--Unsubscribe:Key={Key}");
    }

    static async Task ShouldNotBeKnown(string link, params string[] settings)
    {
        await using var another = new RunningHost { Settings = settings };
        await another.InitializeAsync();

        (await another.Post(link, OneClick())).Status.ShouldBe(HttpStatusCode.NotFound);
        (await another.Get(link)).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    static FormUrlEncodedContent OneClick() => new([new("List-Unsubscribe", "One-Click")]);

    /// <summary>The link as the proxy hands it on.</summary>
    static string Here(Uri? link) => link!.AbsolutePath["/bus".Length..];

    async Task<IReadOnlyList<System.Text.Json.JsonElement>> Suppressions() =>
        [.. (await _host.Get("/v1/suppressions")).Json.GetProperty("suppressions").EnumerateArray()];

    /// <summary>The link in what was sent for an event.</summary>
    async Task<Uri?> Deliver(string name, int calls = 1, string outcome = "delivered")
    {
        var address = name == "notification-requested" ? Occurrence.Announcement : Occurrence.AddressOf(name);
        var accepted = await _host.Post(address, Occurrence.ByName[name]);
        accepted.Status.ShouldBe(HttpStatusCode.Accepted);
        var self = name == "notification-requested" ? accepted.Json.GetProperty("links").GetProperty("self").GetString()! : accepted.Self;
        (await _host.Outcome(self)).GetProperty("status").GetString().ShouldBe(outcome);
        _provider.Calls.Count.ShouldBe(calls);
        return _provider.Calls.Last().UnsubscribeUrl;
    }
}
