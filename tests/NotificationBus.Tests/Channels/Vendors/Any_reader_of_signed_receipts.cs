using System.Text;
using NotificationBus.Receipts;

namespace NotificationBus.Tests.Channels.Vendors;

/// <summary>What is promised of every vendor that signs its receipts and their time.</summary>
public abstract class Any_reader_of_signed_receipts<TVendor> : Any_reader_of_receipts<TVendor>
    where TVendor : IReceiptSituation
{
    [Fact]
    public void Should_refuse_what_was_changed_on_the_way()
    {
        var posted = TVendor.Post(Arrived, Now);

        Read(posted with { Body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(posted.Body.Span).Replace('2', '3')) })
            .ShouldBeOfType<ReceiptReading.Refused>();
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(1, true)]
    [InlineData(-1, false)]
    public void Should_refuse_what_was_kept(int seconds, bool isGood)
    {
        var at = Now - TVendor.Oldest + TimeSpan.FromSeconds(isGood ? Math.Abs(seconds) : seconds);

        (Read(TVendor.Post(Arrived, at)) is ReceiptReading.Genuine).ShouldBe(isGood);
    }

    [Fact]
    public void Should_refuse_what_is_from_the_future()
    {
        Read(TVendor.Post(Arrived, Now + TimeSpan.FromMinutes(6))).ShouldBeOfType<ReceiptReading.Refused>();
    }
}
