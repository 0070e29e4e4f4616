using NotificationBus.Sending;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>Text messages of all hosts together, by number and by what they cost.</summary>
public abstract class When_a_day_is_counted(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    const string Number = "+66812345678";

    [Fact]
    public async Task Should_take_no_more_for_an_address_than_it_may_whoever_asks()
    {
        var counts = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(number => Count(number % 2 == 0 ? Host : AnotherHost, Number, mostOfAddress: 5))
        );

        counts.Count(count => count == DailyCount.Counted).ShouldBe(5);
        counts.Count(count => count == DailyCount.AddressFull).ShouldBe(35);
        (await Count(Host, "+66812345679", mostOfAddress: 5)).ShouldBe(DailyCount.Counted, "another number");
        (await Count(Host, Number, mostOfAddress: 5, channel: "push")).ShouldBe(DailyCount.Counted, "another channel");
        (await Count(Host, Number, mostOfAddress: 6)).ShouldBe(DailyCount.Counted, "the bound was raised");
        (await Count(Host, Number)).ShouldBe(DailyCount.Counted, "no bound");
    }

    [Fact]
    public async Task Should_spend_no_more_than_there_is_whoever_asks()
    {
        var counts = await Task.WhenAll(
            Enumerable
                .Range(0, 40)
                .Select(number => Count(number % 2 == 0 ? Host : AnotherHost, $"+6681234{number:0000}", 0.07m, spend: 1m))
        );

        counts.Count(count => count == DailyCount.Counted).ShouldBe(14, "0.98 of 1.00");
        counts.Count(count => count == DailyCount.SpendFull).ShouldBe(26);
        (await Count(Host, Number, 0.02m, spend: 1m)).ShouldBe(DailyCount.Counted, "what fits still goes");
        (await Count(Host, Number, 0.01m, spend: 1m)).ShouldBe(DailyCount.SpendFull);
        (await Count(Host, Number, 2m, spend: 1m, channel: "push")).ShouldBe(DailyCount.SpendFull, "also the first of a day");
    }

    static Task<DailyCount> Count(
        HostOfTheRecord host,
        string address,
        decimal cost = 0,
        int? mostOfAddress = null,
        decimal? spend = null,
        string channel = "sms"
    ) => host.Counts.Count(channel, address, cost, mostOfAddress, spend, CancellationToken.None);
}
