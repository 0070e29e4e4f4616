using System.Net.Mail;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Email;
using NotificationBus.Emulators;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Vendors;
using NotificationBus.Tests.Emulators;

namespace NotificationBus.Tests.Channels.Email;

/// <summary>
/// A11: names that a vendor could take for something else, with every vendor of e-mail: one mail, to one mailbox, which is the recipient's.
/// </summary>
public sealed class When_a_name_is_hostile : With_emulators
{
    static readonly string[] Vendors = ["sendgrid", "brevo", "ses", "resend", "postmark"];

    static readonly string[] Names =
    [
        "Doe, John",
        "Doe; John",
        "Doe, John <victim@example.org>",
        "victim@example.org,",
        "\"Doe\", John",
        "Doe\\, John",
        "(Doe)",
        "John \"J\" Doe",
        "Doe: John;",
        "<>",
        "[Doe]",
        "=?utf-8?B?RG9lLCBKb2hu?=",
        "สมชาย, ใจดี",
        "O'Brien, Ána",
        "\\\"",
        ",",
        "a\u202Eb, c",
    ];

    public static TheoryData<string, string> Cases => [.. from vendor in Vendors from name in Names select (vendor, name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Should_be_sent_to_the_recipient_and_nobody_else(string vendor, string name)
    {
        (
            await Account(vendor).Send(DeliveryFor(vendor) with { RecipientName = name }, Cancellation)
        ).ShouldBeOfType<ProviderResult.Accepted>();

        var mailboxes = MailboxesOf(vendor, Emulator[vendor].Requests.ShouldHaveSingleItem());
        var mailbox = mailboxes.ShouldHaveSingleItem($"{name}");
        mailbox.Address.ShouldBe(Mail.ToSomchai.Address);
        mailbox.DisplayName.ShouldBe(name);
    }

    /// <summary>C: a name that is no name, or longer than the vendor takes, costs no mail.</summary>
    [Theory]
    [InlineData("brevo", 70)]
    [InlineData("postmark", 100)]
    [InlineData("sendgrid", int.MaxValue)]
    [InlineData("ses", int.MaxValue)]
    [InlineData("resend", int.MaxValue)]
    public async Task Should_be_cut_where_the_vendor_takes_no_more(string vendor, int longest)
    {
        // Each of them takes four code units, and none may be torn apart.
        var name = string.Concat(Enumerable.Repeat("👩‍💻", 40));

        (
            await Account(vendor).Send(DeliveryFor(vendor) with { RecipientName = name }, Cancellation)
        ).ShouldBeOfType<ProviderResult.Accepted>();

        var shown = MailboxesOf(vendor, Emulator[vendor].Requests.ShouldHaveSingleItem()).Single().DisplayName;
        shown.Length.ShouldBeLessThanOrEqualTo(longest);
        shown.TrimEnd('…').Replace("👩‍💻", "", StringComparison.Ordinal).ShouldBeEmpty();
        shown.Length.ShouldBeGreaterThan(Math.Min(longest, name.Length) - 10);
    }

    /// <summary>C: a name with a line break is left out, and the mail goes out.</summary>
    [Fact]
    public async Task Should_be_left_out_when_it_has_a_line_break()
    {
        foreach (var vendor in Vendors)
        {
            (
                await Account(vendor).Send(DeliveryFor(vendor) with { RecipientName = "Som\r\nBcc: victim@example.org" }, Cancellation)
            ).ShouldBeOfType<ProviderResult.Accepted>();

            var request = Emulator[vendor].Requests.ShouldHaveSingleItem();
            MailboxesOf(vendor, request).ShouldHaveSingleItem().DisplayName.ShouldBeEmpty();
            request.Body.ShouldNotContain("victim");
        }
    }

    /// <summary>C: a subject that is longer than the vendor takes is cut.</summary>
    [Fact]
    public async Task Should_cut_a_subject_that_the_vendor_would_refuse()
    {
        var mail = (EmailContent)Mail.ToSomchai.Content;

        await Account("postmark")
            .Send(DeliveryFor("postmark") with { Content = mail with { Subject = new string('ก', 2500) } }, Cancellation);

        Emulator["postmark"].Requests.ShouldHaveSingleItem().Find("Subject")!.Length.ShouldBe(2000);
    }

    /// <summary>Whom the vendor sends to, read as the vendor reads it, by a parser that is not ours.</summary>
    static MailAddress[] MailboxesOf(string vendor, ReceivedRequest request) =>
        vendor switch
        {
            // A name and a mailbox put together as they are.
            "sendgrid" => Parse($"{request.Find("personalizations.0.to.0.name")} <{request.Find("personalizations.0.to.0.email")}>"),
            // Two fields, of which the name is shown as it is.
            "brevo" => [new MailAddress(request.Find("to.0.email")!, request.Find("to.0.name") ?? "")],
            "resend" => Parse(request.Find("to.0")!),
            "postmark" => Parse(request.Find("To")!),
            "ses" => Parse(
                Decoded(
                    ToOf(
                        Encoding.ASCII.GetString(
                            JsonElement
                                .Parse(request.Body)
                                .GetProperty("Content")
                                .GetProperty("Raw")
                                .GetProperty("Data")
                                .GetBytesFromBase64()
                        )
                    )
                )
            ),
            _ => throw new ArgumentException("no vendor of e-mail", nameof(vendor)),
        };

    static string ToOf(string mail) =>
        mail.Split("\r\n\r\n")[0]
            .Replace("\r\n ", " ", StringComparison.Ordinal)
            .Replace("\r\n\t", " ", StringComparison.Ordinal)
            .Split("\r\n")
            .Single(line => line.StartsWith("To: ", StringComparison.Ordinal))["To: ".Length..];

    static MailAddress[] Parse(string list)
    {
        var mailboxes = new MailAddressCollection();
        mailboxes.Add(list);
        return [.. mailboxes.Select(mailbox => new MailAddress(mailbox.Address, Unquoted(mailbox.DisplayName)))];
    }

    // The framework leaves escapes as they are.
    static string Unquoted(string phrase) =>
        phrase.Replace("\\\"", "\"", StringComparison.Ordinal).Replace(@"\\", @"\", StringComparison.Ordinal);

    /// <summary>The same header with its name, if it has one, in quotes, as the framework reads it.</summary>
    static string Decoded(string header)
    {
        if (header.LastIndexOf(" <", StringComparison.Ordinal) is not (>= 0 and var end))
            return header;

        var name = HeaderWords
            .DecodePhrase(header[..end])
            .Replace(@"\", @"\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal);
        return $"\"{name}\"{header[end..]}";
    }
}
