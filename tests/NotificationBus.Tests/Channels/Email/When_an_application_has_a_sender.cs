using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Email;

/// <summary>Mail over SMTP of an application that has a sender of its own.</summary>
public sealed class When_an_application_has_a_sender : With_a_scripted_server
{
    [Fact]
    public async Task Should_be_it_in_envelope_and_header()
    {
        (await Provider().Send(OfCup(), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        Server.Commands.ShouldContain(command => command.StartsWith("MAIL FROM:<cup@example.org>", StringComparison.Ordinal));
        var mail = Server.Mails.ShouldHaveSingleItem();
        mail.ShouldContain("From: Cup <cup@example.org>\r\n");
        mail.ShouldContain($"Message-ID: <{ADelivery().Id:N}@example.org>\r\n");
        mail.ShouldNotContain("shop@example.com");
        mail.ShouldNotContain("The Shop");
    }

    /// <summary>A name that belongs to another mailbox is nobody's.</summary>
    [Fact]
    public async Task Should_have_no_name_that_is_not_its_own()
    {
        await Provider().Send(ADelivery() with { Sender = new Sender("cup@example.org") }, Cancellation);

        Server.Mails.ShouldHaveSingleItem().ShouldContain("From: cup@example.org\r\n");
    }

    [Fact]
    public async Task Should_keep_the_domain_that_is_set_for_names_of_mails()
    {
        await Provider(options => options.MessageIdDomain = "mail.example.net").Send(OfCup(), Cancellation);

        Server.Mails.ShouldHaveSingleItem().ShouldContain($"Message-ID: <{ADelivery().Id:N}@mail.example.net>\r\n");
    }

    [Fact]
    public async Task Should_say_that_it_may_be_the_sender_when_the_server_refuses_that()
    {
        Server.Answer("MAIL", "550 5.1.8 no such sender here");

        (await Provider().Send(OfCup(), Cancellation)).ShouldBeOfType<ProviderResult.Misconfigured>().MayBeSender.ShouldBeTrue();
    }

    [Theory]
    [InlineData("cup@example.org\r\nBcc: victim@example.org", null)]
    [InlineData("cup@example.org", "Cup\r\nBcc: victim@example.org")]
    public async Task Should_send_nothing_from_what_breaks_out(string address, string? name)
    {
        (
            await Provider().Send(ADelivery() with { Sender = new Sender(address, name) }, Cancellation)
        ).ShouldBeOfType<ProviderResult.Rejected>();
        Server.Mails.ShouldBeEmpty();
    }

    static Delivery OfCup() => ADelivery() with { Sender = new Sender("cup@example.org", "Cup") };
}
