using NotificationBus.Channels.Email;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Email;

public sealed class When_a_mail_has_copies : With_a_scripted_server
{
    [Fact]
    public async Task Should_name_them_in_envelope_and_header()
    {
        (await Provider().Send(WithCopies(), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>().Remark.ShouldBeNull();

        Server
            .Commands.Where(command => command.StartsWith("RCPT", StringComparison.Ordinal))
            .Select(command => command.Split('<', '>')[1])
            .ShouldBe(["som@example.net", "archive@example.org", "boss@example.org"]);
        var mail = Server.Mails.ShouldHaveSingleItem();
        mail.ShouldContain("Cc: archive@example.org,\r\n boss@example.org\r\n");
        mail.ShouldContain("Reply-To: desk@example.com\r\n");
    }

    /// <summary>The recipient's mail does not hang on others, and the record says who was left out, without an address.</summary>
    [Fact]
    public async Task Should_go_on_without_a_copy_that_nobody_takes()
    {
        Server.Answer("RCPT", "250 2.1.5 ok", "550 5.1.1 <archive@example.org> unknown", "250 2.1.5 ok");

        var accepted = (await Provider().Send(WithCopies(), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        accepted.Remark.ShouldNotBeNull().ShouldContain("took 1 of the copies (cc) for nobody");
        accepted.Remark.ShouldNotContain("archive");
        Server.Mails.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_still_refuse_what_the_server_refuses_of_the_recipient()
    {
        Server.Answer("RCPT", "550 5.1.1 unknown");

        (await Provider().Send(WithCopies(), Cancellation)).ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBeTrue();
        Server.Mails.ShouldBeEmpty();
    }

    static Delivery WithCopies() =>
        ADelivery() with
        {
            Content = ((EmailContent)ADelivery().Content) with
            {
                ReplyTo = "desk@example.com",
                Cc = ["archive@example.org", "boss@example.org"],
            },
        };
}
