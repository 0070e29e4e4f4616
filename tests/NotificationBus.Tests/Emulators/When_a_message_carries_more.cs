using MimeKit;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Model;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Emulators;

/// <summary>Each vendor is told in its own words, and takes it.</summary>
public sealed class When_a_message_carries_more : With_emulators
{
    static readonly byte[] Invoice = [.. "%PDF-1.7 "u8, 0, 255, 13, 10, 46, 13, 10];

    static readonly string Encoded = Convert.ToBase64String(Invoice);

    [Theory]
    [InlineData(
        "sendgrid",
        "reply_to.email",
        "personalizations.0.cc.0.email",
        "personalizations.0.cc.1.email",
        "attachments.0.filename",
        "attachments.0.content"
    )]
    [InlineData("brevo", "replyTo.email", "cc.0.email", "cc.1.email", "attachment.0.name", "attachment.0.content")]
    [InlineData("resend", "reply_to", "cc.0", "cc.1", "attachments.0.filename", "attachments.0.content")]
    public async Task Should_name_reply_address_copies_and_file(
        string vendor,
        string reply,
        string first,
        string second,
        string name,
        string octets
    )
    {
        await Take(vendor, Mail());

        var request = Emulator[vendor].Requests.Last();
        request.Find(reply).ShouldBe("desk@example.com");
        request.Find(first).ShouldBe("archive@example.org");
        request.Find(second).ShouldBe("boss@example.org");
        request.Find(name).ShouldBe("invoice ใบเสร็จ.pdf");
        request.Find(octets).ShouldBe(Encoded);
        request.Body.ShouldNotContain("files.example.com");
    }

    [Fact]
    public async Task Should_name_them_to_Postmark()
    {
        await Take("postmark", Mail());

        var request = Emulator["postmark"].Requests.Last();
        request.Find("ReplyTo").ShouldBe("desk@example.com");
        request.Find("Cc").ShouldBe("archive@example.org,boss@example.org");
        request.Find("Attachments.0.Name").ShouldBe("invoice ใบเสร็จ.pdf");
        request.Find("Attachments.0.Content").ShouldBe(Encoded);
        request.Find("Attachments.0.ContentType").ShouldBe("application/pdf");
    }

    /// <summary>Postmark takes it with ErrorCode 0 as long as one of them is active, be it a copy.</summary>
    [Fact]
    public async Task Should_not_believe_Postmark_that_it_goes_to_a_recipient_who_is_inactive()
    {
        var mail = DeliveryFor("postmark") with { Content = Mail() };

        (await Account("postmark").Send(mail with { Address = "inactive@example.com" }, Cancellation))
            .ShouldBeOfType<ProviderResult.Rejected>()
            .ShouldSatisfyAllConditions(one => one.AddressIsWrong.ShouldBeTrue(), one => one.Reason.ShouldNotContain("@"));
    }

    [Fact]
    public async Task Should_remark_that_Postmark_leaves_out_a_copy()
    {
        var mail = Mail() with { Cc = ["inactive@example.org"] };

        var taken = await Account("postmark").Send(DeliveryFor("postmark") with { Content = mail }, Cancellation);

        taken.ShouldBeOfType<ProviderResult.Accepted>().Remark!.ShouldNotContain("@");
    }

    [Fact]
    public async Task Should_write_them_into_the_mail_for_SES()
    {
        await Take("ses", Mail());

        var request = Emulator["ses"].Requests.Last();
        request.Find("Destination.CcAddresses.0").ShouldBe("archive@example.org");
        request.Find("Destination.CcAddresses.1").ShouldBe("boss@example.org");
        using var octets = new MemoryStream(Convert.FromBase64String(request.Find("Content.Raw.Data")!));
        var mail = await MimeMessage.LoadAsync(octets, Cancellation);
        mail.ReplyTo.Mailboxes.Select(one => one.Address).ShouldBe(["desk@example.com"]);
        mail.Cc.Mailboxes.Select(one => one.Address).ShouldBe(["archive@example.org", "boss@example.org"]);
        mail.HtmlBody.ShouldNotBeNullOrEmpty();
        mail.TextBody.ShouldNotBeNullOrEmpty();
        var file = mail.Attachments.ShouldHaveSingleItem().ShouldBeOfType<MimePart>();
        file.FileName.ShouldBe("invoice ใบเสร็จ.pdf");
        file.ContentType.MimeType.ShouldBe("application/pdf");
        using var decoded = new MemoryStream();
        await file.Content!.DecodeToAsync(decoded, Cancellation);
        decoded.ToArray().ShouldBe(Invoice);
    }

    [Fact]
    public async Task Should_give_a_service_of_ones_own_the_octets()
    {
        await Take("http", Mail());

        var request = Emulator["http"].Requests.Last();
        request.Find("content.replyTo").ShouldBe("desk@example.com");
        request.Find("content.cc.1").ShouldBe("boss@example.org");
        request.Find("content.attachments.0.content").ShouldBe(Encoded);
        request.Body.ShouldNotContain("files.example.com");
    }

    [Fact]
    public async Task Should_tell_FCM_where_it_leads_and_what_the_app_is_told()
    {
        await Take("fcm", Push("https://shop.example.com/orders/4711"));

        var request = Emulator["fcm"].Requests.Last();
        request.Find("message.notification.image").ShouldBe("https://cdn.example.com/bowl.png");
        request.Find("message.data.deepLink").ShouldBe("https://shop.example.com/orders/4711");
        request.Find("message.data.orderId").ShouldBe("4711");
        request.Find("message.data.category").ShouldNotBeNull();
        request.Find("message.webpush.fcm_options.link").ShouldBe("https://shop.example.com/orders/4711");
        request.Find("message.apns.payload.aps.mutable-content").ShouldBe("1");
        request.Find("message.apns.fcm_options.image").ShouldBe("https://cdn.example.com/bowl.png");
    }

    /// <summary>FCM refuses another scheme there; the page finds it in the data.</summary>
    [Fact]
    public async Task Should_give_FCM_no_link_of_an_app_for_a_browser()
    {
        await Take("fcm", Push("shop://orders/4711"));

        var request = Emulator["fcm"].Requests.Last();
        request.Find("message.data.deepLink").ShouldBe("shop://orders/4711");
        request.Find("message.webpush.fcm_options").ShouldBeNull();
    }

    [Fact]
    public async Task Should_tell_APNs_beside_what_is_Apples()
    {
        await Take("apns", Push("shop://orders/4711"));

        var request = Emulator["apns"].Requests.Last();
        request.Find("deepLink").ShouldBe("shop://orders/4711");
        request.Find("image").ShouldBe("https://cdn.example.com/bowl.png");
        request.Find("data.orderId").ShouldBe("4711");
        request.Find("aps.mutable-content").ShouldBe("1");
    }

    [Theory]
    [InlineData("fcm", 4096)]
    [InlineData("apns", 4096)]
    [InlineData("webpush", 2700)]
    public void Should_foresee_that_it_is_more_than_the_vendor_takes(string vendor, int longest)
    {
        var delivery = DeliveryFor(vendor);
        var content = (PushContent)delivery.Content;
        var data = new Dictionary<string, string>(StringComparer.Ordinal) { ["note"] = new('x', longest) };

        Account(vendor).Foresee(delivery).ShouldBeNull();
        Account(vendor).Foresee(delivery with { Content = content with { Data = data } })!.Reason.ShouldContain($"{longest} octets");
    }

    [Fact]
    public async Task Should_leave_what_is_too_large_for_a_vendor_to_the_next()
    {
        var large = Mail(new byte[7_300_000]);

        (await Account("postmark").Send(DeliveryFor("postmark") with { Content = large }, Cancellation))
            .ShouldBeOfType<ProviderResult.Declined>()
            .Reason.ShouldContain("larger than the 7200000 octets");
        Emulator["postmark"].Requests.ShouldBeEmpty();
        await Take("resend", large);
    }

    async Task Take(string vendor, Content content) =>
        (await Account(vendor).Send(DeliveryFor(vendor) with { Content = content }, Cancellation)).ShouldBeOfType<ProviderResult.Accepted>(
            $"{Emulator[vendor].Requests.LastOrDefault()}"
        );

    static EmailContent Mail(byte[]? octets = null) =>
        new("Your invoice", "<p>Thank you</p>", "Thank you")
        {
            ReplyTo = "desk@example.com",
            Cc = ["archive@example.org", "boss@example.org"],
            Attachments =
            [
                new EmailAttachment("https://files.example.com/secret", "invoice ใบเสร็จ.pdf", "application/pdf")
                {
                    Fetched = new FetchedFile("application/pdf", octets ?? Invoice),
                },
            ],
        };

    static PushContent Push(string link) =>
        new("Sold", "Your bowl is sold.")
        {
            DeepLink = link,
            Image = "https://cdn.example.com/bowl.png",
            Data = new Dictionary<string, string>(StringComparer.Ordinal) { ["orderId"] = "4711" },
        };
}
