using System.Diagnostics.Metrics;
using NotificationBus.Contracts;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>A19, and SMS pumping: what costs and serves nobody is not sent, and nothing is lost without a word.</summary>
public sealed class When_text_messages_are_guarded
{
    const string Thai = "+66812345678";
    const string Singaporean = "+6591234567";

    static readonly string[] BySms = ["sms"];

    [Theory]
    [InlineData("TH", "", Thai, null)]
    [InlineData("TH", "", Singaporean, "sms is not sent to SG")]
    [InlineData("", "SG", Thai, null)]
    [InlineData("", "SG", Singaporean, "sms is not sent to SG")]
    [InlineData("TH", "", "+881612345678", "sms is not sent to numbers of no country")]
    public async Task Should_send_where_it_may_and_say_of_the_rest_why_not(string allow, string block, string number, string? reason)
    {
        await using var flow = await Flow(guard =>
        {
            guard.AllowCountries = [.. allow.Split(',', StringSplitOptions.RemoveEmptyEntries)];
            guard.BlockCountries = [.. block.Split(',', StringSplitOptions.RemoveEmptyEntries)];
        });

        var id = await flow.Tell(To(number));

        (await flow.Outcome(id)).CurrentState.ShouldBe(reason is null ? "Delivered" : "Failed");
        var delivery = (await flow.Queries.Find(id, CancellationToken.None))!.Deliveries[0];
        (delivery.Code, delivery.Reason).ShouldBe((reason is null ? null : ReasonCode.CountryBlocked, reason));
        flow.Sms.Calls.Count.ShouldBe(reason is null ? 1 : 0);
    }

    [Fact]
    public async Task Should_only_count_what_is_watched()
    {
        await using var flow = await Flow(guard => guard.MonitorCountries = ["TH"]);
        var counted = new List<string>();
        using var listener = Listen(flow, (country, reason) => counted.Add($"{country} {reason}"));

        var id = await flow.Tell(To(Thai));

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        var delivery = (await flow.Queries.Find(id, CancellationToken.None))!.Deliveries[0];
        delivery.Decisions!.Select(decision => decision.Code).ShouldContain(ReasonCode.CountryMonitored);
        counted.ShouldBe(["TH country-monitored"]);
    }

    [Fact]
    public async Task Should_send_a_number_no_more_in_a_day_than_it_may_and_begin_anew_the_next()
    {
        await using var flow = await Flow(guard => guard.AddressPerDay = 2);
        var ids = new List<Guid>();
        for (var number = 0; number < 4; number++)
            ids.Add(await flow.Tell(To(Thai)));
        var states = new List<string>();
        foreach (var id in ids)
            states.Add((await flow.Outcome(id)).CurrentState);

        states.Count(state => state == "Delivered").ShouldBe(2);
        var refused = ids[states.IndexOf("Failed")];
        (await flow.Queries.Find(refused, CancellationToken.None))!.Deliveries[0].Code.ShouldBe(ReasonCode.AddressDayLimit);
        (await flow.Outcome(await flow.Tell(To(Singaporean)))).CurrentState.ShouldBe("Delivered", "another number has a day of its own");

        flow.Clock.Advance(TimeSpan.FromDays(1));
        (await flow.Outcome(await flow.Tell(To(Thai)))).CurrentState.ShouldBe("Delivered");
    }

    /// <summary>Thousands of numbers of one range, each once: nothing but what it costs tells them from customers.</summary>
    [Fact]
    public async Task Should_stop_what_many_numbers_are_made_to_cost()
    {
        const int Numbers = 5_000;
        const int Most = 50;
        await using var flow = await Flow(guard => (guard.SpendPerDay, guard.Prices) = (1.00m, Price("th", 0.02m)));
        for (var number = 0; number < Numbers; number++)
            await flow.Tell(To($"+6681{number:0000000}"));

        await flow.Pulse.Until(() => flow.Outcomes.Count == Numbers);

        flow.Sms.Calls.Count.ShouldBe(Most);
        flow.Outcomes.OfType<NotificationFailed>().Count().ShouldBe(Numbers - Most, "each has an outcome");
        flow.Outcomes.OfType<NotificationFailed>().ShouldAllBe(failed => failed.Results.Single().Code == ReasonCode.SpendLimit);
    }

    [Fact]
    public async Task Should_charge_for_each_part()
    {
        await using var flow = await Flow(guard => (guard.SpendPerDay, guard.Price) = (0.03m, 0.01m));

        // Each character outside the alphabet of text messages: 70 in a part, 67 where there are several.
        (await flow.Outcome(await flow.Tell(To(Thai, new string('ก', 150))))).CurrentState.ShouldBe("Delivered", "three parts");
        (await flow.Outcome(await flow.Tell(To(Singaporean, "short")))).CurrentState.ShouldBe("Failed");
    }

    /// <summary>What nobody could take is tried again, and is one message all the same.</summary>
    [Fact]
    public async Task Should_count_what_is_tried_again_once()
    {
        await using var flow = await Flow(guard => guard.AddressPerDay = 2);
        flow.Sms.Answers(ScriptedProvider.Unavailable, ScriptedProvider.Accepted);
        var id = await flow.Tell(To(Thai));
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);
        flow.Clock.Advance(TimeSpan.FromMinutes(1));
        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");

        (await flow.Outcome(await flow.Tell(To(Thai)))).CurrentState.ShouldBe("Delivered", "the second of two");
        (await flow.Outcome(await flow.Tell(To(Thai)))).CurrentState.ShouldBe("Failed");
    }

    static Dictionary<string, decimal> Price(string country, decimal price) => new(StringComparer.Ordinal) { [country] = price };

    static Task<EmbeddedFlow> Flow(Action<GuardOptions> set) =>
        EmbeddedFlow.Start(
            new()
            {
                Dispatchers = 1,
                SmsLast = true,
                Set = channels => set(channels["sms"].Guard),
            }
        );

    static NotificationRequested To(string number, string text = "We are open on Sunday.") =>
        An.Announcement(new Contact { Id = $"buyer {number}", Phone = number }, channels: BySms) with
        {
            Data = System.Text.Json.JsonSerializer.SerializeToElement(new { title = "News", text }),
        };

    static MeterListener Listen(EmbeddedFlow flow, Action<string, string> count)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Scope == flow.Meters && instrument.Name == "notificationbus.deliveries.guarded")
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, labels, _) => count($"{Label(labels, "country")}", $"{Label(labels, "reason")}"));
        listener.Start();
        return listener;
    }

    static object? Label(ReadOnlySpan<KeyValuePair<string, object?>> labels, string name)
    {
        foreach (var (label, value) in labels)
        {
            if (label == name)
                return value;
        }

        return null;
    }
}
