using System.Text;
using NotificationBus.Receipts;
using NotificationBus.Tests.Channels.Sms;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Vendors;

/// <summary>What is promised of every vendor's receipts.</summary>
public abstract class Any_reader_of_receipts<TVendor>
    where TVendor : IReceiptSituation
{
    static readonly FakeTimeProvider Clock = new(A.Time);

    public static TheoryData<Report> Rows => [.. TVendor.Reports];

    protected static string Arrived => TVendor.Reports.First().Body;

    protected static DateTimeOffset Now => Clock.GetUtcNow();

    [Theory]
    [MemberData(nameof(Rows))]
    public void Should_know_what_a_report_means(Report row)
    {
        var receipts = Read(TVendor.Post(row.Body, Now)).ShouldBeOfType<ReceiptReading.Genuine>().Receipts;

        if (row.Kind is null)
        {
            receipts.ShouldBeEmpty();
            return;
        }

        var receipt = receipts.ShouldHaveSingleItem();
        receipt.Kind.ShouldBe(row.Kind.Value);
        receipt.DeliveryId.ShouldBe(Mail.Id);
        receipt.ProviderMessageId.ShouldBe(row.ProviderMessageId);
        receipt.Id.Length.ShouldBeInRange(1, 200);
        receipt.At.ShouldBe(new DateTimeOffset(2026, 3, 14, 9, 26, 50, TimeSpan.Zero));
        (receipt.Reason ?? "").ShouldNotContain("@");
        // Who reads on a telephone follows no link.
        var isClick = row.Kind == ReceiptKind.Read && row.Body.Contains("://example.com", StringComparison.Ordinal);
        (receipt.Click is { Link: not 0, IsAutomatic: false }).ShouldBe(isClick);
        (receipt.Click is null).ShouldBe(!isClick);
        receipt.Addresses.ShouldAllBe(address => address == Mail.ToSomchai.Address || address == AnSms.Number);
    }

    /// <summary>A11: a report that names an empty mailbox names nobody, and not the delivery's.</summary>
    [Fact]
    public void Should_be_about_nobody_when_it_names_nobody()
    {
        foreach (var body in TVendor.Reports.Where(row => row.Kind is not null).Select(row => row.Body))
        {
            var named = Read(TVendor.Post(body, Now)).ShouldBeOfType<ReceiptReading.Genuine>().Receipts[0].Addresses;
            var nobody = body.Replace(Mail.ToSomchai.Address, "", StringComparison.Ordinal)
                .Replace(AnSms.Number.TrimStart('+'), "", StringComparison.Ordinal);
            if (named.Count > 0 && nobody != body)
                Read(TVendor.Post(nobody, Now))
                    .ShouldBeOfType<ReceiptReading.Genuine>()
                    .Receipts[0]
                    .Addresses.ShouldHaveSingleItem(body)
                    .Trim('+')
                    .ShouldBeEmpty();
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Should_give_the_same_report_the_same_id(Report row) =>
        IdsOf(TVendor.Post(row.Body, Now)).ShouldBe(IdsOf(TVendor.Post(row.Body, Now)));

    [Fact]
    public void Should_refuse_what_somebody_else_has_sent() => Read(TVendor.Forge(Arrived, Now)).ShouldBeOfType<ReceiptReading.Refused>();

    [Fact]
    public void Should_refuse_what_nobody_has_signed() =>
        Read(
                TVendor.Post(Arrived, Now) with
                {
                    Headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase),
                    Body = Encoding.UTF8.GetBytes(Arrived),
                }
            )
            .ShouldBeOfType<ReceiptReading.Refused>();

    /// <summary>The beginning of a proof is guessed sooner than all of it.</summary>
    [Fact]
    public void Should_refuse_a_part_of_what_proves_it()
    {
        var posted = TVendor.Post(Arrived, Now);
        foreach (var (name, value) in posted.Headers.Where(header => header.Key is not ("Content-Type" or "x-amz-sns-message-type")))
        {
            for (var length = 0; length < value.Length; length++)
            {
                var cut = new Dictionary<string, string>(posted.Headers, StringComparer.OrdinalIgnoreCase) { [name] = value[..length] };
                Read(posted with { Headers = cut }).ShouldBeOfType<ReceiptReading.Refused>($"{name}: {value[..length]}");
            }
        }
    }

    [Fact]
    public void Should_refuse_everything_until_a_secret_is_set() =>
        ReadBy(TVendor.ReaderWithoutSecret(Clock), TVendor.Post(Arrived, Now))
            .ShouldBeOfType<ReceiptReading.Refused>()
            .Reason.ShouldContain("Providers:account:Receipt");

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("5")]
    [InlineData("\"text\"")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("[null,5,\"\",[],{}]")]
    [InlineData("""{"event":{},"type":[],"eventType":7,"RecordType":null,"data":5,"mail":[]}""")]
    [InlineData(
        """
            {"event":"delivered","type":"email.delivered","eventType":"Delivery","RecordType":"Delivery",
             "timestamp":"99999999999999999999","ts_event":{},"sg_message_id":[],"delivery_id":5}
            """
    )]
    [InlineData("""{"event":"\ud800","type":"\ud800"}""")]
    [InlineData("<html>")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public void Should_not_stumble_over_anything(string body)
    {
        foreach (var request in (ReceiptRequest[])[TVendor.Post(body, Now), TVendor.Forge(body, Now)])
        {
            Read(request);
            Read(request with { Body = Encoding.UTF8.GetBytes(body) });
            Read(request with { Body = new byte[] { 0xff, 0xfe, 0x00 } });
            Read(
                request with
                {
                    Headers = request.Headers.ToDictionary(header => header.Key, _ => body, StringComparer.OrdinalIgnoreCase),
                }
            );
        }
    }

    protected static ReceiptReading Read(ReceiptRequest request) => ReadBy(TVendor.Reader(Clock), request);

    protected static ReceiptReading ReadBy(IReceiptReader reader, ReceiptRequest request) => reader.Read(request).GetAwaiter().GetResult();

    protected static ReceiptRequest Request(string body, params (string Name, string Value)[] headers) =>
        new()
        {
            Url = new Uri("https://notifications.example.com/v1/receipts/account"),
            Headers = headers.ToDictionary(header => header.Name, header => header.Value, StringComparer.OrdinalIgnoreCase),
            Body = Encoding.UTF8.GetBytes(body),
        };

    static IEnumerable<string> IdsOf(ReceiptRequest request) =>
        ((ReceiptReading.Genuine)Read(request)).Receipts.Select(receipt => receipt.Id);
}
