using NodaTime;
using NodaTime.TimeZones;
using NotificationBus.Intake;

namespace NotificationBus.Tests.Intake;

/// <summary>18.1, A25</summary>
public sealed class When_a_time_to_send_is_read
{
    [Theory]
    [InlineData("2026-12-24T18:00:00+07:00", null, "2026-12-24T11:00:00Z")]
    [InlineData("2026-12-24T18:00:00Z", null, "2026-12-24T18:00:00Z")]
    [InlineData("2026-12-24T18:00Z", null, "2026-12-24T18:00:00Z")]
    [InlineData("2026-12-24T18:00:00.25-03:30", null, "2026-12-24T21:30:00.25Z")]
    [InlineData("2026-12-24T18:00:00", "Asia/Bangkok", "2026-12-24T11:00:00Z")]
    [InlineData("2026-07-01T09:00", "Europe/Berlin", "2026-07-01T07:00:00Z")]
    public void Should_be_that_moment(string sendAt, string? zone, string moment) =>
        Moment(sendAt, zone).ShouldBe(DateTimeOffset.Parse(moment));

    /// <summary>The clocks pass over it.</summary>
    [Theory]
    [InlineData("2026-03-29T02:30:00", "Europe/Berlin", "2026-03-29T01:00:00Z")]
    [InlineData("2026-03-29T02:00:00", "Europe/Berlin", "2026-03-29T01:00:00Z")]
    [InlineData("2026-03-29T02:59:59.999", "Europe/Berlin", "2026-03-29T01:00:00Z")]
    [InlineData("2026-03-08T02:15:00", "America/New_York", "2026-03-08T07:00:00Z")]
    [InlineData("2026-10-04T02:10:00", "Australia/Lord_Howe", "2026-10-03T15:30:00Z")]
    public void Should_be_the_first_moment_after_a_gap(string sendAt, string zone, string moment) =>
        Moment(sendAt, zone).ShouldBe(DateTimeOffset.Parse(moment));

    /// <summary>It comes twice.</summary>
    [Theory]
    [InlineData("2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T00:30:00Z")]
    [InlineData("2026-11-01T01:30:00", "America/New_York", "2026-11-01T05:30:00Z")]
    [InlineData("2026-04-05T01:45:00", "Australia/Lord_Howe", "2026-04-04T14:45:00Z")]
    public void Should_be_the_first_of_two(string sendAt, string zone, string moment) =>
        Moment(sendAt, zone).ShouldBe(DateTimeOffset.Parse(moment));

    /// <summary>Each quarter of an hour of a year, against somebody else's reading of the same rules.</summary>
    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    [InlineData("America/Santiago")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("Pacific/Chatham")]
    [InlineData("Asia/Bangkok")]
    public void Should_be_as_NodaTime_has_it_all_the_year(string name)
    {
        var (zone, reference) = (TimeZoneInfo.FindSystemTimeZoneById(name), DateTimeZoneProviders.Tzdb[name]);
        var resolve = Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);
        var end = new DateTime(2027, 7, 1);

        for (var wall = new DateTime(2026, 7, 1); wall < end; wall = wall.AddMinutes(15))
        {
            var expected = reference.ResolveLocal(LocalDateTime.FromDateTime(wall), resolve).ToInstant().ToDateTimeOffset();
            if (SendTimes.MomentOf(wall, zone) != expected)
                SendTimes.MomentOf(wall, zone).ShouldBe(expected, $"{wall:s} in {name}");
        }
    }

    [Theory]
    [InlineData("PT2H", "02:00:00")]
    [InlineData("P1DT30M", "1.00:30:00")]
    [InlineData("PT90S", "00:01:30")]
    [InlineData("P366D", "366.00:00:00")]
    public void Should_be_a_delay(string delay, string time)
    {
        var (schedule, breaches) = SendTimes.Read(sendAt: null, timeZone: null, delay, expiresAt: null);

        breaches.ShouldBeEmpty();
        schedule!.Delay.ShouldBe(TimeSpan.Parse(time));
    }

    [Theory]
    [InlineData("2026-02-30T10:00:00Z", null, null, null, "sendAt")]
    [InlineData("2026-12-24T18:00:00", null, null, null, "sendAt")]
    [InlineData("tomorrow", null, null, null, "sendAt")]
    [InlineData("9999-12-31T23:59:59Z", null, null, null, "sendAt")]
    [InlineData("9999-12-31T23:59:59", "Asia/Bangkok", null, null, "sendAt")]
    [InlineData("2026-12-24T18:00:00", "Asia/Bankok", null, null, "timeZone")]
    [InlineData("2026-12-24T18:00:00", "../../etc/passwd", null, null, "timeZone")]
    [InlineData("2026-12-24T18:00:00", "SE Asia Standard Time", null, null, "timeZone")]
    [InlineData("2026-12-24T18:00:00Z", "Asia/Bangkok", null, null, "timeZone")]
    [InlineData(null, "Asia/Bangkok", null, null, "timeZone")]
    [InlineData("2026-12-24T18:00:00Z", null, "PT1H", null, "delay")]
    [InlineData(null, null, "PT", null, "delay")]
    [InlineData(null, null, "P", null, "delay")]
    [InlineData(null, null, "P1DT", null, "delay")]
    [InlineData(null, null, "P1M", null, "delay")]
    [InlineData(null, null, "-PT1H", null, "delay")]
    [InlineData(null, null, "P367D", null, "delay")]
    [InlineData(null, null, "PT9999999999H", null, "delay")]
    [InlineData(null, null, null, "2026-12-24T18:00:00", "expiresAt")]
    [InlineData("2026-12-24T18:00:00Z", null, null, "2026-12-24T18:00:00Z", "expiresAt")]
    public void Should_say_what_is_wrong(string? sendAt, string? zone, string? delay, string? expiresAt, string path) =>
        SendTimes.Read(sendAt, zone, delay, expiresAt).Breaches.ShouldHaveSingleItem().Path.ShouldBe(path);

    static DateTimeOffset? Moment(string sendAt, string? zone)
    {
        var (schedule, breaches) = SendTimes.Read(sendAt, zone, delay: null, expiresAt: null);
        breaches.ShouldBeEmpty();
        return schedule!.At;
    }
}
