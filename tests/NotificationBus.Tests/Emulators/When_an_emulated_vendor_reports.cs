using System.Text;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Channels.Http;
using NotificationBus.Emulators;
using NotificationBus.Emulators.Vendors;
using NotificationBus.Receipts;
using NotificationBus.Tests.Channels.Vendors;
using NotificationBus.Tests.Host;

namespace NotificationBus.Tests.Emulators;

public sealed class When_an_emulated_vendor_reports : With_emulators
{
    [Theory]
    [InlineData("sendgrid")]
    [InlineData("brevo")]
    [InlineData("resend")]
    [InlineData("postmark")]
    [InlineData("vonage")]
    [InlineData("twilio")]
    [InlineData("ses")]
    public async Task Should_be_believed_and_understood(string vendor)
    {
        var (account, emulated) = (Account(vendor), Emulator[vendor]);
        var delivery = DeliveryFor(vendor);
        await account.Send(delivery, Cancellation);
        var taken = emulated.Vendor.Take(emulated.Requests.ShouldHaveSingleItem());
        var now = TimeProvider.System.GetUtcNow();
        var reader = vendor == "ses" ? ReaderOfSes((Ses)emulated.Vendor, now) : (IReceiptReader)account;

        foreach (
            var (kind, expected) in ((ReportKind, ReceiptKind[])[])
                [
                    (ReportKind.Delivered, [ReceiptKind.Confirmed]),
                    (ReportKind.Bounced, [ReceiptKind.HardBounce]),
                    (ReportKind.Complained, [ReceiptKind.Complained, ReceiptKind.OptedOut, ReceiptKind.HardBounce]),
                    (ReportKind.Opened, [ReceiptKind.Opened, ReceiptKind.Read]),
                ]
        )
        {
            var report = emulated.Vendor.Tell(
                taken,
                kind,
                new Uri("https://notifications.example.com/v1/receipts/account"),
                now.AddMinutes(-1),
                now
            )!;

            var reading = await reader.Read(RequestOf(report));
            var receipt = reading.ShouldBeOfType<ReceiptReading.Genuine>($"{kind}: {reading}").Receipts.ShouldHaveSingleItem();

            receipt.Kind.ShouldBeOneOf(expected);
            receipt.ProviderMessageId.ShouldBe(taken.Id);
            // A11: whom it is about.
            if (kind is ReportKind.Bounced or ReportKind.Complained)
                receipt.Addresses.ShouldBe([delivery.Address]);
            // Without a callback that was asked for, Twilio carries nothing along.
            receipt.DeliveryId.ShouldBe(vendor == "twilio" ? null : delivery.Id);
        }
    }

    [Fact]
    public async Task Should_settle_deliveries_late_twice_and_in_the_wrong_order()
    {
        await using var host = new RunningHost
        {
            Settings =
            [
                "--EventTypes:order-placed:Channels=email",
                "--Channels:email:Providers=sendgrid",
                .. Emulator.SettingsOf("sendgrid").Select(setting => $"--{setting.Key}={setting.Value}"),
            ],
        };
        await host.InitializeAsync();
        Emulator["sendgrid"].Receipts = new ReceiptPlan
        {
            Url = new Uri(host.Client.BaseAddress!, "v1/receipts/sendgrid"),
            Kinds = [ReportKind.Delivered, ReportKind.Bounced],
            Copies = 3,
            Reordered = true,
            After = 0.5,
        };

        var self = (await host.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"])).Self;

        await host.Outcome(self);
        await host.Until(
            self,
            notification => HostWithServices.Text(HostWithServices.Delivery(notification), "status") is "bounced" or "failed"
        );
        await Until(() =>
            Emulator["sendgrid"].Reports.Count == 6 && Emulator["sendgrid"].Reports.All(report => report.Outcome.StartsWith('2'))
        );
        Emulator["sendgrid"].TakenCount.ShouldBe(1);
        Emulator["sendgrid"]
            .Reports.Select(report => report.Kind)
            .ShouldBe([
                ReportKind.Bounced,
                ReportKind.Bounced,
                ReportKind.Bounced,
                ReportKind.Delivered,
                ReportKind.Delivered,
                ReportKind.Delivered,
            ]);
        HostWithServices.Text(HostWithServices.Delivery((await host.Get(self)).Json), "status").ShouldBeOneOf("bounced", "failed");
    }

    static async Task Until(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while (!condition())
            await Task.Delay(5, patience.Token);
    }

    static ReceiptRequest RequestOf(Callback report) =>
        new()
        {
            Url = report.Url,
            Headers = report
                .Headers.Append(("Content-Type", report.ContentType))
                .ToDictionary(header => header.Item1, header => header.Item2, StringComparer.OrdinalIgnoreCase),
            Body = Encoding.UTF8.GetBytes(report.Body),
        };

    // A host gets the certificate from Amazon and nowhere else.
    static SesEmailProvider ReaderOfSes(Ses ses, DateTimeOffset now) =>
        new(
            "account",
            new SesOptions
            {
                Region = "eu-central-1",
                AccessKeyId = "a",
                SecretAccessKey = "s",
                From = Mail.From,
                ReceiptTopic = ses.Settings(new Uri("http://localhost")).Single(setting => setting.Key == "ReceiptTopic").Value,
            },
            TimeProvider.System,
            new SnsMessages(TimeProvider.System, (_, _) => Task.FromResult(Encoding.ASCII.GetBytes(ses.Certificate(now))))
        );
}
