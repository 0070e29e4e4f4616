using System.Net;
using NotificationBus.Emulators;
using NotificationBus.Tests.Host;

namespace NotificationBus.Tests.Emulators;

/// <summary>The whole host, embedded, whose text messages go out through two vendors: Twilio, and Vonage after it.</summary>
public sealed class When_providers_are_chosen : With_emulators
{
    const string Thai = "+66812345678";
    const string German = "+4915112345678";

    EmulatedVendor Twilio => Emulator["twilio"];

    EmulatedVendor Vonage => Emulator["vonage"];

    [Fact]
    public async Task Should_fall_back_in_order()
    {
        await using var host = await Start();

        (await Send(host, Thai)).ShouldBe(["twilio accepted"]);
        Twilio.Faults = [new Fault { Kind = FaultKind.Throttle }];
        (await Send(host, Thai)).ShouldBe(["twilio throttled", "vonage accepted"]);

        Twilio.Requests.Last().At.ShouldBeLessThanOrEqualTo(Vonage.Requests.Last().At);
        (Twilio.TakenCount, Vonage.TakenCount).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Should_choose_by_country()
    {
        await using var host = await Start(
            "--Channels:sms:Routes:0:When:Countries=SG,TH",
            "--Channels:sms:Routes:0:Providers=vonage,twilio"
        );

        (await Send(host, Thai)).ShouldBe(["vonage accepted"]);
        (await Send(host, German)).ShouldBe(["twilio accepted"]);

        Vonage.Faults = [new Fault { Kind = FaultKind.Throttle }];
        (await Send(host, Thai)).ShouldBe(["vonage throttled", "twilio accepted"]);
    }

    [Fact]
    public async Task Should_choose_by_the_country_of_the_contact_where_the_address_says_nothing()
    {
        await using var host = await Start([
            "--EventTypes:order-placed:Channels=email",
            "--Channels:email:Providers=sendgrid",
            "--Channels:email:Routes:0:When:Countries=TH",
            "--Channels:email:Routes:0:Providers=resend",
            .. SettingsOf("sendgrid"),
            .. SettingsOf("resend"),
        ]);

        (await Post(host, Occurrence.With("order-placed", "seller.country", "TH"))).ShouldBe(["resend accepted"]);
        (await Post(host, Occurrence.With("order-placed", "seller.locale", "th-TH"))).ShouldBe(["resend accepted"]);
        (await Post(host, Occurrence.ByName["order-placed"])).ShouldBe(["sendgrid accepted"]);
    }

    [Fact]
    public async Task Should_choose_by_condition()
    {
        await using var host = await Start(
            "--EventTypes:announcement:Channels=sms",
            "--EventTypes:announcement:Lane=Bulk",
            "--Channels:sms:Routes:0:When:Categories=announcement",
            "--Channels:sms:Routes:0:When:Lane=Bulk",
            "--Channels:sms:Routes:0:Providers=vonage"
        );

        (await Send(host, Thai)).ShouldBe(["twilio accepted"]);
        var announcement = await host.Post(
            "/v1/events/notification-requested",
            $$$"""{"category":"announcement","recipient":{"id":"seller-42","phone":"{{{Thai}}}"},"data":"""
                + """{"title":"Market closed","text":"On Monday."}}"""
        );
        (await Attempts(host, announcement)).ShouldBe(["vonage accepted"]);
    }

    [Fact]
    public async Task Should_share_by_weight()
    {
        const int Count = 400;
        // All go to one number.
        await using var host = await Start("--Channels:sms:AddressLimit=0");
        foreach (var (account, weight) in ((string, int)[])[("twilio", 3), ("vonage", 1)])
        {
            (await host.Put($"/v1/providers/{account}", $$"""{"weight":{{weight}},"by":"ann","why":"cheaper"}""")).Status.ShouldBe(
                HttpStatusCode.OK
            );
            await host.Until(
                "/v1/providers",
                all =>
                    HostWithServices
                        .All(all, "providers")
                        .Any(one =>
                            HostWithServices.Text(one, "account") == account
                            && one.TryGetProperty("weight", out var set)
                            && $"{set}" == $"{weight}"
                        )
            );
        }

        for (var order = 0; order < Count; order++)
            (await host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "eventId", $"weighed-{order}"))).Status.ShouldBe(
                HttpStatusCode.Accepted
            );

        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while (Twilio.TakenCount + Vonage.TakenCount < Count)
            await Task.Delay(5, patience.Token);
        // Five standard deviations of the binomial distribution are 43.
        Twilio.TakenCount.ShouldBeInRange(257, 343);
        (Twilio.TakenCount + Vonage.TakenCount).ShouldBe(Count);
    }

    [Fact]
    public async Task Should_show_the_routes()
    {
        await using var host = await Start(
            "--Channels:sms:Routes:0:When:Countries=TH",
            "--Channels:sms:Routes:0:Providers=vonage",
            "--Channels:sms:Providers=twilio"
        );

        var channel = HostWithServices
            .All((await host.Get("/v1/channels")).Json, "channels")
            .Single(one => HostWithServices.Text(one, "channel") == "sms");

        $"{channel.GetProperty("configured")}".ShouldBe("""["twilio"]""");
        var route = channel.GetProperty("routes")[0];
        ($"{route.GetProperty("when").GetProperty("countries")}", $"{route.GetProperty("providers")}").ShouldBe(
            ("""["TH"]""", """["vonage"]""")
        );
        HostWithServices
            .All((await host.Get("/v1/providers")).Json, "providers")
            .Select(one => HostWithServices.Text(one, "account"))
            .ShouldContain("vonage");
    }

    async Task<RunningHost> Start(params IEnumerable<string> settings)
    {
        var host = new RunningHost
        {
            Settings =
            [
                "--EventTypes:order-placed:Channels=sms",
                "--Channels:sms:Providers=twilio,vonage",
                .. SettingsOf("twilio"),
                .. SettingsOf("vonage"),
                .. settings,
            ],
        };
        await host.InitializeAsync();
        return host;
    }

    IEnumerable<string> SettingsOf(string vendor) => Emulator.SettingsOf(vendor).Select(setting => $"--{setting.Key}={setting.Value}");

    static Task<IReadOnlyList<string>> Send(RunningHost host, string number) =>
        Post(host, Occurrence.With("order-placed", "seller.phone", number));

    static async Task<IReadOnlyList<string>> Post(RunningHost host, string orderPlaced) =>
        await Attempts(host, await host.Post("/v1/events/order-placed", orderPlaced));

    static async Task<IReadOnlyList<string>> Attempts(RunningHost host, Tests.Host.Answer accepted)
    {
        accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);
        var delivery = HostWithServices.Delivery(await host.Outcome(accepted.Self));
        return
        [
            .. HostWithServices
                .All(delivery, "attempts")
                .Select(attempt => $"{HostWithServices.Text(attempt, "provider")} {HostWithServices.Text(attempt, "status")}"),
        ];
    }
}
