using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NotificationBus.Host;

namespace NotificationBus.Tests.Host;

public sealed class When_the_settings_choose
{
    [Fact]
    public async Task Should_use_only_the_channels_configured()
    {
        (await Sent(Occurrence.ByName["order-placed"], "--EventTypes:order-placed:Channels=push")).ShouldBe(["push"]);
    }

    [Fact]
    public async Task Should_stop_at_the_first_channel_that_works()
    {
        string[] settings = ["--EventTypes:order-placed:Channels=email,push", "--EventTypes:order-placed:Mode=FirstThatWorks"];

        (await Sent(Occurrence.ByName["order-placed"], settings)).ShouldBe(["email"]);
        (await Sent(Occurrence.With("order-placed", "seller.email", null), settings)).ShouldBe(["push"]);
    }

    [Fact]
    public async Task Should_ask_the_providers_in_the_order_configured()
    {
        var attempts = await Attempts("--Channels:email:Providers=second,sandbox", "--Providers:second:Type=sandbox");
        attempts.ShouldBe(["second accepted"]);

        attempts = await Attempts("--Channels:email:Providers=sandbox,second", "--Providers:second:Type=sandbox");
        attempts.ShouldBe(["sandbox accepted"]);
    }

    [Fact]
    public async Task Should_fall_back_on_the_next_provider()
    {
        // Nothing listens on port 1.
        var attempts = await Attempts(
            "--Channels:email:Providers=smtp,sandbox",
            "--Providers:smtp:Host=127.0.0.1",
            "--Providers:smtp:Port=1",
            "--Providers:smtp:Security=None",
            "--Providers:smtp:From=shop@example.com"
        );

        attempts.ShouldBe(["smtp unavailable", "sandbox accepted"]);
    }

    [Fact]
    public async Task Should_send_text_messages_when_an_event_is_to_use_them()
    {
        string[] settings = ["--EventTypes:order-placed:Channels=sms"];

        (await Sent(Occurrence.ByName["order-placed"], settings)).ShouldBe(["sms"]);
        (await Attempts(settings)).ShouldBe(["sandbox accepted"]);
    }

    [Fact]
    public async Task Should_leave_a_push_token_to_the_provider_whose_it_is()
    {
        string[] settings =
        [
            "--EventTypes:order-placed:Channels=push",
            "--Providers:webpush:PrivateKey=q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
            "--Providers:webpush:Subject=mailto:ops@example.com",
        ];

        (await Attempts([.. settings, "--Channels:push:Providers=webpush,sandbox"])).ShouldBe(["sandbox accepted"]);
        (await Attempts([.. settings, "--Channels:push:Providers=webpush"])).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_post_to_an_account_of_any_name_on_any_channel()
    {
        // Nothing listens on port 1.
        string[] account =
        [
            "--Providers:relay:Type=http",
            "--Providers:relay:Url=http://127.0.0.1:1/",
            "--Providers:relay:Headers:Authorization=Bearer abc",
        ];

        (await Attempts([.. account, "--Channels:email:Providers=relay,sandbox"])).ShouldBe(["relay unavailable", "sandbox accepted"]);
        (await Attempts([.. account, "--Channels:push:Providers=relay,sandbox", "--EventTypes:order-placed:Channels=push"])).ShouldBe([
            "relay unavailable",
            "sandbox accepted",
        ]);
    }

    [Fact]
    public async Task Should_take_either_form_of_an_argument_and_the_keys_of_the_framework()
    {
        await using var host = NotificationHost.Build([
            "--Transport",
            "InMemory",
            "--Urls=http://127.0.0.1:0;http://[::1]:0",
            "--environment=Staging",
        ]);

        host.Environment.EnvironmentName.ShouldBe("Staging");
    }

    [Theory]
    [InlineData("--Transport=InMemory")]
    [InlineData("--Transport=RabbitMq --ConnectionStrings:RabbitMq=amqp://localhost --ConnectionStrings:Postgres=Host=localhost")]
    public async Task Should_report_its_usage_to_nobody(string transport)
    {
        await using var host = NotificationHost.Build(transport.Split(' '));

        host.Services.GetRequiredService<IOptions<UsageTelemetryOptions>>().Value.Enabled.ShouldBeFalse();
    }

    static async Task<IReadOnlyList<string>> Sent(string orderPlaced, params string[] settings)
    {
        await using var host = new RunningHost { Settings = settings };
        await host.InitializeAsync();

        var notification = await host.Outcome((await host.Post("/v1/events/order-placed", orderPlaced)).Self);

        notification.GetProperty("status").GetString().ShouldBe("delivered");
        return [.. host.Inbox.Since(0).Select(caught => caught.Delivery.Channel).Order(StringComparer.Ordinal)];
    }

    static async Task<IReadOnlyList<string>> Attempts(params string[] settings)
    {
        await using var host = new RunningHost { Settings = settings };
        await host.InitializeAsync();

        var notification = await host.Outcome((await host.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"])).Self);

        return
        [
            .. notification
                .GetProperty("deliveries")[0]
                .GetProperty("attempts")
                .EnumerateArray()
                .Select(attempt => $"{attempt.GetProperty("provider").GetString()} {attempt.GetProperty("status").GetString()}"),
        ];
    }
}
