using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Webhook;
using NotificationBus.Channels.Webhook.Providers;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Webhook;

public sealed class When_a_webhook_is_posted : With_an_endpoint
{
    const string AnotherSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD6ioxrtiHFXY=";

    [Fact]
    public void Should_sign_as_the_published_vector_says()
    {
        using var request = new HttpRequestMessage { Content = new StringContent("""{"test": 2432232314}""") };

        StandardWebhook.Sign(
            request,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            DateTimeOffset.FromUnixTimeSeconds(1614265330),
            [StandardWebhook.KeyOf(Secret)!]
        );

        Header(request, "webhook-id").ShouldBe("msg_p5jXN8AQM9LWM0D4loKWxJek");
        Header(request, "webhook-timestamp").ShouldBe("1614265330");
        Header(request, "webhook-signature").ShouldBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    [Fact]
    public async Task Should_say_what_happened_and_when()
    {
        Endpoint.Answers("204 No Content");

        (await Provider().Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        var (head, body) = Endpoint.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /hooks/a-secret-of-the-receiver HTTP/1.1");
        head.ShouldContain("Content-Type: application/json");
        body.ShouldBe("""{"type":"order-placed","timestamp":"2026-03-14T09:00:00Z","data":{"orderId":"4711","product":"ชามเซรามิก"}}""");
    }

    [Fact]
    public async Task Should_be_the_same_on_every_try_but_for_its_time()
    {
        Endpoint.Answers("500 Internal Server Error");
        var provider = Provider();

        await provider.Send(ADelivery, Cancellation);
        Clock.Advance(TimeSpan.FromMinutes(7));
        await provider.Send(ADelivery, Cancellation);

        var tries = Endpoint.Requests.ToList();
        tries.Count.ShouldBe(2);
        tries.Select(request => FieldOf(request.Head, "webhook-id")).ShouldAllBe(id => id == $"{ADelivery.Id}");
        (
            long.Parse(FieldOf(tries[1].Head, "webhook-timestamp"), CultureInfo.InvariantCulture)
            - long.Parse(FieldOf(tries[0].Head, "webhook-timestamp"), CultureInfo.InvariantCulture)
        ).ShouldBe(7 * 60);
        tries[1].Body.ShouldBe(tries[0].Body);
        FieldOf(tries[1].Head, "webhook-signature").ShouldNotBe(FieldOf(tries[0].Head, "webhook-signature"));
    }

    [Fact]
    public async Task Should_be_signed_with_the_old_secret_and_the_new_one()
    {
        Endpoint.Answers("200 OK");

        await Provider($"{Secret} {AnotherSecret}").Send(ADelivery, Cancellation);

        var (head, body) = Endpoint.Requests.ShouldHaveSingleItem();
        var signed = Encoding.UTF8.GetBytes($"{FieldOf(head, "webhook-id")}.{FieldOf(head, "webhook-timestamp")}.{body}");
        FieldOf(head, "webhook-signature")
            .ShouldBe(
                string.Join(
                    ' ',
                    new[] { Secret, AnotherSecret }.Select(secret =>
                        $"v1,{Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), signed))}"
                    )
                )
            );
    }

    [Theory]
    [InlineData(20_000, true)]
    [InlineData(20 * 1024, false)]
    public async Task Should_not_be_longer_than_receivers_expect(int length, bool sent)
    {
        Endpoint.Answers("200 OK");

        var result = await Provider()
            .Send(
                ADelivery with
                {
                    Content = new WebhookContent(JsonSerializer.SerializeToElement(new { text = new string('x', length) })),
                },
                Cancellation
            );

        (result is ProviderResult.Accepted).ShouldBe(sent);
        Endpoint.Requests.Count.ShouldBe(sent ? 1 : 0);
    }

    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Should_be_signed_with_keys_that_are_long_enough(int length, bool taken)
    {
        var secret = $"whsec_{Convert.ToBase64String(new byte[length])}";

        Complaints($"{Secret} {secret}").Any().ShouldBe(!taken);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_not base64")]
    [InlineData("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    public void Should_not_go_out_with_something_else_for_a_secret(string secret) =>
        Complaints(secret).ShouldHaveSingleItem().MemberNames.ShouldBe(["Secret"]);

    static IEnumerable<ValidationResult> Complaints(string secret)
    {
        var options = new WebhookOptions { Secret = secret };
        return options.Validate(new ValidationContext(options));
    }

    static string Header(HttpRequestMessage request, string name) => request.Headers.GetValues(name).ShouldHaveSingleItem();

    static string FieldOf(string head, string name) =>
        head.Split("\r\n").Single(line => line.StartsWith($"{name}: ", StringComparison.OrdinalIgnoreCase))[(name.Length + 2)..];
}
