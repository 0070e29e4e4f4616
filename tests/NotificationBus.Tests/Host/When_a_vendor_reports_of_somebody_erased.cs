using System.Net;
using System.Text.Json;
using NotificationBus.Erasures;
using NotificationBus.Receipts;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

/// <summary>
/// A receipt comes hours later, when its recipient is erased: what it asks for holds, and it brings nothing of the person back.
/// </summary>
public sealed class When_a_vendor_reports_of_somebody_erased : IAsyncLifetime
{
    const string Mailbox = "Somebody@Example.com";

    readonly ReportingProvider _provider = new("letters");
    readonly RunningHost _host;

    public When_a_vendor_reports_of_somebody_erased() =>
        _host = new RunningHost
        {
            Settings = ["--Channels:email:Providers=letters", "--Providers:letters:Type=reporting"],
            Configure = _provider.AddTo,
        };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData(ReceiptKind.HardBounce)]
    [InlineData(ReceiptKind.Complained)]
    [InlineData(ReceiptKind.Unsubscribed)]
    public async Task Should_suppress_the_address_that_it_names_under_a_hash(ReceiptKind kind)
    {
        var self = await SendAndErase();

        await Report(ReportingProvider.Report(kind, MessageId(), Mailbox), self, kind);

        var listed = (await _host.Get("/v1/suppressions")).Json.GetProperty("suppressions");
        Text(listed[0], "address")!.ShouldStartWith(ErasureKey.Prefix);
        Text(listed[0], "source").ShouldBe("letters");
        foreach (var part in (string[])["/v1/suppressions", self, $"{self}/steps", $"{self}/explain"])
            (await _host.Get(part)).Body.ShouldNotContain(Mailbox, Case.Insensitive, part);
        var again = await _host.Outcome(await Ask());
        (Text(again, "status"), Text(Delivery(again), "code")).ShouldBe(("failed", "suppressed"));
    }

    [Theory]
    [InlineData(ReceiptKind.HardBounce)]
    [InlineData(ReceiptKind.Complained)]
    public async Task Should_suppress_nobody_when_it_names_nobody(ReceiptKind kind)
    {
        var self = await SendAndErase();

        await Report(ReportingProvider.Report(kind, MessageId()), self, kind);

        (await _host.Get("/v1/suppressions")).Json.GetProperty("suppressions").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Should_not_be_sent_again()
    {
        var self = await SendAndErase();
        var delivery = Text(Delivery((await _host.Get(self)).Json), "id");
        var calls = _provider.Calls.Count;

        var refused = await _host.Post($"{self}/deliveries/{delivery}/resend", """{"by":"ann","why":"it is asked for"}""");

        refused.Status.ShouldBe(HttpStatusCode.Conflict, refused.Body);
        (Text(refused.Json, "type"), Text(refused.Json, "title")).ShouldBe(
            ("urn:notificationbus:problem:erased", "Its recipient is erased")
        );
        _provider.Calls.Count.ShouldBe(calls);
    }

    string MessageId() => ReportingProvider.MessageIdOf(_provider.Calls.Last().Id);

    /// <summary>Reports, and waits until the saga has heard of it.</summary>
    async Task Report(string body, string self, ReceiptKind kind)
    {
        (await _host.Post("/v1/receipts/letters", body, (ReportingProvider.Signature, ReportingProvider.Genuine))).Status.ShouldBe(
            HttpStatusCode.OK
        );
        await _host.Until(
            self,
            notification =>
                Delivery(notification) is var delivery
                && (
                    kind == ReceiptKind.HardBounce
                        ? Text(delivery, "status") == "failed"
                        : delivery.TryGetProperty(kind == ReceiptKind.Complained ? "complainedAt" : "unsubscribedAt", out _)
                )
        );
    }

    async Task<string> SendAndErase()
    {
        var self = await Ask();
        Text(await _host.Outcome(self), "status").ShouldBe("delivered");
        var erased = await _host.Post("/v1/recipients/erase", """{"recipient":"somebody","by":"ann","why":"a request"}""");
        erased.Json.GetProperty("notifications").GetInt32().ShouldBe(1, erased.Body);
        return self;
    }

    async Task<string> Ask()
    {
        var accepted = await _host.Post(
            "/v1/notifications",
            JsonSerializer.Serialize(
                new
                {
                    category = "announcement",
                    channels = (string[])["email"],
                    recipient = new
                    {
                        id = "somebody",
                        name = "Some Body",
                        locale = "en",
                        email = Mailbox,
                    },
                    data = new { title = "News", text = "Here they are." },
                }
            )
        );
        accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);
        return Text(accepted.Json.GetProperty("links"), "self")!;
    }
}
