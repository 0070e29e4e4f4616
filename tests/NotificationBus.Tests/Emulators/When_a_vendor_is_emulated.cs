using NotificationBus.Emulators;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.Tests.Emulators;

/// <summary>The emulator's vendors, asked by the providers that are made for the real ones.</summary>
public sealed class When_a_vendor_is_emulated : With_emulators
{
    const int RetryAfter = 40;

    /// <summary>
    /// The vendor; what its 429 means (of a recipient's own endpoint, nothing for others) and whether it says how long; what its 503 and
    /// its no to our credentials mean.
    /// </summary>
    public static TheoryData<string, Outcome, bool, Outcome, Outcome> Vendors =>
        new()
        {
            { "sendgrid", Outcome.Throttled, true, Outcome.Unavailable, Outcome.Misconfigured },
            { "brevo", Outcome.Throttled, true, Outcome.Unavailable, Outcome.Misconfigured },
            { "ses", Outcome.Throttled, false, Outcome.Unavailable, Outcome.Misconfigured },
            { "resend", Outcome.Throttled, true, Outcome.Unavailable, Outcome.Misconfigured },
            { "postmark", Outcome.Throttled, false, Outcome.Unavailable, Outcome.Misconfigured },
            { "fcm", Outcome.Throttled, true, Outcome.Unavailable, Outcome.Misconfigured },
            { "apns", Outcome.Unavailable, false, Outcome.Unavailable, Outcome.Misconfigured },
            { "webpush", Outcome.Unavailable, true, Outcome.Unavailable, Outcome.Unavailable },
            { "twilio", Outcome.Throttled, false, Outcome.Unavailable, Outcome.Misconfigured },
            { "vonage", Outcome.Throttled, false, Outcome.Unavailable, Outcome.Misconfigured },
            { "slack", Outcome.Unavailable, true, Outcome.Unavailable, Outcome.Misconfigured },
            { "slack-webhook", Outcome.Unavailable, true, Outcome.Unavailable, Outcome.Rejected },
            { "teams", Outcome.Unavailable, true, Outcome.Unavailable, Outcome.Rejected },
            { "telegram", Outcome.Unavailable, true, Outcome.Unavailable, Outcome.Misconfigured },
            { "discord", Outcome.Unavailable, true, Outcome.Unavailable, Outcome.Rejected },
            { "line", Outcome.Throttled, false, Outcome.InDoubt, Outcome.Misconfigured },
            { "webhook", Outcome.Unavailable, true, Outcome.Unavailable, Outcome.Unavailable },
            { "http", Outcome.Throttled, true, Outcome.Unavailable, Outcome.Misconfigured },
        };

    [Fact]
    public void Should_be_every_vendor_of_the_table() =>
        Vendors.Select(row => row.Data.Item1).ShouldBe(Emulator.Vendors.Select(emulated => emulated.Vendor.Name), ignoreOrder: true);

    [Theory]
    [MemberData(nameof(Vendors))]
    public async Task Should_answer_as_the_vendor_does(string vendor, Outcome throttled, bool saysHowLong, Outcome failed, Outcome denied)
    {
        var (account, emulated) = (Account(vendor), Emulator[vendor]);
        (await account.Send(DeliveryFor(vendor), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>(
            $"{emulated.Requests.LastOrDefault()}"
        );
        emulated.TakenCount.ShouldBe(1);

        emulated.Faults = [new Fault { Kind = FaultKind.Throttle, RetryAfter = RetryAfter }];
        var result = await account.Send(DeliveryFor(vendor), Cancellation);
        result.GetType().Name.ShouldBe($"{throttled}", $"{result}");
        var asked = (result as ProviderResult.Throttled)?.RetryAfter ?? (result as ProviderResult.Unavailable)?.RetryAfter;
        if (saysHowLong)
            asked!.Value.TotalSeconds.ShouldBeInRange(RetryAfter - 5, RetryAfter);
        else
            asked.ShouldBeNull();

        emulated.Faults = [new Fault { Kind = FaultKind.Fail }];
        result = await account.Send(DeliveryFor(vendor), Cancellation);
        result.GetType().Name.ShouldBe($"{failed}", $"{result}");

        emulated.Faults = [new Fault { Kind = FaultKind.Credentials }];
        result = await account.Send(DeliveryFor(vendor), Cancellation);
        result.GetType().Name.ShouldBe($"{denied}", $"{result}");

        emulated.Faults = [];
        emulated.TakenCount.ShouldBe(1, "what was turned away was not taken");
        (await account.Send(DeliveryFor(vendor), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>("all is well again");
    }

    [Theory]
    [MemberData(nameof(Vendors))]
    public async Task Should_take_what_it_does_not_say_it_has_taken(
        string vendor,
        Outcome throttled,
        bool saysHowLong,
        Outcome failed,
        Outcome denied
    )
    {
        _ = (throttled, saysHowLong, failed, denied);
        var (account, emulated) = (Account(vendor, timeout: 1), Emulator[vendor]);

        foreach (var kind in (FaultKind[])[FaultKind.Reset, FaultKind.Malformed, FaultKind.Hang])
        {
            emulated.Faults = [new Fault { Kind = kind }];
            emulated.Forget();

            var result = await account.Send(DeliveryFor(vendor), Cancellation);

            // Whoever receives webhooks says yes with any 2xx.
            var expected = vendor == "webhook" && kind == FaultKind.Malformed ? Outcome.Accepted : Outcome.InDoubt;
            result.GetType().Name.ShouldBe($"{expected}", $"{kind}: {result}");
            emulated.TakenCount.ShouldBe(1, $"{kind}");
        }
    }

    [Theory]
    [InlineData("resend")]
    [InlineData("brevo")]
    [InlineData("line")]
    [InlineData("webhook")]
    [InlineData("http")]
    public async Task Should_know_a_repetition_where_the_vendor_does(string vendor)
    {
        var (account, emulated) = (Account(vendor), Emulator[vendor]);
        var delivery = DeliveryFor(vendor);
        emulated.Faults = [new Fault { Kind = FaultKind.Reset, Times = 1 }];
        await account.Send(delivery, Cancellation);

        (await account.Send(delivery, Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        (emulated.Received, emulated.TakenCount).ShouldBe((2, 1));
    }

    [Theory]
    [InlineData("sendgrid")]
    [InlineData("slack")]
    [InlineData("twilio")]
    public async Task Should_take_a_repetition_for_another_where_the_vendor_does(string vendor)
    {
        var account = Account(vendor);
        var delivery = DeliveryFor(vendor);
        await account.Send(delivery, Cancellation);
        await account.Send(delivery, Cancellation);

        Emulator[vendor].TakenCount.ShouldBe(2);
    }
}
