using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Emulators;

public sealed class When_faults_are_switched : With_emulators, IDisposable
{
    readonly HttpClient _client = new();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Should_hit_the_share_that_was_asked_for()
    {
        await Switch("http", """[{"kind":"fail","status":500,"share":0.25}]""");
        var account = Account("http");

        var failed = 0;
        for (var sent = 0; sent < 400; sent++)
            failed += await account.Send(DeliveryFor("http"), Cancellation) is ProviderResult.InDoubt ? 1 : 0;

        // Five standard deviations of the binomial distribution are 43.
        failed.ShouldBeInRange(57, 143);
        Emulator["http"].TakenCount.ShouldBe(400 - failed);
    }

    [Fact]
    public async Task Should_hit_only_what_is_marked_and_only_so_often()
    {
        await Switch("sendgrid", """[{"kind":"throttle","marker":"somchai@example.net","times":2}]""");
        var account = Account("sendgrid");

        (
            await account.Send(DeliveryFor("sendgrid") with { Address = "som@example.com" }, Cancellation)
        ).ShouldBeOfType<ProviderResult.Accepted>();
        for (var time = 0; time < 2; time++)
            (await account.Send(DeliveryFor("sendgrid"), Cancellation)).ShouldBeOfType<ProviderResult.Throttled>();
        (await account.Send(DeliveryFor("sendgrid"), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();
    }

    [Fact]
    public async Task Should_think_before_whatever_else_goes_wrong()
    {
        await Switch("postmark", """[{"kind":"latency","seconds":0.4},{"kind":"fail"}]""");
        var watch = Stopwatch.StartNew();

        (await Account("postmark").Send(DeliveryFor("postmark"), Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>();

        watch.Elapsed.ShouldBeGreaterThan(TimeSpan.FromSeconds(0.39));
    }

    [Fact]
    public async Task Should_be_over_when_they_are_switched_off()
    {
        await Switch("slack", """[{"kind":"fail"}]""");
        (await Account("slack").Send(DeliveryFor("slack"), Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>();

        await Switch("slack", "[]");
        (await Account("slack").Send(DeliveryFor("slack"), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();
    }

    [Theory]
    [InlineData(302)]
    [InlineData(401)]
    [InlineData(418)]
    [InlineData(524)]
    public async Task Should_say_any_status_with_any_body(int status)
    {
        await Switch("sendgrid", $$"""[{"kind":"fail","status":{{status}},"body":"{\"errors\":[{\"message\":\"not today\"}]}"}]""");

        var result = await Account("sendgrid").Send(DeliveryFor("sendgrid"), Cancellation);

        $"{result}".ShouldContain($"answered {status}");
        $"{result}".ShouldContain("not today");
        Emulator["sendgrid"].TakenCount.ShouldBe(0);
    }

    [Fact]
    public async Task Should_show_what_was_received_and_what_is_switched()
    {
        await Switch("slack", """[{"kind":"throttle","share":0.5,"marker":"C0123456789"}]""");
        await Account("slack").Send(DeliveryFor("slack"), Cancellation);

        var shown = JsonElement
            .Parse(await _client.GetStringAsync(new Uri(Emulator.Url, "_emulator"), Cancellation))
            .EnumerateArray()
            .Single(vendor => vendor.GetProperty("vendor").GetString() == "slack");
        shown.GetProperty("received").GetInt32().ShouldBe(1);
        shown.GetProperty("faults")[0].GetProperty("marker").GetString().ShouldBe("C0123456789");

        var request = JsonElement
            .Parse(await _client.GetStringAsync(new Uri(Emulator.Url, "_emulator/slack/requests"), Cancellation))
            .EnumerateArray()
            .ShouldHaveSingleItem();
        request.GetProperty("path").GetString().ShouldBe("/api/chat.postMessage");
        $"{request}".ShouldNotContain("xoxb-", customMessage: "who looks at requests need not see credentials");
    }

    [Theory]
    [InlineData("""[{"kind":"sleep"}]""")]
    [InlineData("""[{"kind":"fail","shar":0.5}]""")]
    [InlineData("""[{"kind":"fail","share":0}]""")]
    [InlineData("""[{"kind":"fail","status":200}]""")]
    [InlineData("""[{"kind":"latency"}]""")]
    [InlineData("""{"kind":"fail"}""")]
    [InlineData("null")]
    [InlineData("")]
    public async Task Should_refuse_a_switch_it_does_not_have(string faults)
    {
        using var answer = await Put("sendgrid", faults);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        Emulator["sendgrid"].Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_which_vendors_there_are()
    {
        using var answer = await Put("sendgrit", "[]");

        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await answer.Content.ReadAsStringAsync(Cancellation)).ShouldContain("sendgrid, brevo");
    }

    async Task Switch(string vendor, string faults)
    {
        using var answer = await Put(vendor, faults);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    async Task<HttpResponseMessage> Put(string vendor, string faults)
    {
        using var body = new StringContent(faults, Encoding.UTF8, "application/json");
        return await _client.PutAsync(new Uri(Emulator.Url, $"_emulator/{vendor}/faults"), body, Cancellation);
    }
}
